"""Made-up events and edits."""

import random
from collections import Counter

from calferry.emulator.world.sample import sample_events
from calferry.emulator.world.sample_edits import sample_edit
from tests.unit.emulator.desk import ALICE, START, Desk


def test_samples_are_events_that_google_takes() -> None:
    desk = Desk()
    for body in sample_events(random.Random(5), 300, START, "Europe/Berlin"):
        desk.insert(**body)
    items, _ = desk.all_events(maxResults=2500)
    assert len(items) == 300
    assert sum("recurrence" in item for item in items) > 10
    assert sum("date" in item["start"] for item in items) > 10
    assert sum("attendees" in item for item in items) > 50


def test_same_dice_give_the_same_samples() -> None:
    assert sample_events(random.Random(1), 20, START, "UTC") == sample_events(
        random.Random(1), 20, START, "UTC"
    )


def test_edits_are_of_every_kind_and_notify() -> None:
    dice = random.Random(2)
    desk = Desk(({"events": {ALICE: sample_events(dice, 60, START, "Europe/Berlin")}},))
    body = {"id": "channel-1", "type": "web_hook", "address": "https://example.org/"}
    desk.api("POST", "calendars/primary/events/watch", body)
    desk.google.take_deliveries()
    calendar = desk.google.world.calendars[ALICE]
    kinds: Counter[str] = Counter()
    for _ in range(300):
        desk.now += 1
        kinds[sample_edit(dice, desk.google.world, calendar, desk.google.now()).kind] += 1
    assert len(kinds) == 12
    assert len(desk.google.take_deliveries()) >= 300


def test_edit_of_an_empty_calendar_is_an_insert() -> None:
    desk = Desk()
    calendar = desk.google.world.calendars[ALICE]
    assert sample_edit(random.Random(1), desk.google.world, calendar, START).kind == "insert"
    assert len(calendar.shelf) == 1
