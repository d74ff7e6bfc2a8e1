"""One attempt to send an edit, against a Google that answers as told."""

import asyncio
from typing import Any, ClassVar

import msgspec
import pytest

from calferry import google
from calferry.core.failure import Cause, SourceFailure
from calferry.core.intent import Intent
from calferry.core.model import Envelope, ObservedEvent, Page, Window
from calferry.store.calendars import MirroredCalendar
from calferry.sync.send_intent import Delivery
from calferry.sync.settle_intent import Done, Failed, Outcome

MASTER, STAMP = "weekly00", "20261116T080000Z"
COMPUTED = f"{MASTER}_{STAMP}"
NAMED = "s0meother1dofgoogles"


def occurrence(event_id: str, **fields: Any) -> ObservedEvent:
    event = {
        "id": event_id,
        "etag": '"7"',
        "status": "confirmed",
        "summary": "Weekly",
        "recurringEventId": MASTER,
        "originalStartTime": {"dateTime": "2026-11-16T08:00:00Z"},
        "start": {"dateTime": "2026-11-16T08:00:00Z"},
        "end": {"dateTime": "2026-11-16T09:00:00Z"},
        **fields,
    }
    return google.read_event(msgspec.json.encode(event))


class Google:
    """Names occurrences in another way than they are named here."""

    def __init__(self) -> None:
        self.patched: list[str] = []
        self.deleted: list[str] = []

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        if event_id != NAMED:
            raise SourceFailure(Cause.NOT_FOUND, "Not Found", status=404)
        return occurrence(NAMED)

    async def instances(self, google_id: str, series_id: str, window: Window) -> Page:
        assert series_id == MASTER
        return Page([occurrence(NAMED)], [], None, None, Envelope(None, None, None, None))

    async def patch_event(self, google_id: str, event_id: str, changes: bytes, **_: Any) -> ObservedEvent:
        if event_id != NAMED:
            raise SourceFailure(Cause.NOT_FOUND, "Not Found", status=404)
        self.patched.append(event_id)
        return occurrence(NAMED, **msgspec.json.decode(changes))

    async def delete_event(self, google_id: str, event_id: str, **_: Any) -> None:
        if event_id != NAMED:
            raise SourceFailure(Cause.NOT_FOUND, "Not Found", status=404)
        self.deleted.append(event_id)


class Forgetful(Google):
    """The event was deleted after our first attempt, of which nobody knows what became."""

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        return occurrence(event_id, status="cancelled", summary="Changed")

    async def patch_event(self, google_id: str, event_id: str, changes: bytes, **_: Any) -> ObservedEvent:
        raise SourceFailure(Cause.PRECONDITION_FAILED, "Precondition Failed", status=412)


def intent(kind: Any, **fields: Any) -> Intent:
    values: dict[str, Any] = dict.fromkeys(Intent.__slots__)
    values |= {
        "id": "int_1",
        "event_id": COMPUTED,
        "line_id": MASTER,
        "kind": kind,
        "changes": '{"summary":"Changed"}',
        "base_raw": occurrence(COMPUTED).raw.decode(),
        "base_etag": '"7"',
        "on_conflict": "fail",
        "send_updates": "none",
        "attempts": 1,
        "uncertain": False,
    }
    return Intent(**(values | fields))


async def hold() -> None:
    """Nobody takes it over."""


def attempt(source: Any, edit: Intent) -> Outcome:
    values: dict[str, Any] = dict.fromkeys(MirroredCalendar.__slots__)
    values |= {"google_id": "alice@example.com", "envelope": Envelope("owner", "UTC", None, None)}
    return asyncio.run(Delivery(source, edit, MirroredCalendar(**values), hold).go())


def test_occurrence_that_google_names_otherwise_is_changed_all_the_same() -> None:
    source = Google()
    outcome = attempt(source, intent("patch"))
    assert isinstance(outcome, Done)
    assert outcome.answer is not None
    assert (outcome.answer.event_id, source.patched) == (NAMED, [NAMED])


def test_occurrence_that_google_names_otherwise_is_deleted_and_not_taken_for_gone() -> None:
    source = Google()
    assert isinstance(attempt(source, intent("delete")), Done)
    assert source.deleted == [NAMED]


def test_edit_that_was_done_before_the_event_was_deleted_is_no_conflict() -> None:
    assert isinstance(attempt(Forgetful(), intent("patch", uncertain=True)), Done)


def test_edit_that_surely_was_not_done_before_the_event_was_deleted_is_one() -> None:
    assert isinstance(attempt(Forgetful(), intent("patch")), Failed)


class Elsewhere(Google):
    """Somebody else has an event of the id that a person chose."""

    created = "2020-01-01T00:00:00.000Z"

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        return occurrence(event_id, summary="Not ours", created=self.created)


class Delayed(Elsewhere):
    """Ours was made after all, and edited since."""

    created = "2026-11-16T10:00:00.000Z"


def insert(**fields: Any) -> Intent:
    accepted_at = 1_794_823_200_000  # 2026-11-16T10:00:00Z
    return intent("insert", event_id="chosen00", line_id="chosen00", created_at=accepted_at, **fields)


def test_event_of_somebody_else_is_not_taken_for_ours_after_a_lost_answer() -> None:
    assert isinstance(attempt(Elsewhere(), insert(uncertain=True)), Failed)


def test_event_of_ours_is_known_again_though_somebody_has_edited_it() -> None:
    assert isinstance(attempt(Delayed(), insert(uncertain=True)), Done)


class Renamed(Google):
    """Somebody has renamed the series since the rest of it was made."""

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        return occurrence(event_id, summary="Renamed")

    async def patch_event(self, google_id: str, event_id: str, changes: bytes, **_: Any) -> ObservedEvent:
        raise SourceFailure(Cause.PRECONDITION_FAILED, "Precondition Failed", status=412)


def test_series_that_was_renamed_meanwhile_is_not_cut() -> None:
    cut = intent("patch", changes='{"recurrence":["RRULE:FREQ=DAILY;COUNT=1"]}', after_id="int_0")
    outcome = attempt(Renamed(), cut)
    assert isinstance(outcome, Failed)
    assert outcome.clash is not None


class Overtaken(Google):
    """Our first attempt was done, of which nobody knows; then somebody else has changed a part of it again."""

    fields: ClassVar = {"summary": "Changed", "location": "Theirs"}

    async def event(self, google_id: str, event_id: str) -> ObservedEvent:
        return occurrence(event_id, **self.fields)

    async def patch_event(self, google_id: str, event_id: str, changes: bytes, **_: Any) -> ObservedEvent:
        if _["if_match"] == '"old"':
            raise SourceFailure(Cause.PRECONDITION_FAILED, "Precondition Failed", status=412)
        return await super().patch_event(google_id, NAMED, changes)


class Untouched(Overtaken):
    """It was not done: what stands there is somebody else's alone."""

    fields: ClassVar = {"summary": "Weekly", "location": "Theirs"}


TWO_FIELDS = '{"summary":"Changed","location":"Ours"}'


@pytest.mark.parametrize("policy", ["ours", "theirs", "fail"])
def test_edit_that_was_done_and_then_overtaken_is_not_done_again(policy: str) -> None:
    source = Overtaken()
    edit = intent("patch", changes=TWO_FIELDS, base_etag='"old"', uncertain=True, on_conflict=policy)
    outcome = attempt(source, edit)
    assert isinstance(outcome, Done)
    assert source.patched == []
    assert outcome.clash is not None
    assert (outcome.clash.fields, outcome.clash.outcome) == (["location"], "theirs")


def test_edit_that_was_not_done_wins_where_it_is_to_win() -> None:
    source = Untouched()
    edit = intent("patch", changes=TWO_FIELDS, base_etag='"old"', uncertain=True, on_conflict="ours")
    outcome = attempt(source, edit)
    assert isinstance(outcome, Done)
    assert source.patched == [NAMED]
    assert outcome.clash is not None
    assert (outcome.clash.fields, outcome.clash.outcome) == (["location"], "ours")
