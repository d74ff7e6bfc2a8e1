"""Edits in force over rows, as single events, listings and expansions show them."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update
from sqlalchemy.dialects import postgresql

from calferry import google
from calferry.core.event_window import read_bound
from calferry.core.recurrence.expansion import expand
from calferry.store import event_reads, event_rows, events
from calferry.store.event_reads import EventQuery, Readable
from calferry.store.events import Writer
from calferry.store.expansion_reads import expandable
from calferry.store.tables import calendars, intents, projections, sync_states
from calferry.sync.overlay import Shown, event_of, laid_over
from tests.unit.store.memory import NOW, database

CALENDAR = "cal_1"
BEFORE, AFTER = "2026-03-01T10:00:00.000Z", "2026-03-01T10:00:01.000Z"
LATER = "2026-03-01T10:00:02.000Z"
numbers = itertools.count(1)


def single(event_id: str, day: int = 10, **fields: Any) -> dict[str, Any]:
    start, end = (f"2026-03-{day:02}T{hour:02}:00:00+01:00" for hour in (9, 10))
    times = {"start": {"dateTime": start}, "end": {"dateTime": end}}
    return {"kind": "calendar#event", "etag": '"1"', "id": event_id, "updated": BEFORE} | times | fields


def weekly(event_id: str = "weekly00", **fields: Any) -> dict[str, Any]:
    return single(event_id, 2, recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"], **fields)


def occurrence(day: int, **fields: Any) -> dict[str, Any]:
    own = single(f"weekly00_202603{day:02}T080000Z", day)
    return own | {"recurringEventId": "weekly00", "originalStartTime": own["start"]} | fields


@pytest.fixture
def conn() -> Iterator[Connection]:
    with database(CALENDAR) as connection:
        connection.execute(
            projections.insert().values(id=1, user_id=1, calendar_id=CALENDAR, mode="series", created_at=0)
        )
        connection.execute(update(calendars).values(projection_id=1, selected=True))
        yield connection


def expand_at_google(conn: Connection) -> None:
    """From the second to the twentieth of March."""
    window = {"window_start_at": 1_772_409_600_000, "window_end_at": 1_773_964_800_000}
    conn.execute(update(projections).values(mode="instances", **window))


def store(conn: Connection, *items: dict[str, Any]) -> None:
    read = [google.read_event(json.dumps(item).encode()) for item in items]
    events.write(conn, [(*Writer(1, 1, 1, NOW).row(item, None), 0) for item in read])


def edit(conn: Connection, kind: str, event_id: str, changes: Any = None, **values: Any) -> int:
    number = next(numbers)
    texts = {name: json.dumps(values.pop(name)) for name in ("base_raw", "answer") if name in values}
    if "answer" in texts or "done_mark" in values:
        values = {"status": "done", "done_mark": 1, "settled_at": NOW + 1} | values
    defaults = {
        "number": number,
        "id": f"int_{number}",
        "user_id": 1,
        "account_id": "acc_1",
        "calendar_id": CALENDAR,
        "event_id": event_id,
        "line_id": event_id,
        "kind": kind,
        "changes": None if changes is None else json.dumps(changes),
        "send_updates": "none",
        "on_conflict": "fail",
        "status": "pending",
        "created_at": NOW,
    }
    conn.execute(insert(intents).values(**defaults | texts | values))
    return number


def readable(conn: Connection) -> Readable:
    found = event_reads.readable_one(conn, 1, CALENDAR)
    assert found is not None
    return found


def one(conn: Connection, event_id: str) -> Shown | None:
    return event_of(conn, readable(conn), event_id)


def shown(conn: Connection, event_id: str) -> dict[str, Any]:
    found = one(conn, event_id)
    assert found is not None
    event: dict[str, Any] = json.loads(found.text)
    return event


def asked(**terms: Any) -> EventQuery:
    window = {name: read_bound(terms.pop(name)) for name in ("time_min", "time_max") if name in terms}
    defaults = {"time_min": None, "time_max": None, "show_deleted": False, "text": "", "at_most": 100}
    return EventQuery(user_id=1, calendar_ids=None, **defaults | window | terms)


def listed(conn: Connection, **terms: Any) -> list[dict[str, Any]]:
    query = asked(**terms)
    found = event_reads.page(conn, query, laid_over(conn, event_reads.readable(conn, query)), None)
    return [json.loads(raw) for _, raw in found.items]


def ids(conn: Connection, **terms: Any) -> list[str]:
    return [item["id"] for item in listed(conn, **terms)]


def expanded(conn: Connection, **terms: Any) -> list[str]:
    query = asked(**{"time_min": "2026-03-01", "time_max": "2026-04-01"} | terms)
    found = expandable(conn, query, laid_over(conn, event_reads.readable(conn, query)))
    return [instance[2] for instance in expand(found.sources, found.stored, 1_000)]


def test_without_edits_the_table_itself_is_read(conn: Connection) -> None:
    store(conn, single("lunch"))
    (calendar,) = laid_over(conn, [readable(conn)])
    assert calendar.rows is event_rows.STORED
    assert one(conn, "lunch") == one(conn, "lunch")
    assert shown(conn, "lunch") == single("lunch")


def test_a_pending_insert_is_an_event_with_a_mark(conn: Connection) -> None:
    store(conn, single("lunch"))
    number = edit(conn, "insert", "added", single("added", 11, summary="New"))
    assert ids(conn) == ["added", "lunch"]
    event = shown(conn, "added")
    assert (event["kind"], event["status"], event["pending"]) == ("calendar#event", "confirmed", True)
    found = one(conn, "added")
    assert found is not None
    assert (found.etag, found.pending, found.tag) == (None, number, f'"pending-{number}"')
    assert "pending" not in json.loads(found.raw)
    assert ids(conn, time_max="2026-03-11") == ["lunch"]
    assert ids(conn, text="new") == ["added"]
    assert expanded(conn) == ["lunch", "added"]


def test_an_insert_that_has_arrived_meanwhile_is_shown_as_it_arrived(conn: Connection) -> None:
    edit(conn, "insert", "added", single("added", summary="Ours"))
    store(conn, single("added", summary="Google's"))
    assert listed(conn) == [single("added", summary="Google's")]


def test_pending_patches_are_laid_over_in_order(conn: Connection) -> None:
    store(conn, single("lunch", summary="A", location="Here"))
    edit(conn, "patch", "lunch", {"summary": "B", "location": None})
    last = edit(conn, "patch", "lunch", {"summary": "C"})
    (event,) = listed(conn)
    assert event == single("lunch", summary="C", pending=True)
    found = one(conn, "lunch")
    assert found is not None
    assert found.tag == f'"pending-{last}"'


def test_a_patch_moves_an_event_in_windows_and_order(conn: Connection) -> None:
    store(conn, single("early", 9), single("lunch", 10))
    late = single("late", 20)
    edit(conn, "patch", "early", {"start": late["start"], "end": late["end"]})
    assert ids(conn, time_min="2026-03-19") == ["early"]
    assert expanded(conn) == ["lunch", "early"]


def test_an_edit_of_an_insert_that_is_pending_changes_that(conn: Connection) -> None:
    edit(conn, "insert", "added", single("added", summary="A"))
    edit(conn, "patch", "added", {"summary": "B"})
    assert [event["summary"] for event in listed(conn)] == ["B"]
    edit(conn, "delete", "added")
    assert ids(conn) == []


def test_a_pending_delete_hides_and_leaves_a_tombstone(conn: Connection) -> None:
    store(conn, single("lunch"), single("stays"))
    edit(conn, "delete", "lunch")
    assert ids(conn) == expanded(conn) == ["stays"]
    gone = next(item for item in listed(conn, show_deleted=True) if item["id"] == "lunch")
    assert gone == {"kind": "calendar#event", "id": "lunch", "status": "cancelled", "pending": True}
    found = one(conn, "lunch")
    assert found is not None
    assert found.status == "cancelled"


def test_a_patch_of_an_occurrence_is_an_exception(conn: Connection) -> None:
    store(conn, weekly())
    edit(conn, "patch", "weekly00_20260309T080000Z", {"summary": "Once"}, base_raw=occurrence(9))
    assert ids(conn) == ["weekly00", "weekly00_20260309T080000Z"]
    assert expanded(conn) == [f"weekly00_202603{day}T080000Z" for day in ("02", "09", "16", "23")]
    assert shown(conn, "weekly00_20260309T080000Z") == occurrence(9, summary="Once", pending=True)


def test_a_deleted_occurrence_hides_it(conn: Connection) -> None:
    store(conn, weekly(), occurrence(16, summary="Once"))
    for day in (9, 16):
        edit(conn, "delete", f"weekly00_202603{day:02}T080000Z", base_raw=occurrence(day))
    assert expanded(conn) == ["weekly00_20260302T080000Z", "weekly00_20260323T080000Z"]
    gone = {item["id"]: item for item in listed(conn)}["weekly00_20260309T080000Z"]
    assert gone["status"] == "cancelled"
    assert gone["recurringEventId"] == "weekly00"
    found = one(conn, "weekly00_20260309T080000Z")
    assert found is not None
    assert (found.status, found.series_id) == ("cancelled", "weekly00")


def test_an_edited_series_is_expanded_as_edited(conn: Connection) -> None:
    store(conn, weekly())
    edit(conn, "patch", "weekly00", {"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=2"]})
    assert expanded(conn) == ["weekly00_20260302T080000Z", "weekly00_20260309T080000Z"]
    edit(conn, "insert", "daily", single("daily", 30, recurrence=["RRULE:FREQ=DAILY;COUNT=2"]))
    assert expanded(conn, time_min="2026-03-20") == [
        "daily_20260330T080000Z",
        "daily_20260331T080000Z",
    ]


def test_a_deleted_series_takes_its_exceptions_along(conn: Connection) -> None:
    store(conn, weekly(), occurrence(9, summary="Once"))
    edit(conn, "patch", "weekly00_20260316T080000Z", {"summary": "Too"}, base_raw=occurrence(16))
    edit(conn, "delete", "weekly00")
    assert ids(conn) == expanded(conn) == []
    assert expanded(conn, show_deleted=True) == []
    assert {item["status"] for item in listed(conn, show_deleted=True)} == {"cancelled"}
    for event_id in ("weekly00", "weekly00_20260309T080000Z", "weekly00_20260316T080000Z"):
        found = one(conn, event_id)
        assert found is not None
        assert found.status == "cancelled"
    assert one(conn, "weekly00_20260323T080000Z") is None


def test_what_there_is_nothing_to_edit_of_is_passed_over(conn: Connection) -> None:
    store(conn, single("gone", status="cancelled"))
    edit(conn, "patch", "unknown", {"summary": "B"})
    edit(conn, "delete", "unknown")
    edit(conn, "patch", "gone", {"summary": "B"})
    edit(conn, "delete", "gone")
    assert ids(conn) == []
    assert one(conn, "unknown") is None
    assert shown(conn, "gone") == single("gone", status="cancelled")


@pytest.mark.parametrize("changes", ["[1]", "{", '{"id": ""}', '{"id": 7}', '"x"'])
def test_an_edit_that_cannot_be_read_leaves_the_row(conn: Connection, changes: str) -> None:
    store(conn, single("lunch"))
    number = edit(conn, "patch", "lunch")
    conn.execute(update(intents).where(intents.c.number == number).values(changes=changes))
    assert listed(conn) == [single("lunch")]
    assert shown(conn, "lunch") == single("lunch")


@pytest.mark.parametrize(("updated", "summary"), [(BEFORE, "row"), (AFTER, "answer")])
def test_googles_answer_is_shown_while_the_row_is_older(conn: Connection, updated: str, summary: str) -> None:
    store(conn, single("lunch", summary="row"))
    answer = single("lunch", summary="answer", updated=updated, etag='"2"')
    edit(conn, "patch", "lunch", {"summary": "answer"}, answer=answer)
    found = one(conn, "lunch")
    assert found is not None
    assert json.loads(found.text)["summary"] == summary
    assert [event["summary"] for event in listed(conn)] == [summary]
    assert (found.pending, found.tag) == (None, '"1"' if summary == "row" else '"2"')


def test_an_answer_is_not_shown_once_a_pass_has_read_what_it_says(conn: Connection) -> None:
    edit(conn, "insert", "added", single("added"), answer=single("added"))
    assert ids(conn) == ["added"]
    conn.execute(update(sync_states).values(clean_seq=1))
    assert ids(conn) == []


def test_a_row_deleted_after_an_answer_stays_deleted(conn: Connection) -> None:
    store(conn, single("lunch", status="cancelled", updated=LATER))
    edit(conn, "patch", "lunch", {}, answer=single("lunch", updated=AFTER))
    assert ids(conn) == []


def test_a_row_deleted_before_an_answer_is_covered_by_it(conn: Connection) -> None:
    store(conn, single("lunch", status="cancelled"))
    edit(conn, "patch", "lunch", {}, answer=single("lunch", updated=AFTER), settled_at=NOW - 1)
    assert ids(conn) == ["lunch"]


def test_a_deletion_that_is_done_hides_without_a_mark(conn: Connection) -> None:
    store(conn, single("lunch"))
    edit(conn, "delete", "lunch", done_mark=1)
    assert ids(conn) == []
    assert listed(conn, show_deleted=True) == [
        {"kind": "calendar#event", "id": "lunch", "status": "cancelled"}
    ]


def test_an_edit_after_an_answer_begins_with_the_answer(conn: Connection) -> None:
    store(conn, single("lunch", summary="row"))
    edit(conn, "patch", "lunch", {}, answer=single("lunch", summary="answer", updated=AFTER))
    edit(conn, "patch", "lunch", {"location": "There"})
    assert listed(conn) == [single("lunch", summary="answer", updated=AFTER, location="There", pending=True)]


def test_where_google_expands_edits_of_series_are_not_shown(conn: Connection) -> None:
    expand_at_google(conn)
    store(conn, occurrence(9), single("lunch"))
    edit(conn, "insert", "daily", single("daily", recurrence=["RRULE:FREQ=DAILY"]))
    edit(conn, "patch", "daily", {"summary": "B"}, base_raw=single("daily", recurrence=["RRULE:FREQ=DAILY"]))
    edit(conn, "patch", "lunch", {"recurrence": ["RRULE:FREQ=DAILY"]})
    edit(conn, "delete", "weekly00", base_raw=weekly())
    assert listed(conn) == [single("lunch"), occurrence(9)]
    assert one(conn, "weekly00_20260316T080000Z") is None


def test_where_google_expands_edits_of_single_events_are_shown_within_the_window(conn: Connection) -> None:
    expand_at_google(conn)
    store(conn, occurrence(9), occurrence(16))
    edit(conn, "patch", "weekly00_20260309T080000Z", {"summary": "B"})
    edit(conn, "delete", "weekly00_20260316T080000Z")
    edit(conn, "insert", "inside", single("inside", 19))
    edit(conn, "insert", "outside", single("outside", 21))
    assert listed(conn) == [
        {"kind": "calendar#event", "id": "inside", "status": "confirmed"}
        | single("inside", 19, pending=True),
        occurrence(9, summary="B", pending=True),
    ]


def test_an_occurrence_without_a_row_is_made_of_its_series(conn: Connection) -> None:
    store(conn, weekly())
    found = one(conn, "weekly00_20260309T080000Z")
    assert found is not None
    assert (found.stored, found.series_id, found.original_start) == (False, "weekly00", "20260309T080000Z")
    assert (found.etag, found.recurring, found.times.start_at) == ('"1"', False, 1_773_043_200_000)
    assert one(conn, "weekly00_20260310T080000Z") is None
    number = edit(conn, "patch", "weekly00", {"summary": "All"})
    found = one(conn, "weekly00_20260309T080000Z")
    assert found is not None
    assert (json.loads(found.raw)["summary"], found.pending, found.etag) == ("All", number, None)


def test_a_tombstone_of_no_series_hides_no_occurrence(conn: Connection) -> None:
    store(conn, weekly(), occurrence(9))
    events.cancel(conn, 1, [(0, "weekly00_20260309T080000Z")], NOW)
    found = one(conn, "weekly00_20260309T080000Z")
    assert found is not None
    assert found.status == "confirmed"
    edit(conn, "patch", found.event_id, {"summary": "Once"}, base_raw=json.loads(found.raw))
    assert shown(conn, found.event_id)["summary"] == "Once"


def test_a_thousand_edits_are_shown_each_once_whatever_the_pages(conn: Connection) -> None:
    store(conn, *(single(f"row{n:04}") for n in range(700)))
    for n in range(0, 700, 2):
        edit(conn, "patch", f"row{n:04}", {"summary": "B"})
    for n in range(650):
        edit(conn, "insert", f"new{n:04}", single(f"new{n:04}", 11))
    query = asked(at_most=7)
    calendars = laid_over(conn, event_reads.readable(conn, query))
    found: list[str] = []
    place = None
    while True:
        page = event_reads.page(conn, query, calendars, place)
        found += [json.loads(raw)["id"] for _, raw in page.items]
        place = page.next_place
        if place is None:
            break
    assert found == sorted([f"row{n:04}" for n in range(700)] + [f"new{n:04}" for n in range(650)])
    assert len(expanded(conn)) == 1_000


def test_rows_in_the_place_of_others_are_read_by_the_order_of_the_index(conn: Connection) -> None:
    store(conn, single("lunch"))
    edit(conn, "patch", "lunch", {"summary": "B"})
    (calendar,) = laid_over(conn, [readable(conn)])
    rows = calendar.rows.table.c
    statement = (
        event_rows.select(rows.event_id, rows.raw)
        .where(event_reads.matches(asked(), calendar), rows.event_id > "")
        .order_by(rows.event_id)
        .limit(10)
    ).compile(conn.engine)
    values = [statement.params[name] for name in statement.positiontup or ()]
    steps = [row[-1] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))]
    assert "MERGE (UNION ALL)" in steps
    assert any("uq_events_projection_id_event_id (projection_id=? AND event_id>?)" in step for step in steps)


def test_postgresql_is_asked_in_its_own_words() -> None:
    class Asked:
        dialect = postgresql.dialect()

    rows = event_rows.with_rows_over(Asked(), 1, {})
    text = str(event_rows.select(rows.table).where(rows.has_live_master).compile(dialect=Asked.dialect))
    assert "json_to_recordset" in text
    assert "given(user_id BIGINT" in text
