"""GET /calendar/events?singleEvents=true: series as their instances."""

from typing import Any

import pytest
from sqlalchemy import func, update

from calferry.store.tables import events
from calferry.web import expanded_events
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
WINDOW = {"timeMin": "2026-03-02T00:00:00Z", "timeMax": "2026-04-06T00:00:00Z"}


def at(day: str, start: str, end: str, zone: str = "Europe/Berlin") -> dict[str, Any]:
    return {
        "start": {"dateTime": f"{day}T{start}:00", "timeZone": zone},
        "end": {"dateTime": f"{day}T{end}:00", "timeZone": zone},
    }


def on(start: str, end: str, **fields: object) -> dict[str, Any]:
    return {"start": {"date": start}, "end": {"date": end}} | fields


EVENTS = [
    {"id": "single00", "summary": "Dentist", **at("2026-03-10", "08:00", "08:15")},
    {
        "id": "weekly00",
        "summary": "Weekly",
        "recurrence": ["RRULE:FREQ=WEEKLY"],
        **at("2026-01-05", "09:00", "10:00"),
    },
    {
        "id": "daily000",
        "summary": "Rounds",
        "recurrence": ["RRULE:FREQ=DAILY"],
        **at("2025-01-05", "23:30", "23:45"),
    },
    {"id": "monthly0", "summary": "Rent", "recurrence": ["RRULE:FREQ=MONTHLY;BYMONTHDAY=1"]}
    | on("2026-01-01", "2026-01-02"),
    {"id": "ended000", "recurrence": ["RRULE:FREQ=DAILY;COUNT=9"], **at("2025-01-05", "23:30", "23:45")},
    {"id": "later000", "recurrence": ["RRULE:FREQ=DAILY"], **at("2027-01-05", "23:30", "23:45")},
]


@pytest.fixture
def stored(site: Site) -> Person:
    return site.once(alice_with_series)


def alice_with_series(site: Site) -> Person:
    """Alice with both calendars synced, and a few occurrences changed."""
    team = [{"id": "team0000", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=60"]} | on("2026-01-06", "2026-01-07")]
    site.google.control("seed", {"events": {ALICE: EVENTS, TEAM: team}})
    theirs = site.google_client(ALICE)
    path = f"/calendars/{ALICE}/events"
    moved_out = at("2026-05-05", "09:00", "10:00")
    moved_in = at("2026-03-12", "09:00", "10:00", "America/New_York")
    for method, address, body in (
        ("PATCH", f"{path}/weekly00_20260302T080000Z", {"summary": "Once"}),
        ("DELETE", f"{path}/weekly00_20260309T080000Z", None),
        ("PATCH", f"{path}/weekly00_20260316T080000Z", moved_out),
        ("PATCH", f"{path}/weekly00_20260525T070000Z", moved_in),
        ("DELETE", f"{path}/monthly0_20260401", None),
    ):
        assert theirs.request(method, address, json=body).status_code < 300
    alice = site.person(ALICE)
    sync(alice.http, *alice.calendars.values())
    return alice


def read(person: Person, **query: object) -> Any:
    answer = person.http.get("/calendar/events", params={"singleEvents": "true", **WINDOW, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(person: Person, **query: object) -> list[str]:
    return [item["id"] for item in read(person, **query)["items"]]


def as_google_lists(site: Site, **query: str) -> list[dict[str, Any]]:
    asked = {"singleEvents": "true", "orderBy": "startTime", **WINDOW, **query}
    items: list[dict[str, Any]] = (
        site.google_client(ALICE).get(f"/calendars/{ALICE}/events", params=asked).json()["items"]
    )
    return items


def shown(person: Person, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [item | {"calendar_id": person.calendars[ALICE]} for item in items]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "query", [{}, {"timeZone": "Asia/Tokyo"}, {"showDeleted": "true"}, {"q": "WEEK"}, {"q": "once"}]
)
def test_instances_are_those_of_google_in_the_order_of_their_starts(
    site: Site, stored: Person, query: dict[str, str]
) -> None:
    body = read(stored, calendar_ids=stored.calendars[ALICE], orderBy="startTime", **query)
    assert body["items"] == shown(stored, as_google_lists(site, **query))
    assert len(body["items"]) > 0
    assert (body["nextPageToken"], body["truncated"], body["unexpanded"]) == (None, False, [])


@ON_SHARED_SITE
def test_exceptions_stand_in_place_of_their_occurrences(stored: Person) -> None:
    found = [one for one in ids(stored, calendar_ids=stored.calendars[ALICE]) if one.startswith("weekly")]
    assert found == [
        "weekly00_20260302T080000Z",
        "weekly00_20260525T070000Z",
        "weekly00_20260323T080000Z",
        "weekly00_20260330T070000Z",
    ]


@ON_SHARED_SITE
def test_masters_are_not_listed_and_instances_name_theirs(stored: Person) -> None:
    items = read(stored)["items"]
    assert all("recurrence" not in item for item in items)
    named = {item["recurringEventId"] for item in items if item["id"] != "single00"}
    assert named == {"weekly00", "daily000", "team0000"}


@ON_SHARED_SITE
def test_dates_bound_the_days_of_each_calendar(stored: Person) -> None:
    assert ids(stored, timeMin="2026-03-10", timeMax="2026-03-11") == [
        "team0000_20260310",
        "single00",
        "daily000_20260310T223000Z",
    ]


@ON_SHARED_SITE
def test_pages_hold_together_what_one_page_holds(stored: Person) -> None:
    whole = read(stored, maxResults=2_500)["items"]
    items, cursors, token = [], set(), None
    while True:
        body = read(stored, maxResults=7, **({"pageToken": token} if token else {}))
        assert len(body["items"]) <= 7
        items += body["items"]
        cursors.add(body["cursor"])
        token = body["nextPageToken"]
        if token is None:
            break
    assert items == whole
    assert len(items) > 40
    assert len(cursors) == 1


@ON_SHARED_SITE
def test_a_page_token_belongs_to_its_question(stored: Person) -> None:
    query = {"singleEvents": "true", **WINDOW, "maxResults": "1"}
    query["pageToken"] = read(stored, maxResults=1)["nextPageToken"]
    assert stored.http.get("/calendar/events", params=query).status_code == 200
    for other in ({"singleEvents": "false"}, {"timeZone": "UTC"}, {"timeMax": "2026-04-07T00:00:00Z"}):
        assert stored.http.get("/calendar/events", params=query | other).status_code == 400


@ON_SHARED_SITE
def test_a_question_with_too_many_answers_says_that_it_was_cut(
    stored: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ids(stored)
    monkeypatch.setattr(expanded_events, "EXPANDED_EVENTS_MAX", 10)
    first = read(stored, maxResults=7)
    last = read(stored, maxResults=7, pageToken=first["nextPageToken"])
    assert (first["truncated"], last["truncated"], last["nextPageToken"]) == (False, True, None)
    assert [item["id"] for item in first["items"] + last["items"]] == whole[:10]
    assert read(stored, maxResults=500, timeMax="2026-03-04T00:00:00Z")["truncated"] is False


def test_a_series_whose_rules_cannot_be_read_is_named_and_begins(site: Site, stored: Person) -> None:
    raw = func.replace(events.c.raw, "FREQ=DAILY", "FREQ=HOURLY")
    site.write(
        lambda conn: conn.execute(update(events).where(events.c.event_id == "later000").values(raw=raw))
    )
    body = read(stored, timeMin="2027-01-05T00:00:00Z", timeMax="2027-01-09T00:00:00Z")
    assert body["unexpanded"] == [{"calendar_id": stored.calendars[ALICE], "event_id": "later000"}]
    assert [item["id"] for item in body["items"] if "later" in item["id"]] == ["later000_20270105T223000Z"]


def test_what_google_expanded_is_read_as_stored(site: Site, stored: Person) -> None:
    calendar = stored.calendars[ALICE]
    before = read(stored, calendar_ids=calendar)["items"]
    assert stored.http.patch(f"/calendar/calendars/{calendar}", json={"mode": "instances"}).status_code == 200
    site.clock.advance(5)
    sync(stored.http, calendar)
    body = read(stored, calendar_ids=calendar)
    inside = {item["id"] for item in body["items"]}
    assert all("recurrence" not in item for item in body["items"])
    assert [item for item in before if item["id"] in inside] == body["items"]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({"timeMin": None}, "timeMin and timeMax"),
        ({"timeMax": None}, "timeMin and timeMax"),
        ({"timeMin": "2020-01-01T00:00:00Z"}, "1830 days"),
        ({"timeMin": "0001-01-01", "timeMax": "9999-12-31"}, "1830 days"),
        ({"timeMin": "2026-05-01T00:00:00Z"}, "earlier"),
        ({"timeZone": "Moon/Base"}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"timeZone": ""}, "timeZone"),
        ({"orderBy": "updated"}, "orderBy"),
        ({"singleEvents": "false", "orderBy": "startTime"}, "singleEvents"),
        ({"singleEvents": "false", "timeZone": "UTC"}, "singleEvents"),
        ({"pageToken": "tampered"}, "pageToken"),
    ],
)
def test_what_cannot_be_expanded_is_refused(stored: Person, query: dict[str, Any], word: str) -> None:
    asked = {"singleEvents": "true", **WINDOW, **query}
    answer = stored.http.get("/calendar/events", params={k: v for k, v in asked.items() if v is not None})
    assert answer.status_code == 400, answer.text
    assert word in answer.json()["detail"]
    assert "passwd" not in answer.text


@ON_SHARED_SITE
@pytest.mark.parametrize("window", [("0001-01-01", "0002-01-01"), ("9998-01-01", "9999-12-31")])
def test_distant_years_have_an_answer(stored: Person, window: tuple[str, str]) -> None:
    assert len(ids(stored, timeMin=window[0], timeMax=window[1], maxResults=5)) <= 5
