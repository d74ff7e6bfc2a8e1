"""The views of docs/sql.md: their columns, what is in them, and the page's queries."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from calferry.store import row_security
from calferry.store.tables import accounts, calendars, events, projections
from calferry.store.tables import changes as log
from tests.contract.web.edits import edit
from tests.contract.web.site import Person, Site, sync
from tests.harness import databases
from tests.house.tree import ROOT, read

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
PAGE = read(ROOT / "docs" / "sql.md")
VIEWS = ("calferry_calendars", "calferry_events", "calferry_changes")
BERLIN = {"timeZone": "Europe/Berlin"}
SEEDED = [
    {
        "id": "talk0000", "summary": "Talk", "description": "<b>long</b>", "location": "Room 1",
        "transparency": "transparent", "start": {"dateTime": "2026-11-10T09:00:00+01:00", **BERLIN},
        "end": {"dateTime": "2026-11-10T10:30:00+01:00", **BERLIN}, "attendees": [{"email": "bob@example.com"}],
    },
    {"id": "fair0000", "summary": "Fair", "start": {"date": "2026-11-11"}, "end": {"date": "2026-11-13"}},
    {
        "id": "series00", "summary": "Weekly", "recurrence": ["RRULE:FREQ=WEEKLY"],
        "start": {"dateTime": "2026-11-02T09:00:00+01:00", **BERLIN},
        "end": {"dateTime": "2026-11-02T10:00:00+01:00", **BERLIN},
    },
]  # fmt: skip
ODD = r'{"id":"odd00000","summary":"half \ud800","start":{"date":"2026-11-20"},"end":{"date":"2026-11-21"}}'


@pytest.fixture
def alice(site: Site) -> Person:
    """Synced, with a deleted event and a series that has a changed and a cancelled occurrence."""
    site.google.control("seed", {"events": {ALICE: SEEDED}})
    alice = site.person(ALICE)
    sync(alice.http, *alice.calendars.values())
    google = site.google_client(ALICE)
    google.patch(f"/calendars/{ALICE}/events/series00_20261109T080000Z", json={"summary": "Once"})
    google.delete(f"/calendars/{ALICE}/events/series00_20261116T080000Z")
    google.post(f"/calendars/{ALICE}/events", json={**SEEDED[1], "id": "gone0000"})
    for change in (lambda: None, lambda: google.delete(f"/calendars/{ALICE}/events/gone0000")):
        change()
        site.clock.advance(6)
        sync(alice.http, alice.calendars[ALICE])
    return alice


def plain(value: Any) -> Any:
    """As SQLite has it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return int(value) if isinstance(value, bool) else value


def rows(site: Site, statement: str) -> list[dict[str, Any]]:
    def look(connection: Connection) -> list[dict[str, Any]]:
        found = connection.exec_driver_sql(statement).mappings().all()
        return [{name: plain(value) for name, value in row.items()} for row in found]

    return site.read(look)


def stored(person: Person) -> dict[str, Any]:
    items = person.http.get("/calendar/events").json()["items"]
    return {item["id"]: item for item in items}


def viewed(site: Site) -> dict[str, Any]:
    found = rows(site, "SELECT * FROM calferry_events")
    return {row["event_id"]: {**row["event"], "calendar_id": row["calendar_id"]} for row in found}


def test_the_views_show_what_readers_see_and_mean_what_the_page_says(site: Site, alice: Person) -> None:
    seen = stored(alice)
    assert viewed(site) == seen
    assert sorted(seen) == [
        "fair0000", "series00", "series00_20261109T080000Z", "series00_20261116T080000Z", "talk0000",
    ]  # fmt: skip
    check_events(site, alice, seen["talk0000"])
    check_calendars(site, alice)
    check_changes(site, alice)

    hide_things(site, alice)
    assert "pending0" in stored(alice)
    assert viewed(site) == seen
    calendar_id = alice.calendars[ALICE]
    site.write(store_odd)
    (odd,) = rows(site, "SELECT title, start_date FROM calferry_events WHERE event_id = 'odd00000'")
    assert odd == {"title": None, "start_date": "2026-11-20"}
    alice.http.patch(f"/calendar/calendars/{calendar_id}", json={"selected": False})
    assert viewed(site) == stored(alice) == {}
    site.write(lambda conn: conn.execute(update(accounts).values(status="closing")))
    assert rows(site, "SELECT * FROM calferry_calendars") == []


def check_events(site: Site, alice: Person, talk: dict[str, Any]) -> None:
    by_id = {row["event_id"]: row for row in rows(site, "SELECT * FROM calferry_events")}
    assert by_id["talk0000"] == {
        "user_id": alice.user_id, "account_id": alice.account_id, "calendar_id": alice.calendars[ALICE],
        "calendar_title": ALICE, "event_id": "talk0000", "ical_uid": talk["iCalUID"], "status": "confirmed",
        "title": "Talk", "description": "<b>long</b>", "location": "Room 1", "organizer_email": ALICE,
        "transparency": "transparent", "event_type": "default", "is_all_day": 0,
        "starts_at": "2026-11-10T08:00:00.000Z", "ends_at": "2026-11-10T09:30:00.000Z", "start_date": None,
        "end_date": None, "start_ms": 1794297600000, "end_ms": 1794303000000, "time_zone": "Europe/Berlin",
        "is_series": 0, "series_id": None, "original_start": None,
        "updated_at": plain(datetime.fromisoformat(talk["updated"])),
        "event": {name: value for name, value in talk.items() if name != "calendar_id"},
    }  # fmt: skip
    fair, series, cancelled = (by_id[name] for name in ("fair0000", "series00", "series00_20261116T080000Z"))
    assert (fair["is_all_day"], fair["starts_at"], fair["start_ms"]) == (1, None, None)
    assert (fair["start_date"], fair["end_date"]) == ("2026-11-11", "2026-11-13")
    assert (fair["transparency"], fair["time_zone"]) == (
        "opaque",
        listed(alice)[fair["calendar_id"]]["time_zone"],
    )
    assert (series["is_series"], series["starts_at"]) == (1, "2026-11-02T08:00:00.000Z")
    assert (cancelled["status"], cancelled["series_id"]) == ("cancelled", "series00")
    assert cancelled["original_start"] == "20261116T080000Z"


def listed(alice: Person) -> dict[str, Any]:
    return {row["id"]: row for row in alice.http.get("/calendar/calendars").json()["calendars"]}


def check_calendars(site: Site, alice: Person) -> None:
    found = {row["calendar_id"]: row for row in rows(site, "SELECT * FROM calferry_calendars")}
    assert found.keys() == listed(alice).keys()
    for known, row in listed(alice).items():
        assert found[known] == {
            "user_id": alice.user_id, "account_id": row["account_id"], "account_email": ALICE, "calendar_id": known,
            "google_id": row["google_id"], "title": row["summary"], "access_role": row["access_role"],
            "is_primary": row["primary"], "is_hidden": row["hidden"], "is_selected": row["selected"],
            "mode": row["mode"], "time_zone": row["time_zone"], "background_color": row["background_color"],
            "foreground_color": row["foreground_color"], "health": row["health"], "last_error": None,
            "last_synced_at": found[known]["last_synced_at"],
        }  # fmt: skip
        assert found[known]["last_synced_at"][:19] == row["last_synced_at"][:19]


def check_changes(site: Site, alice: Person) -> None:
    told = alice.http.get("/calendar/changes", params={"cursor": "0"}).json()["changes"]
    logged = rows(site, "SELECT * FROM calferry_changes ORDER BY change_id")
    times = site.read(lambda conn: list(conn.execute(select(log.c.at).order_by(log.c.id)).scalars()))
    assert [row.pop("changed_at") for row in logged] == [
        plain(datetime.fromtimestamp(at / 1000, UTC)) for at in times
    ]
    assert logged == [
        {
            "user_id": alice.user_id, "change_id": int(change["id"]), "calendar_id": change["calendar_id"],
            "event_id": change["event_id"], "kind": change["kind"], "event": change["event"],
        }
        for change in told
    ]  # fmt: skip
    assert {row["kind"] for row in logged} >= {"calendar_added", "created", "cancelled"}


def hide_things(site: Site, alice: Person) -> None:
    """An edit that Google does not know, a projection that is being built, and a calendar that has left the list."""
    edit(site, alice, ALICE, "insert", "pending0", {"summary": "Soon", **times_of(SEEDED[1])})

    def store(connection: Connection) -> None:
        row = connection.execute(select(projections)).mappings().first()
        fresh = {**dict(row or {}), "id": 999}
        connection.execute(insert(projections).values(fresh))
        event = connection.execute(select(events).where(events.c.event_id == "talk0000")).mappings().one()
        connection.execute(insert(events).values({**event, "projection_id": 999, "event_id": "built000"}))
        team = calendars.c.google_id == TEAM
        connection.execute(update(calendars).where(team).values(removed_at=1))

    site.write(store)


def times_of(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in ("start", "end")}


def store_odd(connection: Connection) -> None:
    known = select(events).where(events.c.event_id == "fair0000")
    row = {**connection.execute(known).mappings().one(), "event_id": "odd00000", "raw": ODD}
    connection.execute(insert(events).values({**row, "start_date": "2026-11-20", "end_date": "2026-11-21"}))


def explained(view: str) -> list[tuple[str, str]]:
    """Column and type of this kind of database, as the page has them."""
    section = PAGE.partition(f"## `{view}`")[2].partition("\n## ")[0]
    cells = [
        [cell.strip() for cell in line.split("|")] for line in section.splitlines() if line.startswith("| `")
    ]
    return [(row[1].strip("`"), row[3 if databases.is_postgres() else 2]) for row in cells]


def test_columns_are_as_the_page_says_and_its_queries_run(site: Site, alice: Person) -> None:
    for view in VIEWS:
        assert columns(site, view) == explained(view), view
    own = "postgresql" if databases.is_postgres() else "sqlite"
    queries = re.findall(rf"^```(?:sql|{own})\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    answers = [rows(site, query) for query in queries]
    assert len(answers) == 6
    november, series, hours, news, fresh, attendees = answers
    assert [row["title"] for row in november] == ["Once", "Talk", "Fair"]
    assert [(row["title"], row["exceptions"]) for row in series] == [("Weekly", 2)]
    assert [row["hours"] for row in hours] == [1.0]
    assert news == []
    assert {row["health"] for row in fresh} == {"ok"}
    assert attendees == [{"attendee": "bob@example.com", "meetings": 1}]
    if databases.is_postgres():
        let_readers_in(site)


def columns(site: Site, view: str) -> list[tuple[str, str]]:
    """As the database says; SQLite, which declares no types of expressions, by the values there are."""
    if databases.is_postgres():
        asked = f"SELECT column_name, data_type FROM information_schema.columns WHERE table_name = '{view}' ORDER BY ordinal_position"
        return [tuple(row.values()) for row in rows(site, asked)]
    names = [row["name"] for row in rows(site, f"PRAGMA table_info({view})")]
    return [(name, sqlite_type(site, view, name)) for name in names]


def sqlite_type(site: Site, view: str, name: str) -> str:
    found = rows(site, f"SELECT DISTINCT typeof({name}) AS kind FROM {view} WHERE {name} IS NOT NULL")
    return found[0]["kind"] if len(found) == 1 else "text" if not found else str(found)


def let_readers_in(site: Site) -> None:
    def set_up(connection: Connection) -> None:
        for block in re.findall(r"^```postgresql setup\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
            for statement in filter(str.strip, block.split(";")):
                connection.exec_driver_sql(statement)

    def look(role: str, statement: str) -> int:
        def ask(connection: Connection) -> int:
            connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            return len(connection.exec_driver_sql(statement).all())

        return site.read(ask)

    try:
        site.write(set_up)
        assert [look("calendar_reader", f"SELECT * FROM {view}") > 0 for view in VIEWS] == [True] * 3
        assert look("reader_of_one", "SELECT * FROM events_of_one") == 5
        for role, forbidden in (
            ("calendar_reader", "events"),
            ("reader_of_one", "calferry_events"),
            (row_security.ROLE, "calferry_events"),
        ):
            with pytest.raises(DBAPIError, match="permission denied"):
                look(role, f"SELECT * FROM {forbidden}")
    finally:
        for role in ("calendar_reader", "reader_of_one"):
            site.write(lambda tx, role=role: tx.exec_driver_sql(f"DROP OWNED BY {role}"))
            site.write(lambda tx, role=role: tx.exec_driver_sql(f"DROP ROLE {role}"))
