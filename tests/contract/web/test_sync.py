"""GET /calendar/sync, line by line of its specification."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from calferry.emulator.server import RunningGoogle
from calferry.store import sync_requests
from calferry.sync.verify_settled import verify_settled
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site, Stream, read_frames, running_site, sync
from tests.waiting import until

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"
AT = {"start": {"dateTime": "2026-05-01T10:00:00Z"}, "end": {"dateTime": "2026-05-01T11:00:00Z"}}


def insert(site: Site, calendar: str, **event: object) -> dict:
    answer = site.google_client(ALICE).post(f"/calendars/{calendar}/events", json=AT | event)
    assert answer.status_code == 200, answer.text
    return answer.json()


def words(stream: Stream) -> list[str]:
    return [word for word in stream.words() if word != "progress"]


def assert_refused(answer, status: int, detail: str | None = None) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= {"type", "title", "status", "detail", "code", "retryable"}
    assert body["status"] == status
    if detail is not None:
        assert body["detail"] == detail


def test_a_first_sync_streams_every_event_then_the_token_then_complete(site: Site, alice: Person) -> None:
    made = [insert(site, ALICE, summary=f"Event {n}") for n in range(3)]
    stream = sync(alice.http, alice.calendars[ALICE])
    assert stream.status == 200
    assert words(stream) == ["events", "sync_token", "complete"]
    assert {event["id"] for event in stream.events()} == {event["id"] for event in made}
    assert stream.of("events")[0].keys() == {"calendar_id", "events"}
    assert stream.of("sync_token") == [{"calendar_id": alice.calendars[ALICE]}]
    (complete,) = stream.of("complete")
    assert complete.keys() == {"total_events", "calendars_synced", "last_sync_at"}
    assert (complete["total_events"], complete["calendars_synced"]) == (3, 1)
    assert complete["last_sync_at"].endswith("Z")
    assert dt.datetime.fromisoformat(complete["last_sync_at"]).tzinfo == dt.UTC


def test_the_headers_are_the_documented_ones(site: Site, alice: Person) -> None:
    headers = sync(alice.http, alice.calendar_id).headers
    assert headers["content-type"] == "text/event-stream"
    assert headers["cache-control"] == "no-cache"
    assert headers["connection"] == "keep-alive"
    assert headers["x-accel-buffering"] == "no"


def test_the_stream_opens_with_the_retry_time_and_progress(site: Site, alice: Person) -> None:
    stream = sync(alice.http, alice.calendar_id)
    assert stream.text.startswith("retry: 6000\n")
    assert stream.frames[0].event == "progress"
    assert isinstance(stream.frames[0].body, dict)
    assert stream.text.count("retry:") == 1


def test_every_frame_has_an_id(site: Site, alice: Person) -> None:
    stream = sync(alice.http, alice.calendar_id)
    assert stream.text.count("\nid: ") == len(stream.frames)
    assert all(frame.id for frame in stream.frames)


def test_events_stand_as_google_sent_them(site: Site, alice: Person) -> None:
    """Byte for byte, with fields nobody knows and line breaks in texts."""
    made = insert(
        site, ALICE, summary="Zeilen\n\r\nund \u2028 „Zeichen“ 🗓", description="data: x\n\nevent: complete"
    )
    sent = site.google_client(ALICE).get(f"/calendars/{ALICE}/events/{made['id']}").json()
    (event,) = sync(alice.http, alice.calendars[ALICE]).events()
    assert event == sent


def test_a_second_sync_is_incremental_and_streams_only_what_changed(site: Site, alice: Person) -> None:
    insert(site, ALICE, summary="Old")
    sync(alice.http, alice.calendars[ALICE])
    new = insert(site, ALICE, summary="New")
    site.clock.advance(5)
    stream = sync(alice.http, alice.calendars[ALICE])
    assert [event["id"] for event in stream.events()] == [new["id"]]
    assert "syncToken" in str(site.google_requests("/events")[-1]["query"])


def test_a_cancelled_event_is_streamed_as_cancelled(site: Site, alice: Person) -> None:
    made = insert(site, ALICE, summary="Off")
    sync(alice.http, alice.calendars[ALICE])
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/{made['id']}")
    site.clock.advance(5)
    (event,) = sync(alice.http, alice.calendars[ALICE]).events()
    assert (event["id"], event["status"]) == (made["id"], "cancelled")


def test_a_calendar_without_changes_still_gets_its_token_and_no_empty_frame(
    site: Site, alice: Person
) -> None:
    sync(alice.http, alice.calendars[ALICE])
    site.clock.advance(5)
    stream = sync(alice.http, alice.calendars[ALICE])
    assert words(stream) == ["sync_token", "complete"]
    assert stream.of("complete")[0]["total_events"] == 0


def test_events_come_before_the_token_of_their_calendar(site: Site, alice: Person) -> None:
    for calendar in (ALICE, TEAM):
        for n in range(4):
            insert(site, calendar, summary=str(n))
    stream = sync(alice.http, *alice.calendars.values())
    done: set[str] = set()
    for frame in stream.frames:
        if frame.event == "sync_token":
            done.add(frame.body["calendar_id"])
        if frame.event == "events":
            assert frame.body["calendar_id"] not in done
            assert frame.body["events"]
    assert done == set(alice.calendars.values())
    assert words(stream)[-1] == "complete"
    assert stream.of("complete")[0]["calendars_synced"] == 2


def test_a_frame_holds_at_most_250_events(google: RunningGoogle, tmp_path: Path) -> None:
    events = [{"id": f"many{n:05}", "summary": str(n), **AT} for n in range(620)]
    google.control("seed", {"events": {ALICE: events}})
    with running_site(google, tmp_path) as site:
        alice = site.person(ALICE)
        stream = sync(alice.http, alice.calendars[ALICE])
    sizes = [len(body["events"]) for body in stream.of("events")]
    assert max(sizes) <= 250
    assert sum(sizes) == 620 == stream.of("complete")[0]["total_events"]


def test_the_server_closes_after_complete(site: Site, alice: Person) -> None:
    stream = sync(alice.http, alice.calendar_id)
    assert stream.text.rstrip().rsplit("event: ", 1)[1].startswith("complete")


# Refusals


def test_401_comes_before_400_and_429(site: Site, alice: Person) -> None:
    assert_refused(site.client().get("/calendar/sync"), 401)
    sync(alice.http, alice.calendar_id)
    assert_refused(site.client("wrong").get(f"/calendar/sync?calendar_ids={alice.calendar_id}"), 401)


def test_400_comes_before_429(site: Site, alice: Person) -> None:
    sync(alice.http, alice.calendar_id)
    assert_refused(alice.http.get("/calendar/sync"), 400)


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?calendar_ids=",
        "?calendar_ids=,",
        "?calendar_ids=,,a",
        "?calendar_ids=a,",
        "?calendar_ids=%20",
        "?calendar_ids=a,%20b",
        "?calendar_ids=a&calendar_ids=b",
        "?calendar_ids=" + "x" * 129,
        "?calendar_ids=alice@example.com",
        "?calendar_ids=a%0d%0ab",
        "?calendar_ids=%3C/script%3E",
        "?calendar_ids=%F0%9F%93%85",
        "?calendar_ids='%20OR%201=1",
        "?calendar_ids=a%00b",
        "?calendar_ids=" + ",".join(f"cal_{n}" for n in range(21)),
        "?calendar_ids=" + "," * 60_000,
    ],
)
def test_malformed_calendar_ids_are_refused(site: Site, alice: Person, query: str) -> None:
    assert_refused(alice.http.get(f"/calendar/sync{query}"), 400)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html;q=0.1", ""])
def test_a_stream_comes_whatever_is_said_to_be_accepted(site: Site, alice: Person, accept: str) -> None:
    stream = sync(alice.http, alice.calendar_id, Accept=accept)
    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")


def test_a_refused_request_does_not_consume_the_cooldown(site: Site, alice: Person) -> None:
    alice.http.get("/calendar/sync?calendar_ids=")
    site.client("wrong").get("/calendar/sync?calendar_ids=a")
    assert sync(alice.http, alice.calendar_id).status == 200


def test_duplicates_collapse_before_they_are_counted(site: Site, alice: Person) -> None:
    ids = [f"cal_{n}" for n in range(20)] * 3
    stream = sync(alice.http, *ids)
    assert stream.status == 200
    assert [error["calendar_id"] for error in stream.of("sync_error")] == ids[:20]


def test_the_cooldown_is_five_seconds_per_user(site: Site, alice: Person, bob: Person) -> None:
    site.clock.stop()
    sync(alice.http, alice.calendar_id)
    refused = alice.http.get(f"/calendar/sync?calendar_ids={alice.calendar_id}")
    assert_refused(refused, 429, "Sync rate limit exceeded. Please wait before syncing again.")
    assert 1 <= int(refused.headers["retry-after"]) <= 5
    assert refused.json()["retryable"] is True
    assert sync(bob.http, bob.calendar_id).status == 200
    site.clock.advance(4.5)
    refused = alice.http.get(f"/calendar/sync?calendar_ids={alice.calendar_id}")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    site.clock.advance(0.5)
    assert sync(alice.http, alice.calendar_id).status == 200


def test_the_body_of_a_429_names_the_seconds_too(site: Site, alice: Person) -> None:
    site.clock.stop()
    sync(alice.http, alice.calendar_id)
    refused = alice.http.get(f"/calendar/sync?calendar_ids={alice.calendar_id}")
    assert refused.json()["retry_after_s"] == int(refused.headers["retry-after"])
    assert "retry_after_s" not in alice.http.get("/calendar/sync").json()


def test_a_mistyped_id_does_not_cost_the_cooldown(site: Site, alice: Person) -> None:
    mistyped = sync(alice.http, "cal_nope")
    assert [error["code"] for error in mistyped.of("sync_error")] == ["404"]
    assert sync(alice.http, alice.calendar_id).status == 200


def test_a_mistyped_id_waits_for_the_cooldown_without_prolonging_it(site: Site, alice: Person) -> None:
    site.clock.stop()
    sync(alice.http, alice.calendar_id)
    site.clock.advance(4.0)
    assert_refused(alice.http.get("/calendar/sync?calendar_ids=cal_nope"), 429)
    site.clock.advance(1.0)
    assert sync(alice.http, "cal_nope").status == 200
    assert sync(alice.http, alice.calendar_id).status == 200


def test_the_cursor_of_events_stays_until_something_changes(site: Site, alice: Person) -> None:
    def cursor() -> str:
        return alice.http.get("/calendar/events?maxResults=1").json()["cursor"]

    sync(alice.http, alice.calendars[ALICE])
    before = cursor()
    site.clock.advance(6)
    sync(alice.http, alice.calendars[ALICE])
    assert cursor() == before
    insert(site, ALICE, summary="New")
    site.clock.advance(6)
    sync(alice.http, alice.calendars[ALICE])
    assert cursor() != before


def test_of_many_at_once_one_is_accepted(site: Site, alice: Person) -> None:
    site.clock.stop()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(
            pool.map(lambda _: sync(site.client(alice.token), alice.calendar_id).status, range(8))
        )
    assert sorted(statuses) == [200] + [429] * 7


def test_a_person_may_hold_only_so_many_streams(
    site: Site, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calferry.web.open_streams.STREAMS_PER_USER_MAX", 0)
    refused = alice.http.get(f"/calendar/sync?calendar_ids={alice.calendar_id}")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
    monkeypatch.undo()
    assert sync(alice.http, alice.calendar_id).status == 200


def test_a_process_holds_only_so_many_streams(
    site: Site, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calferry.web.open_streams.STREAMS_MAX", 0)
    refused = alice.http.get(f"/calendar/sync?calendar_ids={alice.calendar_id}")
    assert (refused.status_code, refused.json()["code"]) == (503, "streams_full")
    assert refused.headers["retry-after"] == "30"
    monkeypatch.undo()
    assert sync(alice.http, alice.calendar_id).status == 200


# Errors of single calendars


def test_unknown_and_foreign_calendars_look_alike(site: Site, alice: Person, bob: Person) -> None:
    foreign = bob.calendar_id
    stream = sync(alice.http, foreign, "cal_unknown", alice.calendar_id)
    errors = {error.pop("calendar_id"): error for error in stream.of("sync_error")}
    assert errors.keys() == {foreign, "cal_unknown"}
    assert errors[foreign] == errors["cal_unknown"]
    assert errors[foreign]["code"] == "404"
    assert errors[foreign]["retryable"] is False
    assert foreign not in errors[foreign]["message"]
    assert stream.of("complete")[0]["calendars_synced"] == 1
    assert not site.google_requests("bob")


def test_complete_comes_even_if_every_calendar_failed(site: Site, alice: Person) -> None:
    stream = sync(alice.http, "cal_unknown")
    assert words(stream) == ["sync_error", "complete"]
    assert stream.of("complete") == [{"total_events": 0, "calendars_synced": 0, "last_sync_at": None}]


def fault(site: Site, action: str, times: int = 50, method: str = "events.list") -> None:
    site.google.control("faults", {"faults": [{"method": method, "times": times, "action": action}]})


def only_error(site: Site, alice: Person) -> dict:
    stream = sync(alice.http, alice.calendars[ALICE])
    (error,) = stream.of("sync_error")
    assert error.keys() == {"calendar_id", "code", "message", "retryable"}
    assert error["calendar_id"] == alice.calendars[ALICE]
    assert isinstance(error["code"], str)
    assert words(stream) == ["sync_error", "complete"]
    return error


def test_access_denied_is_403_and_retryable(site: Site, alice: Person) -> None:
    fault(site, "return-403:forbidden")
    error = only_error(site, alice)
    assert (error["code"], error["retryable"]) == ("403", True)


def test_an_expired_sync_token_is_followed_by_a_full_sync(site: Site, alice: Person) -> None:
    insert(site, ALICE, summary="Kept")
    sync(alice.http, alice.calendars[ALICE])
    site.google.control("expire-sync-tokens", {})
    new = insert(site, ALICE, summary="New")
    site.clock.advance(5)
    stream = sync(alice.http, alice.calendars[ALICE])
    assert [event["id"] for event in stream.events()] == [new["id"]]
    assert words(stream) == ["events", "sync_token", "complete"]


def test_an_expired_access_token_is_refreshed(site: Site, alice: Person) -> None:
    sync(alice.http, alice.calendars[ALICE])
    fault(site, "return-401", times=1)
    site.clock.advance(5)
    assert words(sync(alice.http, alice.calendars[ALICE])) == ["sync_token", "complete"]


def test_a_dead_grant_is_401_and_google_is_not_asked(site: Site, alice: Person) -> None:
    site.google.control("revoke", {"email": ALICE})
    error = only_error(site, alice)
    assert (error["code"], error["retryable"]) == ("401", False)
    asked = len(site.google_requests())
    site.clock.advance(5)
    assert only_error(site, alice)["code"] == "401"
    assert len(site.google_requests()) == asked


# The end of time, and coming back


@pytest.mark.usefixtures("hasty")
def test_after_300_seconds_the_stream_says_timed_out_and_ends(site: Site, alice: Person) -> None:
    made = insert(site, ALICE)
    fault(site, "stall-2500", times=1)
    address = f"/calendar/sync?calendar_ids={alice.calendars[ALICE]}"
    with alice.http.stream("GET", address) as response:
        chunks = response.iter_text()
        text = next(chunks)
        site.clock.advance(301)
        frames = read_frames(text + "".join(chunks))
    assert [frame.event for frame in frames] == ["progress", "sync_error"]
    assert frames[-1].data == '{"code":"408","message":"Sync timed out"}'
    again = sync(alice.http, alice.calendars[ALICE], last_event_id=frames[-1].id)
    assert words(again) == ["events", "sync_token", "complete"]
    assert [event["id"] for event in again.events()] == [made["id"]]


@pytest.mark.usefixtures("hasty")
def test_a_quiet_stream_says_every_15_seconds_that_it_is_alive(site: Site, alice: Person) -> None:
    fault(site, "stall-2500", times=1)
    with alice.http.stream("GET", f"/calendar/sync?calendar_ids={alice.calendars[ALICE]}") as response:
        chunks = response.iter_text()
        next(chunks)
        site.clock.advance(16)
        assert next(chunks) == ": keep-alive\n\n"


@pytest.mark.usefixtures("hasty")
def test_a_stream_ends_when_its_token_is_revoked(site: Site, alice: Person) -> None:
    fault(site, "stall-4000", times=1)
    token_id = alice.http.get("/auth/tokens").json()["tokens"][0]["id"]
    with site.client(alice.token).stream(
        "GET", f"/calendar/sync?calendar_ids={alice.calendars[ALICE]}"
    ) as response:
        chunks = response.iter_text()
        text = next(chunks)
        assert alice.http.delete(f"/auth/tokens/{token_id}").status_code == 204
        site.clock.advance(16)
        text += "".join(chunks)
    assert [frame.event for frame in read_frames(text)] == ["progress"]


@pytest.mark.usefixtures("hasty")
def test_a_stream_that_always_has_something_to_tell_ends_with_its_token_too(
    site: Site, alice: Person
) -> None:
    ids = [alice.calendars[ALICE], alice.calendars[TEAM]]
    slow = [
        {"method": "events.list", "action": f"stall-{ms}", "calendar_id": calendar}
        for calendar, ms in ((ALICE, 700), (TEAM, 3_000))
    ]
    site.google.control("faults", {"faults": slow})
    token_id = alice.http.get("/auth/tokens").json()["tokens"][0]["id"]
    address = f"/calendar/sync?calendar_ids={','.join(ids)}"
    with site.client(alice.token).stream("GET", address) as response:
        chunks = response.iter_text()
        text = next(chunks)
        alice.http.delete(f"/auth/tokens/{token_id}")
        site.clock.advance(10)
        text += next(chunks)
        site.clock.advance(10)
        text += "".join(chunks)
    stream = [frame for frame in read_frames(text) if frame.event != "progress"]
    assert [(frame.event, frame.body["calendar_id"]) for frame in stream] == [("sync_token", ids[0])]


def test_a_reader_who_comes_back_goes_on_where_it_was(site: Site, alice: Person) -> None:
    for n in range(3):
        insert(site, ALICE, summary=str(n))
    whole = sync(alice.http, alice.calendars[ALICE])
    for at, frame in enumerate(whole.frames[:-1]):
        rest = sync(alice.http, alice.calendars[ALICE], last_event_id=frame.id)
        assert rest.status == 200
        assert words(rest) == [later.event for later in whole.frames[at + 1 :] if later.event != "progress"]
        assert rest.of("complete") == whole.of("complete")


def test_a_resumed_request_asks_google_nothing_when_all_is_done(site: Site, alice: Person) -> None:
    whole = sync(alice.http, alice.calendars[ALICE])
    asked = len(site.google_requests())
    sync(alice.http, alice.calendars[ALICE], last_event_id=whole.frames[0].id)
    assert len(site.google_requests()) == asked


def test_after_complete_there_is_nothing_more(site: Site, alice: Person) -> None:
    whole = sync(alice.http, alice.calendars[ALICE])
    again = sync(alice.http, alice.calendars[ALICE], last_event_id=whole.frames[-1].id)
    assert (again.status, again.text) == (204, "")


def test_any_other_id_is_a_new_request(site: Site, alice: Person, bob: Person) -> None:
    whole = sync(alice.http, alice.calendars[ALICE])
    last = whole.frames[-1].id or ""
    assert sync(bob.http, bob.calendar_id, last_event_id=last).status == 200
    for other in ("", "x", "sync_invented:1.0.0.0", "sync_invented:1.0.0.0c", "9" * 5_000, last + "x"):
        assert sync(alice.http, alice.calendars[ALICE], last_event_id=other).status == 429
    assert sync(alice.http, *alice.calendars.values(), last_event_id=last).status == 429


def test_leaving_ends_the_stream_and_not_the_run(site: Site, alice: Person) -> None:
    made = insert(site, ALICE)
    fault(site, "stall-300", times=1)
    with alice.http.stream("GET", f"/calendar/sync?calendar_ids={alice.calendars[ALICE]}") as response:
        assert response.status_code == 200
    stored = until(lambda: alice.http.get("/calendar/events").json()["items"])
    assert [event["id"] for event in stored] == [made["id"]]


def test_a_reader_who_left_before_the_first_event_resumes(site: Site, alice: Person) -> None:
    made = insert(site, ALICE)
    with alice.http.stream("GET", f"/calendar/sync?calendar_ids={alice.calendars[ALICE]}") as response:
        lines = response.iter_lines()
        first = next(line for line in lines if line.startswith("id: ")).removeprefix("id: ")
    rest = sync(alice.http, alice.calendars[ALICE], last_event_id=first)
    assert [event["id"] for event in rest.events()] == [made["id"]]
    assert words(rest) == ["events", "sync_token", "complete"]


def test_ten_calendars_are_synced_by_one_request(google: RunningGoogle, tmp_path: Path) -> None:
    calendars = [
        {"id": f"c{n}@group.calendar.google.com", "summary": f"C{n}", "owner": ALICE} for n in range(8)
    ]
    google.control("seed", {"calendars": calendars})
    with running_site(google, tmp_path) as site:
        alice = site.person(ALICE)
        stream = sync(alice.http, *alice.calendars.values())
    assert stream.of("complete")[0]["calendars_synced"] == len(alice.calendars) == 10


def test_naming_a_calendar_selects_it(site: Site, alice: Person) -> None:
    sync(alice.http, alice.calendars[ALICE])
    selected = {
        row["google_id"]: row["selected"] for row in alice.http.get("/calendar/calendars").json()["calendars"]
    }
    assert selected == {ALICE: True, TEAM: False}


def test_a_channel_is_registered_before_complete(push_site: Site) -> None:
    alice = push_site.person(ALICE)
    stream = sync(alice.http, alice.calendars[ALICE])
    assert words(stream)[-1] == "complete"
    (status,) = [
        row
        for row in alice.http.get("/calendar/sync-status").json()["calendars"]
        if row["calendar_id"] == alice.calendars[ALICE]
    ]
    assert status["channel"]["state"] == "active"


def test_sync_status_tells_when_a_calendar_was_verified(site: Site, alice: Person) -> None:
    insert(site, ALICE, id="lunch")
    sync(alice.http, alice.calendars[ALICE])

    def told() -> list[tuple[str | None, int | None]]:
        rows = alice.http.get("/calendar/sync-status").json()["calendars"]
        mine = [row for row in rows if row["calendar_id"] == alice.calendars[ALICE]]
        return [(row["verified_at"], row["verified_differences"]) for row in mine]

    assert told() == [(None, None)]
    site.run(lambda: verify_settled(site.engine, alice.calendars[ALICE]))
    ((verified_at, differences),) = told()
    assert (verified_at or "").endswith("Z")
    assert differences == 0


def test_an_unwatchable_calendar_completes_too(push_site: Site) -> None:
    alice = push_site.person(ALICE)
    push_site.google.control("watchable", {"calendar_id": ALICE, "watchable": False})
    stream = sync(alice.http, alice.calendars[ALICE])
    assert words(stream) == ["sync_token", "complete"]


def test_without_push_no_channel_is_asked_for(site: Site, alice: Person) -> None:
    sync(alice.http, alice.calendar_id)
    assert not site.google_requests("/watch")


def test_a_browser_uses_its_cookie_and_another_site_cannot(site: Site, alice: Person) -> None:
    from calferry.store import sessions

    now = site.clock.now_ms()
    site.write(lambda conn: sessions.create(conn, "s" * 43, alice.user_id, now, now + 10**9))
    browser = site.client(cookies={"calferry_session": "s" * 43})
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert sync(browser, alice.calendar_id, **foreign).status == 403
    assert sync(browser, alice.calendar_id, Origin="https://evil.example").status == 403
    assert sync(browser, alice.calendar_id, **{"Sec-Fetch-Site": "same-origin"}).status == 200


def test_the_stream_parses_whatever_a_title_holds() -> None:
    frames = read_frames(
        'id: 1\nevent: events\ndata: {"a":\ndata: 1}\n\n: comment\n\nid: 2\nevent: complete\ndata: {}\n\n'
    )
    assert [(frame.event, json.loads(frame.data), frame.id) for frame in frames] == [
        ("events", {"a": 1}, "1"),
        ("complete", {}, "2"),
    ]


def test_an_accepted_request_is_kept_as_a_row(site: Site, alice: Person) -> None:
    stream = sync(alice.http, alice.calendar_id)
    request_id = (stream.frames[0].id or "").partition(":")[0]
    row = site.read(lambda conn: sync_requests.load(conn, request_id, alice.user_id))
    assert row is not None
    assert row.completed_at is not None
    assert row.deadline_at - row.accepted_at == 300_000
