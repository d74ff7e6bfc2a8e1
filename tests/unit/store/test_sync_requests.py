"""Accepted requests: cooldown, marks, and what their streams are answered from."""

from typing import Any

import pytest
from sqlalchemy import Connection, select

from calferry.core.failure import HALTED, FailureInfo
from calferry.core.model import CalendarId, ProjectionId, UserId
from calferry.store import calendars, changes, events, sync_requests, sync_states
from calferry.store.sync_requests import SyncRequest, TooSoon, accept, complete, load, stream_state
from calferry.store.tables import calendars as calendar_table
from calferry.store.tables import users
from tests.harness.databases import ON_BOTH
from tests.unit.core.events import item
from tests.unit.store.memory import NOW, database

pytestmark = [ON_BOTH, pytest.mark.greenlet]

CAL = "cal_1"


def accepted(connection: Connection, *ids: str, now_ms: int = NOW, name: str = "req_1") -> SyncRequest:
    request = accept(connection, name, 1, ids or (CAL,), now_ms, now_ms + 300_000)
    assert isinstance(request, SyncRequest)
    return request


def finished(connection: Connection, clean: int, **values: Any) -> None:
    sync_states.change(connection, CAL, 0, {"clean_seq": clean, "last_success_at": NOW, **values})


def progress(connection: Connection, request: SyncRequest, now_ms: int = NOW) -> sync_requests.Progress:
    return stream_state(connection, request, 0, now_ms, limit=10).progress[CAL]


def store_event(connection: Connection, event_id: str) -> int:
    """One page of one created event; the change's number."""
    calendar = calendars.load(connection, CAL)
    assert calendar is not None
    projection_id = calendar.active.projection_id
    if projection_id is None:
        projection_id = calendars.open_projection(connection, calendar, "series", None, NOW)
        calendars.activate(connection, CAL, projection_id, NOW)
    number = changes.append(connection, UserId(1), CalendarId(CAL), [(event_id, "created")], NOW)
    sent = item(event_id)
    row = events.Writer(UserId(1), ProjectionId(projection_id), 1, NOW).row(sent, None)
    events.write(connection, [(*row, number)])
    return number


@pytest.mark.parametrize(("after_ms", "left_s"), [(0, 5), (1, 5), (1_000, 4), (4_001, 1), (4_999, 1)])
def test_cooldown_refuses_with_whole_seconds(after_ms: int, left_s: int) -> None:
    with database(CAL) as tx:
        accepted(tx)
        assert accept(tx, "req_2", 1, [CAL], NOW + after_ms, NOW) == TooSoon(left_s)


def test_cooldown_ends_is_not_extended_by_refusals_and_survives_a_clock_set_back() -> None:
    with database(CAL) as tx:
        accepted(tx)
        for after_ms in (1_000, 2_000, 4_999):
            assert isinstance(accept(tx, "req_2", 1, [CAL], NOW + after_ms, NOW), TooSoon)
        accepted(tx, now_ms=NOW + 5_000, name="req_3")
        accepted(tx, now_ms=NOW - 86_400_000, name="req_4")


def test_cooldown_holds_for_who_asked_before_but_is_served_after() -> None:
    with database(CAL) as tx:
        accepted(tx)
        assert accept(tx, "req_2", 1, [CAL], NOW - 3, NOW) == TooSoon(5)
        assert accept(tx, "req_3", 1, [CAL], NOW - 5_000, NOW) == TooSoon(5)


def test_refused_request_marks_nothing() -> None:
    with database(CAL) as tx:
        accepted(tx)
        accept(tx, "req_2", 1, [CAL], NOW, NOW)
        assert sync_states.facts(tx, CAL).dirty_seq == 1
        assert load(tx, "req_2", 1) is None


def test_accepted_request_marks_selects_and_remembers_the_head() -> None:
    with database(CAL) as tx:
        store_event(tx, "before")
        request = accepted(tx)
        assert request.marks == {CAL: 1}
        assert request.head == tx.execute(select(users.c.change_head)).scalar_one() == 1
        assert tx.execute(select(calendar_table.c.selected)).scalar_one()
        assert load(tx, "req_1", 1) == request
        assert load(tx, "req_1", 2) is None


def test_calendar_of_nobody_fails_and_others_do_not() -> None:
    with database(CAL) as tx:
        request = accepted(tx, "cal_9", CAL)
        told = stream_state(tx, request, 0, NOW, limit=10).progress
        assert (told["cal_9"].state, told["cal_9"].error and told["cal_9"].error.code) == ("failed", "404")
        assert told[CAL].state == "working"


def test_calendar_that_left_since_it_was_clean_fails() -> None:
    """Its events may be purged already: the reader could not be told of them any more."""
    with database(CAL) as tx:
        request = accepted(tx)
        finished(tx, 1, status="removed")
        told = progress(tx, request)
        assert (told.state, told.error and told.error.code) == ("failed", "404")


def test_clean_means_clean_of_this_request() -> None:
    with database(CAL) as tx:
        sync_states.mark(tx, [CAL], NOW)
        request = accepted(tx)
        finished(tx, 1)
        assert progress(tx, request).state == "working"
        finished(tx, 2)
        assert progress(tx, request).state == "clean"


def test_failure_counts_from_the_request_on() -> None:
    with database(CAL) as tx:
        error = FailureInfo("503", "Backend Error", True)
        sync_states.change(tx, CAL, 0, sync_states.failed_values(NOW, error, 1_000))
        request = accepted(tx)
        assert progress(tx, request).state == "working"
        sync_states.change(tx, CAL, 0, sync_states.failed_values(NOW, error, 1_000))
        assert progress(tx, request).error == error


def test_long_backoff_is_not_waited_for() -> None:
    with database(CAL) as tx:
        error = FailureInfo("403", "Quota", True)
        sync_states.change(tx, CAL, 0, sync_states.failed_values(NOW, error, 60_000))
        request = accepted(tx)
        assert progress(tx, request).error == error
        assert progress(tx, request, NOW + 50_000).state == "working"


@pytest.mark.parametrize(
    ("status", "code"), [("halted", HALTED.code), ("blocked", "401"), ("removed", "404")]
)
def test_stopped_calendar_fails_at_once(status: str, code: str) -> None:
    with database(CAL) as tx:
        request = accepted(tx)
        sync_states.change(tx, CAL, 0, {"status": status})
        error = progress(tx, request).error
        assert error is not None
        assert error.code == code


def test_entries_come_in_order_once_and_as_they_are_now() -> None:
    with database(CAL) as tx:
        store_event(tx, "before")
        request = accepted(tx)
        for name in ("lunch", "dinner", "lunch"):
            store_event(tx, name)
        snapshot = stream_state(tx, request, request.head, NOW, limit=10)
        assert [entry.event_id for entry in snapshot.entries] == ["dinner", "lunch"]
        assert [entry.number for entry in snapshot.entries] == [3, 4]
        assert not snapshot.more


def test_entries_are_given_a_few_at_a_time() -> None:
    with database(CAL) as tx:
        request = accepted(tx)
        for n in range(5):
            store_event(tx, f"event{n}")
        position, got = 0, []
        while True:
            snapshot = stream_state(tx, request, position, NOW, limit=2)
            got += [entry.event_id for entry in snapshot.entries]
            if not snapshot.more:
                break
            position = snapshot.entries[-1].number
        assert got == [f"event{n}" for n in range(5)]


def test_completed_request_says_so() -> None:
    with database(CAL) as tx:
        accepted(tx)
        complete(tx, "req_1", NOW + 1)
        request = load(tx, "req_1", 1)
        assert request is not None
        assert request.completed_at == NOW + 1
