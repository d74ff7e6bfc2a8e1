"""Series whose exceptions a delta leaves in doubt."""

from typing import Any

from calferry.core.series import Doubt, doubtful_instances, doubtful_masters, rhythm_of
from calferry.google.models import ObservedItem
from tests.unit.core.events import item, row, tombstone

START = {"dateTime": "2026-01-01T10:00:00Z", "timeZone": "Europe/Berlin"}
WEEKLY: dict[str, Any] = {"start": START, "recurrence": ["RRULE:FREQ=WEEKLY"], "iCalUID": "uid"}
CHILD = item("retro_20260108T100000Z", recurringEventId="retro", iCalUID="uid")


def doubts(sent: ObservedItem, before: ObservedItem | None, children: bool = True) -> list[Doubt]:
    masters = {} if before is None else {before.event_id: row(before)}
    return doubtful_masters([sent], masters, {"retro": [row(CHILD)]} if children else {})


def test_unchanged_rhythm_leaves_no_doubt() -> None:
    assert doubts(item("retro", at=2, summary="renamed", **WEEKLY), item("retro", **WEEKLY)) == []


def test_new_start_zone_or_rule_does() -> None:
    before = item("retro", **WEEKLY)
    for change in (
        {"start": {**START, "dateTime": "2026-01-01T11:00:00Z"}},
        {"start": {**START, "timeZone": "Asia/Tokyo"}},
        {"recurrence": ["RRULE:FREQ=DAILY"]},
        {"recurrence": None},
    ):
        assert doubts(item("retro", at=2, **{**WEEKLY, **change}), before) == [Doubt("retro", "uid")]


def test_removed_and_revived_masters_do() -> None:
    alive, dead = item("retro", **WEEKLY), tombstone("retro", iCalUID="uid")
    assert doubts(dead, alive) == [Doubt("retro", "uid")]
    assert doubts(alive, dead) == [Doubt("retro", "uid")]
    assert doubts(dead, dead) == []


def test_master_that_comes_after_its_exceptions_does() -> None:
    assert doubts(item("retro", **WEEKLY), None) == [Doubt("retro", "uid")]


def test_series_without_stored_exceptions_never_does() -> None:
    assert doubts(tombstone("retro"), item("retro", **WEEKLY), children=False) == []


def test_stub_without_uid_borrows_it_from_the_exceptions() -> None:
    assert doubts(tombstone("retro"), None) == [Doubt("retro", "uid")]


def test_exception_is_no_master() -> None:
    assert doubtful_masters([CHILD], {}, {CHILD.event_id: [row(CHILD)]}) == []


def test_cancelled_instances_name_their_series_once() -> None:
    gone = [tombstone(f"retro_2026010{n}T100000Z", recurringEventId="retro") for n in (1, 2)]
    assert doubtful_instances([*gone, CHILD, item()], {}) == [Doubt("retro", None)]


def test_series_whose_far_instances_a_delta_leaves_out_are_doubtful() -> None:
    sent = [item("retro_1", recurringEventId="retro"), item("lunch_1", recurringEventId="lunch")]
    far = {"retro_1": "retro", "retro_2": "retro", "lunch_1": "lunch"}
    assert doubtful_instances(sent, far) == [Doubt("retro", None)]


def test_rhythm_of_unreadable_json_equals_only_itself() -> None:
    assert rhythm_of("{") == rhythm_of("{")
    assert rhythm_of("{") != rhythm_of("[")
