"""People edit; whoever follows Google's documented sync algorithm ends with the truth, and every answer on the way
is the one that a reference model gives.

Not among the edits, because Google does not say what a delta tells of it, and no documented algorithm would notice
that the local Google tells nothing (test_series.py): bringing back the day of an exception that its series had lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from calferry.emulator.world import invitations, listing
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.listing import EventQuery
from calferry.emulator.world.shelf import EventShelf
from tests.unit.emulator.desk import ALICE, BOB
from tests.unit.emulator.office import CAROL, DAVE, SERIES_MOST, Office, moment, window_of
from tests.unit.emulator.reference_model import ALWAYS, WEEK_S, Told, Window

DAYS = st.integers(-20, 60)
NUMBERS = st.integers(0, 1000)
WRITERS = st.sampled_from((ALICE, BOB))
WINDOWS = st.just(ALWAYS) | st.builds(window_of, DAYS, st.integers(1, 40))
Between = Callable[[], None]


def in_words(items: list[Any]) -> Told:
    """Items in the model's words; no listing says anything twice."""
    told = {item["id"]: None if item["status"] == "cancelled" else item["summary"] for item in items}
    assert len(told) == len(items)
    return told


def check_raced(told: Told, expected: Told, newest: Told, changed: set[str]) -> None:
    """A listing in whose midst something changed shows what it found at first, in that or the newest version."""
    for key, title in told.items():
        assert title in (expected[key], newest.get(key))
    assert expected.keys() - told.keys() <= changed


@dataclass
class Client:
    """Lists in full, then deltas; a 410 starts over. That is all."""

    user: str
    calendar: str
    expanded: bool
    deleted: bool = False
    window: Window = ALWAYS
    page_size: int = 3
    token: str | None = None
    mirror: dict[str, Any] = field(default_factory=dict)

    @property
    def form(self) -> dict[str, str]:
        found = {"singleEvents": "true" if self.expanded else "false"}
        return found | ({"showDeleted": "true"} if self.deleted else {})

    def store(self, items: list[Any], full: bool) -> None:
        if full:
            self.mirror = {}
        for item in items:
            if self.is_worth_keeping(item):
                self.mirror[item["id"]] = item
            else:
                self.mirror.pop(item["id"], None)
        for item in items:
            if "recurrence" in item:
                self.drop_lost_exceptions(item)

    def is_worth_keeping(self, item: Any) -> bool:
        """Cancelled exceptions are kept for the life of their series, and windows are the client's own affair."""
        if item["status"] == "cancelled":
            return not self.expanded and "recurringEventId" in item
        start, end = item["start"]["dateTime"], item["end"]["dateTime"]
        return self.window == ALWAYS or (end > moment(self.window[0]) and start < moment(self.window[1]))

    def drop_lost_exceptions(self, master: Any) -> None:
        """A changed series loses the exceptions of occurrences that it no longer has."""
        first = seconds_of(master["start"])
        count = int(master["recurrence"][0].rpartition("=")[2])
        starts = {first + number * WEEK_S for number in range(count)}
        for key, item in list(self.mirror.items()):
            if (
                item.get("recurringEventId") == master["id"]
                and seconds_of(item["originalStartTime"]) not in starts
            ):
                del self.mirror[key]

    def view(self) -> dict[str, Any]:
        """The mirror; exceptions of series that are gone have gone with them."""
        return {
            key: item for key, item in self.mirror.items()
            if self.expanded or item.get("recurringEventId", key) in self.mirror
        }  # fmt: skip


def seconds_of(stamp: Any) -> int:
    return int(datetime.fromisoformat(stamp["dateTime"]).timestamp())


class People(RuleBasedStateMachine):
    """Owner, writer, guest and reader, and seven clients that each see a part of what they do."""

    def __init__(self) -> None:
        super().__init__()
        self.office = Office()
        for day, count in ((-3, 0), (2, 0), (-10, 4), (5, 3)):
            self.office.insert(day, count, with_carol=day > 0, user=ALICE)
        self.covers: dict[str, int] = {}
        self.clients = [
            Client(ALICE, ALICE, expanded=False),
            Client(BOB, ALICE, expanded=False, deleted=True),
            Client(BOB, ALICE, expanded=True, page_size=7),
            Client(DAVE, ALICE, expanded=True, deleted=True),
            Client(DAVE, ALICE, expanded=True, window=window_of(-5, 30)),
            Client(CAROL, CAROL, expanded=False, page_size=2),
            Client(CAROL, CAROL, expanded=True),
        ]

    @rule(day=DAYS, count=st.integers(0, SERIES_MOST), with_carol=st.booleans(), user=WRITERS)
    def insert(self, day: int, count: int, with_carol: bool, user: str) -> None:
        self.office.insert(day, count, with_carol, user)

    @rule(number=NUMBERS, user=WRITERS)
    def rename(self, number: int, user: str) -> None:
        if chosen := self.office.pick(number):
            self.office.patch(chosen, user)

    @rule(number=NUMBERS, day=DAYS, user=WRITERS)
    def move(self, number: int, day: int, user: str) -> None:
        if chosen := self.office.pick(number):
            self.office.move(chosen, day, user)

    @rule(number=NUMBERS, count=st.integers(1, SERIES_MOST), user=WRITERS)
    def change_rule(self, number: int, count: int, user: str) -> None:
        if chosen := self.office.pick(number, series=True):
            self.office.patch(chosen, user, count=count)

    @rule(number=NUMBERS, which=NUMBERS, day=st.none() | DAYS, user=WRITERS)
    def change_instance(self, number: int, which: int, day: int | None, user: str) -> None:
        if chosen := self.office.pick(number, series=True):
            self.office.change_instance(chosen, which, day, user)

    @rule(number=NUMBERS, at=NUMBERS, user=WRITERS)
    def this_and_following(self, number: int, at: int, user: str) -> None:
        if chosen := self.office.pick(number, series=True):
            self.office.split(chosen, at, user)

    @rule(number=NUMBERS, user=WRITERS)
    def delete(self, number: int, user: str) -> None:
        if chosen := self.office.pick(number):
            self.office.delete(chosen, user)

    @rule(number=NUMBERS, user=WRITERS)
    def bring_back(self, number: int, user: str) -> None:
        if chosen := self.office.pick(number, live=False):
            self.office.patch(chosen, user, live=True)

    @rule(number=NUMBERS, comes=st.booleans())
    def carol_answers(self, number: int, comes: bool) -> None:
        if chosen := self.office.pick(number, calendar=CAROL):
            (self.office.answer if comes else self.office.throw_away)(chosen)

    @rule(number=NUMBERS)
    def reader_changes_nothing(self, number: int) -> None:
        if chosen := self.office.pick(number):
            path = f"calendars/{ALICE}/events/{chosen}"
            assert self.office.desk.api("DELETE", path, user=DAVE).status == 403

    @rule(calendar=st.sampled_from((ALICE, CAROL)))
    def expire(self, calendar: str) -> None:
        self.office.desk.control("expire-sync-tokens", {"calendar_id": calendar})
        for client in self.clients:
            if client.calendar == calendar and client.token:
                self.covers.pop(client.user + client.token, None)

    @rule(calendar=st.sampled_from((ALICE, CAROL)), count=st.integers(1, 3))
    def send_empty_pages(self, calendar: str, count: int) -> None:
        self.office.desk.control("empty-pages", {"calendar_id": calendar, "count": count})

    @rule(expanded=st.booleans(), deleted=st.booleans(), window=WINDOWS, size=st.integers(1, 9))
    def look(self, expanded: bool, deleted: bool, window: Window, size: int) -> None:
        """Somebody lists once, in full."""
        for user, calendar in ((ALICE, ALICE), (BOB, ALICE), (DAVE, ALICE), (CAROL, CAROL)):
            client = Client(user, calendar, expanded, deleted, window, size)
            told = in_words(self.listed(client, None, lambda: None) or [])
            assert told == self.office.models[calendar].answer(expanded, None, deleted, window)

    @rule(
        number=NUMBERS, racing=st.booleans(), day=DAYS, kind=st.sampled_from(("insert", "rename", "delete"))
    )
    def sync(self, number: int, racing: bool, day: int, kind: str) -> None:
        """A client lists, and where pages are short somebody edits between two of them."""
        edits: dict[str, Between] = {
            "insert": lambda: self.insert(day, number % SERIES_MOST, True, BOB),
            "rename": lambda: self.rename(number, BOB),
            "delete": lambda: self.delete(number, BOB),
        }
        client = self.clients[number % len(self.clients)]
        self.follow(client, edits[kind] if racing else lambda: None)

    def follow(self, client: Client, between: Between) -> None:
        known = self.covers.get(client.user + (client.token or ""))
        found = self.checked(client, known, between)
        if found is None:
            assert known is None
            client.token = None
            found = self.checked(client, None, between)
        assert found is not None
        client.store(found, full=known is None)

    def checked(self, client: Client, known: int | None, between: Between) -> list[Any] | None:
        """The items of a listing, which the model has gone through; None for a 410."""
        model = self.office.models[client.calendar]
        window = ALWAYS if client.token else client.window
        expected = model.answer(client.expanded, known, client.deleted, window)
        writes = model.writes
        items = self.listed(client, client.token, between)
        if items is None:
            return None
        if model.writes == writes:
            assert in_words(items) == expected
        else:
            newest = model.answer(client.expanded, None, deleted=True)
            changed = model.answer(client.expanded, writes, deleted=True)
            check_raced(in_words(items), expected, newest | changed, set(changed))
        self.covers[client.user + (client.token or "")] = writes
        return items

    def listed(self, client: Client, token: str | None, between: Between) -> list[Any] | None:
        query: dict[str, Any] = {**client.form, "maxResults": client.page_size}
        if token:
            query["syncToken"] = token
        elif client.window != ALWAYS:
            query |= dict(zip(("timeMin", "timeMax"), map(moment, client.window), strict=True))
        items: list[Any] = []
        edits = [between]
        page = self.office.desk.events(client.calendar, user=client.user, **query)
        while page.status == 200 and "nextPageToken" in page.json:
            items += page.json["items"]
            if edits:
                edits.pop()()
            query["pageToken"] = page.json["nextPageToken"]
            page = self.office.desk.events(client.calendar, user=client.user, **query)
        if page.status == 410:
            return None
        assert page.status == 200, page.json
        client.token = page.json["nextSyncToken"]
        return [*items, *page.json["items"]]

    def teardown(self) -> None:
        for client in self.clients:
            self.follow(client, lambda: None)
            fresh = Client(client.user, client.calendar, client.expanded, window=client.window)
            truth = self.listed(fresh, None, lambda: None) or []
            assert client.view() == {item["id"]: item for item in truth}


TestPeople = People.TestCase
TestPeople.settings = settings(max_examples=50, stateful_step_count=40)


def without_tombstones(plant: pytest.MonkeyPatch) -> None:
    whole = EventShelf.since

    def since(shelf: EventShelf, number: int) -> list[Event]:
        return [event for event in whole(shelf, number) if not event.is_cancelled]

    plant.setattr(EventShelf, "since", since)


def without_lost_instances(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(listing, "dropped_instances", lambda *_: ())


def tokens_for_more_than_was_listed(plant: pytest.MonkeyPatch) -> None:
    whole = listing.select

    def select(calendar: Calendar, query: EventQuery, now: float) -> list[Event]:
        since = None if query.since is None else query.since + 1_500_000
        return whole(calendar, replace(query, since=since), now)

    plant.setattr(listing, "select", select)


def window_closed_at_its_end(plant: pytest.MonkeyPatch) -> None:
    whole = listing.select

    def select(calendar: Calendar, query: EventQuery, now: float) -> list[Event]:
        late = None if query.time_max is None else query.time_max + 1
        return whole(calendar, replace(query, time_max=late), now)

    plant.setattr(listing, "select", select)


def exceptions_that_outlive_their_series(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(EventShelf, "is_orphaned", lambda *_: False)


def edits_without_guests(plant: pytest.MonkeyPatch) -> None:
    plant.setattr(invitations, "_invite", lambda *_: None)


@pytest.mark.parametrize(
    "bug",
    [
        without_tombstones,
        without_lost_instances,
        tokens_for_more_than_was_listed,
        window_closed_at_its_end,
        exceptions_that_outlive_their_series,
        edits_without_guests,
    ],
)
def test_a_planted_bug_is_found(
    bug: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    without_shrinking = settings(TestPeople.settings, phases=[Phase.generate], report_multiple_bugs=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(People, settings=without_shrinking)
