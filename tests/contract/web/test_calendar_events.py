"""The events of one calendar: all, one of them, and the instances of a series."""

import json
from typing import Any

import pytest
from sqlalchemy import update

from calferry.store.tables import calendars, events
from tests.contract.web.edits import edit
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site, sync

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
WINDOW = {"timeMin": "2026-03-02T00:00:00Z", "timeMax": "2026-04-06T00:00:00Z"}
EXCEPTION, CANCELLED, PLAIN = (f"weekly00_202603{day}T080000Z" for day in ("09", "16", "23"))


def at(day: str, start: str, end: str) -> dict[str, Any]:
    return {
        "start": {"dateTime": f"{day}T{start}:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": f"{day}T{end}:00", "timeZone": "Europe/Berlin"},
    }


EVENTS = [
    {"id": "single00", "summary": "Dentist", **at("2026-03-10", "08:00", "08:15")},
    {
        "id": "weekly00",
        "summary": "Weekly",
        "recurrence": ["RRULE:FREQ=WEEKLY"],
        **at("2026-01-05", "09:00", "10:00"),
    },
    {"id": "deleted0", **at("2026-03-11", "08:00", "08:15")},
    {"id": "days0000", "recurrence": ["RRULE:FREQ=DAILY;COUNT=9"]}
    | {"start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}},
]


@pytest.fixture
def stored(site: Site) -> Person:
    return site.once(alice_with_events)


def alice_with_events(site: Site) -> Person:
    """Alice with one calendar synced."""
    team = [{"id": "team0000", **at("2026-03-10", "08:00", "08:15")}]
    site.google.control("seed", {"events": {ALICE: EVENTS, TEAM: team}})
    theirs, path = site.google_client(ALICE), f"/calendars/{ALICE}/events"
    alice = site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    theirs.patch(f"{path}/{EXCEPTION}", json={"summary": "Once"}).raise_for_status()
    theirs.delete(f"{path}/{CANCELLED}").raise_for_status()
    theirs.delete(f"{path}/deleted0").raise_for_status()
    site.clock.advance(10)
    sync(alice.http, alice.calendars[ALICE])
    return alice


def address(person: Person, *rest: str, calendar: str = ALICE) -> str:
    return "/".join(["/calendar/calendars", person.calendars[calendar], "events", *rest])


def as_google_has(site: Site, *rest: str, **query: str) -> Any:
    path = "/".join(["/calendars", ALICE, "events", *rest])
    return site.google_client(ALICE).get(path, params=query).json()


def of_calendar(person: Person, event: dict[str, Any]) -> dict[str, Any]:
    return event | {"calendar_id": person.calendars[ALICE]}


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "week", "showDeleted": "true"},
        {"maxResults": "2"},
        {"singleEvents": "true", "orderBy": "startTime", "timeZone": "Asia/Tokyo", **WINDOW},
    ],
)
def test_a_calendars_events_are_those_of_the_listing_of_all(stored: Person, query: dict[str, str]) -> None:
    alone = stored.http.get(address(stored), params=query)
    among_all = stored.http.get(
        "/calendar/events", params=query | {"calendar_ids": stored.calendars[ALICE]}
    ).json()
    assert alone.status_code == 200
    assert alone.json()["items"] == among_all["items"]
    assert alone.json().keys() == among_all.keys()


@ON_SHARED_SITE
def test_pages_of_one_calendar_hold_everything_once(stored: Person) -> None:
    seen, token = [], None
    while True:
        query = {"maxResults": "2"} | ({"pageToken": token} if token else {})
        body = stored.http.get(address(stored), params=query).json()
        seen += [item["id"] for item in body["items"]]
        token = body["nextPageToken"]
        if token is None:
            break
    assert sorted(seen) == sorted(["single00", "weekly00", "days0000", EXCEPTION, CANCELLED])


@ON_SHARED_SITE
@pytest.mark.parametrize("event_id", ["single00", "weekly00", EXCEPTION, PLAIN, "days0000_20260303"])
def test_an_event_is_what_google_has(site: Site, stored: Person, event_id: str) -> None:
    answer = stored.http.get(address(stored, event_id))
    assert answer.status_code == 200, answer.text
    theirs = as_google_has(site, event_id)
    assert answer.json() == of_calendar(stored, theirs)
    assert answer.headers["etag"] == theirs["etag"]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("tags", "status"),
    [("{}", 304), ("W/{}", 304), ('"other", {}', 304), ("*", 304), ('"other"', 200), ("", 200)],
)
def test_who_has_the_version_already_is_not_sent_it_again(stored: Person, tags: str, status: int) -> None:
    etag = stored.http.get(address(stored, "single00")).headers["etag"]
    headers = {"If-None-Match": tags.replace("{}", etag)}
    answer = stored.http.get(address(stored, "single00"), headers=headers)
    assert answer.status_code == status
    assert answer.headers["etag"] == etag
    assert (answer.content == b"") == (status == 304)


def test_a_version_with_edits_on_their_way_has_a_tag_of_its_own(site: Site, stored: Person) -> None:
    before = stored.http.get(address(stored, "single00"))
    number = edit(site, stored, ALICE, "patch", "single00", {"summary": "Doctor"})
    headers = {"If-None-Match": before.headers["etag"]}
    answer = stored.http.get(address(stored, "single00"), headers=headers)
    assert answer.json() == before.json() | {"summary": "Doctor", "pending": True}
    assert answer.headers["etag"] == f'"pending-{number}"'
    again = stored.http.get(address(stored, "single00"), headers={"If-None-Match": f'"pending-{number}"'})
    assert again.status_code == 304


def test_what_is_not_there_looks_alike_whoever_owns_it(site: Site, stored: Person, bob: Person) -> None:
    theirs = bob.http.get(address(stored, "single00"))
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not_found")
    edit(site, stored, ALICE, "delete", "days0000")
    for person, path in (
        (stored, address(stored, "unknown0")),
        (stored, address(stored, "deleted0")),
        (stored, address(stored, CANCELLED)),
        (stored, address(stored, "weekly00_20260324T080000Z")),
        (stored, address(stored, "weekly00_20260323")),
        (stored, address(stored, "unknown0_20260323T080000Z")),
        (stored, address(stored, "days0000")),
        (stored, "/calendar/calendars/cal_unknown/events/single00"),
        (stored, address(stored, "unknown0", "instances")),
        (stored, address(stored, "deleted0", "instances")),
        (stored, address(stored, PLAIN, "instances")),
        (bob, address(stored, "weekly00", "instances")),
    ):
        answer = person.http.get(path, params=WINDOW if path.endswith("instances") else None)
        assert answer.status_code == 404, path
        assert answer.json() == theirs.json() or path.endswith("instances")


@ON_SHARED_SITE
def test_a_calendar_that_is_not_mirrored_says_so(stored: Person) -> None:
    answers = [
        stored.http.get(address(stored, "team0000", calendar=TEAM)),
        stored.http.get(address(stored, "team0000", "instances", calendar=TEAM), params=WINDOW),
    ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(409, "not_mirrored")] * 2


@ON_SHARED_SITE
@pytest.mark.parametrize("query", [{}, {"timeZone": "Asia/Tokyo"}, {"showDeleted": "true"}])
def test_instances_of_a_series_are_those_of_google(site: Site, stored: Person, query: dict[str, str]) -> None:
    answer = stored.http.get(address(stored, "weekly00", "instances"), params=WINDOW | query)
    assert answer.status_code == 200, answer.text
    theirs = as_google_has(site, "weekly00", "instances", **WINDOW, **query)["items"]
    assert sorted(answer.json()["items"], key=lambda item: str(item["id"])) == sorted(
        (of_calendar(stored, item) for item in theirs), key=lambda item: str(item["id"])
    )
    assert len(theirs) >= 4


@ON_SHARED_SITE
def test_instances_come_in_pages_that_belong_to_their_series(stored: Person) -> None:
    path, query = address(stored, "weekly00", "instances"), WINDOW | {"maxResults": "2"}
    first = stored.http.get(path, params=query).json()
    rest = stored.http.get(path, params=query | {"pageToken": first["nextPageToken"]}).json()
    whole = stored.http.get(path, params=WINDOW).json()
    assert [*first["items"], *rest["items"]] == whole["items"]
    other = stored.http.get(
        address(stored, "days0000", "instances"), params=query | {"pageToken": first["nextPageToken"]}
    )
    assert (other.status_code, other.json()["code"]) == (400, "invalid_page_token")


@ON_SHARED_SITE
def test_a_single_event_is_its_own_instance(stored: Person) -> None:
    answer = stored.http.get(address(stored, "single00", "instances"), params=WINDOW)
    assert [item["id"] for item in answer.json()["items"]] == ["single00"]


def test_instances_that_google_expanded_are_those_stored(site: Site, stored: Person) -> None:
    path = address(stored, "weekly00", "instances")
    calendar = stored.calendars[ALICE]
    assert stored.http.patch(f"/calendar/calendars/{calendar}", json={"mode": "instances"}).status_code == 200
    site.clock.advance(10)
    sync(stored.http, calendar)
    near = stored.http.get(address(stored), params={"maxResults": "2500"}).json()["items"]
    starts = sorted(item["start"]["dateTime"] for item in near if item["id"].startswith("weekly00_"))
    window = {"timeMin": starts[0], "timeMax": starts[3]}
    answer = stored.http.get(path, params=window)
    assert [item["start"]["dateTime"] for item in answer.json()["items"]] == starts[:3]
    assert stored.http.get(address(stored, "weekly00")).status_code == 404


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("rest", "query", "word"),
    [
        ((), {"calendar_ids": "cal_1"}, "calendar_ids"),
        ((), {"pageToken": "tampered"}, "pageToken"),
        ((), {"orderBy": "startTime"}, "singleEvents"),
        (("single00",), {"timeZone": "UTC"}, "takes none"),
        (("weekly00", "instances"), {}, "timeMin and timeMax"),
        (("weekly00", "instances"), WINDOW | {"timeMin": "2020-01-01"}, "1830 days"),
        (("weekly00", "instances"), WINDOW | {"timeMin": "2026-05-01"}, "earlier"),
        (("weekly00", "instances"), WINDOW | {"q": "x"}, "q"),
        (("weekly00", "instances"), WINDOW | {"timeZone": "Moon/Base"}, "timeZone"),
        (("weekly00", "instances"), WINDOW | {"timeMin": ["2026-03-01", "2026-03-02"]}, "more than once"),
    ],
)
def test_what_makes_no_sense_is_refused(
    stored: Person, rest: tuple[str, ...], query: dict[str, Any], word: str
) -> None:
    answer = stored.http.get(address(stored, *rest), params=query)
    assert answer.status_code == 400, answer.text
    assert word in answer.json()["detail"]


@ON_SHARED_SITE
def test_strangers_learn_nothing(site: Site, stored: Person) -> None:
    for rest in ((), ("single00",), ("weekly00", "instances")):
        assert site.client().get(address(stored, *rest)).status_code == 401


def test_a_closing_account_shows_no_events(site: Site, stored: Person) -> None:
    site.write(lambda conn: conn.execute(update(calendars).values(removed_at=1)))
    assert stored.http.get(address(stored, "single00")).status_code == 404
    assert stored.http.get(address(stored)).status_code == 404


def test_an_event_without_an_etag_has_none(site: Site, stored: Person) -> None:
    raw = json.dumps({"kind": "calendar#event", "id": "single00", "status": "confirmed"})
    one = update(events).where(events.c.event_id == "single00").values(raw=raw, etag=None)
    site.write(lambda conn: conn.execute(one))
    answer = stored.http.get(address(stored, "single00"), headers={"If-None-Match": "*"})
    assert "etag" not in answer.headers
