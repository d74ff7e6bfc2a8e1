"""GET /calendar/events: what is stored, as Google sent it."""

from pathlib import Path

import pytest

from calferry.emulator.server import RunningGoogle
from calferry.store import event_reads
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site, running_site, sync

ALICE = "alice@example.com"
BOB = "bob@example.com"
TEAM = "alice-team@group.calendar.google.com"


def at(start: str, end: str, **fields: object) -> dict:
    return {"start": {"dateTime": start}, "end": {"dateTime": end}} | fields


def on(start: str, end: str, **fields: object) -> dict:
    return {"start": {"date": start}, "end": {"date": end}} | fields


EVENTS = [
    {"id": "morning0", "summary": "Standup", **at("2026-03-10T08:00:00+01:00", "2026-03-10T08:15:00+01:00")},
    {
        "id": "evening0",
        "summary": "Ärger im Büro",
        **at("2026-03-10T20:00:00+01:00", "2026-03-10T22:00:00+01:00"),
    },
    {"id": "allday00", "summary": "Fair", "location": "Halle 100%_A", **on("2026-03-11", "2026-03-13")},
    {
        "id": "series00",
        "summary": "Weekly",
        "recurrence": ["RRULE:FREQ=WEEKLY"],
        "start": {"dateTime": "2026-01-05T09:00:00+01:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-01-05T10:00:00+01:00", "timeZone": "Europe/Berlin"},
    },
]


@pytest.fixture
def stored(site: Site) -> Person:
    return site.once(alice_with_events)


def alice_with_events(site: Site) -> Person:
    """Alice with both calendars synced."""
    site.google.control(
        "seed",
        {
            "events": {
                ALICE: EVENTS,
                TEAM: [{"id": "team0000", "summary": "Team", **on("2026-03-11", "2026-03-12")}],
            }
        },
    )
    alice = site.person(ALICE)
    sync(alice.http, *alice.calendars.values())
    return alice


def ids(person: Person, **query: object) -> list[str]:
    answer = person.http.get("/calendar/events", params=query)
    assert answer.status_code == 200, answer.text
    return sorted(item["id"] for item in answer.json()["items"])


@ON_SHARED_SITE
def test_items_are_googles_plus_the_calendar_id(site: Site, stored: Person) -> None:
    answer = stored.http.get("/calendar/events", params={"calendar_ids": stored.calendars[ALICE]})
    assert answer.json().keys() == {"items", "nextPageToken", "cursor"}
    listed = site.google_client(ALICE).get(f"/calendars/{ALICE}/events").json()["items"]
    expected = {item["id"]: item | {"calendar_id": stored.calendars[ALICE]} for item in listed}
    assert {item["id"]: item for item in answer.json()["items"]} == expected


def test_without_ids_every_selected_calendar_is_read(site: Site, stored: Person) -> None:
    assert ids(stored) == ["allday00", "evening0", "morning0", "series00", "team0000"]
    stored.http.patch(f"/calendar/calendars/{stored.calendars[TEAM]}", json={"selected": False})
    assert ids(stored) == ["allday00", "evening0", "morning0", "series00"]
    assert ids(stored, calendar_ids=stored.calendars[TEAM]) == ["team0000"]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("time_min", "time_max", "found"),
    [
        ("2026-03-10T00:00:00+01:00", "2026-03-11T00:00:00+01:00", ["evening0", "morning0"]),
        ("2026-03-10T08:15:00+01:00", "2026-03-10T20:00:00+01:00", []),
        ("2026-03-10T08:14:59+01:00", "2026-03-10T20:00:01+01:00", ["evening0", "morning0"]),
        ("2026-03-11", "2026-03-12", ["allday00", "team0000"]),
        ("2026-03-12", "2026-03-13", ["allday00"]),
        ("2026-03-13", "2026-03-14", []),
        ("2026-03-13", "2026-03-17", ["series00"]),
        ("2026-03-09T09:00:00Z", "2026-03-09T12:00:00Z", []),
        ("2026-03-09T08:59:59Z", "2026-03-09T12:00:00Z", ["series00"]),
        ("2026-03-10T22:30:00Z", "2026-03-10T23:00:00Z", []),
        ("2026-03-10T22:30:00Z", "2026-03-10T23:00:01Z", ["allday00", "team0000"]),
        ("2026-03-12T23:00:00Z", None, ["series00"]),
        (None, "2026-01-05T08:00:00Z", []),
        (None, "2026-03-10", ["series00"]),
    ],
)
def test_a_window_finds_what_overlaps_it_all_day_events_by_the_calendars_own_days(
    stored: Person, time_min: str | None, time_max: str | None, found: list[str]
) -> None:
    query = {"timeMin": time_min, "timeMax": time_max}
    assert ids(stored, **{name: value for name, value in query.items() if value}) == found


SERIES = [
    {
        "recurrence": ["RRULE:FREQ=DAILY;COUNT=10"],
        **at("2026-02-01T23:30:00+01:00", "2026-02-02T00:30:00+01:00"),
    },
    {
        "recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20260301T000000Z"],
        **at("2026-01-06T09:00:00Z", "2026-01-06T10:00:00Z"),
    },
    {"recurrence": ["RRULE:FREQ=MONTHLY"], **on("2026-01-31", "2026-02-02")},
    {
        "recurrence": ["RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20260202T090000"],
        **at("2026-01-05T09:00:00+01:00", "2026-01-05T10:00:00+01:00"),
    },
]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("time_min", "time_max"),
    [
        ("2026-02-02T00:00:00Z", "2026-02-03T00:00:00Z"),
        ("2026-02-01T22:00:00Z", "2026-02-01T22:30:00Z"),
        ("2026-02-11T23:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-03-31T22:30:00Z", "2026-04-02T00:00:00Z"),
        ("2026-03-03T00:00:00Z", None),
        (None, "2026-01-06T09:00:01Z"),
    ],
)
def test_a_window_finds_the_series_that_google_lists_in_it(
    site: Site, time_min: str | None, time_max: str | None
) -> None:
    bob = site.once(bob_with_series)
    window = {"timeMin": time_min, "timeMax": time_max}
    asked = {name: value for name, value in window.items() if value is not None}
    listed = site.google_client(BOB).get(f"/calendars/{BOB}/events", params=asked).json()["items"]
    assert ids(bob, calendar_ids=bob.calendars[BOB], **asked) == sorted(item["id"] for item in listed)
    assert 0 < len(listed) < len(SERIES)


def bob_with_series(site: Site) -> Person:
    zoned = [
        {**event, **{end: {"timeZone": "Europe/Berlin", **event[end]} for end in ("start", "end")}}
        for event in SERIES
    ]
    site.google.control("seed", {"events": {BOB: zoned}})
    bob = site.person(BOB)
    sync(bob.http, bob.calendars[BOB])
    return bob


@ON_SHARED_SITE
def test_a_page_of_nothing_but_series_elsewhere_is_short_and_not_the_last(
    stored: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reads, "SCANNED_MAX", 1)
    found, token = [], None
    for _ in range(9):
        params = {"timeMin": "2026-03-10", "timeMax": "2026-03-13", **({"pageToken": token} if token else {})}
        answer = stored.http.get("/calendar/events", params=params).json()
        found += [item["id"] for item in answer["items"]]
        token = answer["nextPageToken"]
        if token is None:
            break
    assert sorted(found) == ["allday00", "evening0", "morning0", "team0000"]


@ON_SHARED_SITE
def test_a_plus_sign_that_arrives_as_a_blank_is_read_as_meant(stored: Person) -> None:
    answer = stored.http.get("/calendar/events?timeMin=2026-03-13T00:00:00+01:00")
    assert [item["id"] for item in answer.json()["items"]] == ["series00"]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("STANDUP", ["morning0"]),
        ("ärger", ["evening0"]),
        ("BÜRO", ["evening0"]),
        ("100%_a", ["allday00"]),
        ("%", ["allday00"]),
        ("alice@example.com", ["allday00", "evening0", "morning0", "series00", "team0000"]),
        ("' OR 1=1 --", []),
        ("(a+)+$", []),
    ],
)
def test_text_is_found_in_any_case_and_without_wildcards(stored: Person, text: str, found: list[str]) -> None:
    assert ids(stored, q=text) == found


@ON_SHARED_SITE
def test_pages_together_hold_everything_once_with_one_cursor(stored: Person) -> None:
    seen, cursors, token = [], set(), None
    while True:
        query = {"maxResults": 2} | ({"pageToken": token} if token else {})
        body = stored.http.get("/calendar/events", params=query).json()
        assert len(body["items"]) <= 2
        seen += [item["id"] for item in body["items"]]
        cursors.add(body["cursor"])
        token = body["nextPageToken"]
        if token is None:
            break
    assert sorted(seen) == ["allday00", "evening0", "morning0", "series00", "team0000"]
    assert len(cursors) == 1


def test_deleted_events_are_shown_only_when_asked_for(site: Site, stored: Person) -> None:
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/morning0")
    site.clock.advance(5)
    sync(stored.http, stored.calendars[ALICE])
    assert "morning0" not in ids(stored)
    assert "morning0" in ids(stored, showDeleted="true")


def test_a_cancelled_occurrence_stays_listed_beside_its_series_as_google_lists_it(
    site: Site, stored: Person
) -> None:
    google = site.google_client(ALICE)
    first = google.get(f"/calendars/{ALICE}/events/series00/instances").json()["items"][1]["id"]
    google.delete(f"/calendars/{ALICE}/events/{first}")
    site.clock.advance(5)
    sync(stored.http, stored.calendars[ALICE])
    listed = {item["id"] for item in google.get(f"/calendars/{ALICE}/events").json()["items"]}
    assert first in listed
    assert set(ids(stored, calendar_ids=stored.calendars[ALICE])) == listed
    assert first in ids(stored, timeMin="2026-01-12", timeMax="2026-01-13")


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "query",
    [
        {"timeMin": "yesterday"},
        {"timeMin": "2026-02-30"},
        {"timeMin": "2026-03-10T08:00:00"},
        {"timeMin": "../../etc/passwd"},
        {"timeMin": "2026-03-11", "timeMax": "2026-03-10"},
        {"timeMin": "2026-03-11", "timeMax": "2026-03-11"},
        {"maxResults": "0"},
        {"maxResults": "-1"},
        {"maxResults": "many"},
        {"pageToken": "tampered"},
        {"pageToken": "x" * 5_000},
        {"calendar_ids": ""},
        {"calendar_ids": ",a"},
        {"showDeleted": "perhaps"},
        {"q": "x" * 257},
        {"timeMin": ["2026-03-10", "2026-03-11"]},
    ],
)
def test_what_makes_no_sense_is_refused(stored: Person, query: dict) -> None:
    answer = stored.http.get("/calendar/events", params=query)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"].endswith(".")
    assert "etc/passwd" not in answer.text


@ON_SHARED_SITE
def test_huge_limits_and_distant_years_are_clamped(stored: Person) -> None:
    assert len(ids(stored, maxResults=10**9)) == 5
    assert ids(stored, timeMin="0001-01-01", timeMax="9999-12-31") == ids(stored)


def test_a_page_token_belongs_to_its_user_and_its_question(site: Site, stored: Person, bob: Person) -> None:
    token = stored.http.get("/calendar/events?maxResults=1").json()["nextPageToken"]
    assert bob.http.get("/calendar/events", params={"pageToken": token}).status_code == 400
    assert stored.http.get("/calendar/events", params={"pageToken": token, "q": "x"}).status_code == 400
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert stored.http.get("/calendar/events", params={"pageToken": flipped}).status_code == 400


def test_foreign_and_unknown_calendars_look_alike(site: Site, stored: Person, bob: Person) -> None:
    foreign = stored.http.get("/calendar/events", params={"calendar_ids": bob.calendar_id})
    unknown = stored.http.get("/calendar/events", params={"calendar_ids": "cal_unknown"})
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


def test_one_persons_events_never_show_to_another(site: Site, stored: Person, bob: Person) -> None:
    sync(bob.http, *bob.calendars.values())
    for address in ("/calendar/events", "/calendar/calendars", "/calendar/accounts", "/calendar/sync-status"):
        text = bob.http.get(address).text
        assert "alice" not in text
        assert all(calendar not in text for calendar in stored.calendars.values())


@ON_SHARED_SITE
def test_nothing_is_shown_to_strangers(site: Site) -> None:
    for address in (
        "/calendar/events",
        "/calendar/calendars",
        "/calendar/accounts",
        "/calendar/sync-status",
        "/auth/tokens",
        "/auth/session",
    ):
        answer = site.client().get(address)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_cursor_is_the_head_of_the_change_log(site: Site, stored: Person) -> None:
    before = stored.http.get("/calendar/events").json()["cursor"]
    assert stored.http.get("/calendar/events").json()["cursor"] == before
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/morning0")
    site.clock.advance(5)
    sync(stored.http, stored.calendars[ALICE])
    assert int(stored.http.get("/calendar/events").json()["cursor"]) > int(before)


def test_a_thousand_events_come_in_chunks(google: RunningGoogle, tmp_path: Path) -> None:
    events = [
        {"id": f"many{n:05}", "summary": f"N{n}", **at("2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z")}
        for n in range(1_100)
    ]
    google.control("seed", {"events": {ALICE: events}})
    with running_site(google, tmp_path) as site:
        alice = site.person(ALICE)
        sync(alice.http, alice.calendars[ALICE])
        assert len(ids(alice, maxResults=2_500)) == 1_100
        assert len(ids(alice)) == 250
        assert ids(alice, q="N1099") == ["many01099"]
