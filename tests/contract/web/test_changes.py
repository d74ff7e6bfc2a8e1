"""The change log: page by page, and live."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import httpx
import pytest
from sqlalchemy import Connection, func, select

from calferry.emulator.server import RunningGoogle
from calferry.store import retention
from calferry.store.tables import changes, users
from calferry.web.outbox import Outbox
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Frame, Person, Site, read_frames, sync
from tests.waiting import until

ALICE = "alice@example.com"


def put(site: Site, *titles: str) -> None:
    """Events at Google, all on one day."""
    client = site.google_client(ALICE)
    for title in titles:
        body = {"id": title, "summary": title, "start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}
        assert client.post(f"/calendars/{ALICE}/events", json=body).status_code == 200


def synced(person: Person) -> None:
    person.site.clock.advance(6)
    sync(person.http, person.calendars[ALICE])


@pytest.fixture
def stored(site: Site) -> Person:
    return site.once(alice_with_events)


def alice_with_events(site: Site) -> Person:
    alice = site.person(ALICE)
    put(site, "first0", "second0")
    synced(alice)
    return alice


def log_of(person: Person, cursor: str, **query: object) -> dict:
    answer = person.http.get("/calendar/changes", params={"cursor": cursor, **query})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_has_changed_since_a_cursor_comes_in_order_with_the_event_as_it_is_now(
    stored: Person, site: Site
) -> None:
    cursor = stored.http.get("/calendar/events", params={"maxResults": 1}).json()["cursor"]
    put(site, "third00")
    site.google_client(ALICE).patch(f"/calendars/{ALICE}/events/first0", json={"summary": "Renamed"})
    synced(stored)
    site.google_client(ALICE).delete(f"/calendars/{ALICE}/events/third00")
    synced(stored)
    found = log_of(stored, cursor)
    kinds = [(change["event_id"], change["kind"]) for change in found["changes"]]
    assert sorted(kinds[:2]) == [("first0", "updated"), ("third00", "created")]
    assert kinds[2:] == [("third00", "cancelled")]
    by_id = {change["event_id"]: change["event"] for change in found["changes"]}
    assert (by_id["first0"]["summary"], by_id["third00"]["status"]) == ("Renamed", "cancelled")
    numbers = [int(change["id"]) for change in found["changes"]]
    assert numbers == sorted(numbers)
    assert (found["cursor"], found["has_more"]) == (str(numbers[-1]), False)
    assert log_of(stored, found["cursor"]) == {"changes": [], "cursor": found["cursor"], "has_more": False}


def test_pages_of_the_log_join_without_gap_or_repetition(stored: Person) -> None:
    whole, cursor, more, seen = log_of(stored, "0"), "0", True, []
    while more:
        page = log_of(stored, cursor, maxResults=1)
        seen += page["changes"]
        cursor, more = page["cursor"], page["has_more"]
    assert seen == whole["changes"]
    assert {change["kind"] for change in seen} >= {"created", "calendar_added"}
    assert all(change["event"] is None for change in seen if change["kind"] == "calendar_added")


@ON_SHARED_SITE
def test_without_a_cursor_the_log_begins_now(stored: Person) -> None:
    answer = stored.http.get("/calendar/changes").json()
    assert (answer["changes"], answer["has_more"]) == ([], False)
    assert answer["cursor"] == stored.http.get("/calendar/events").json()["cursor"]


@ON_SHARED_SITE
@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "9" * 19, "１"])
def test_a_cursor_that_is_none_is_refused(stored: Person, cursor: str) -> None:
    answer = stored.http.get("/calendar/changes", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def forget(person: Person) -> None:
    newest = person.site.read(lambda conn: conn.execute(select(func.max(changes.c.id))).scalar_one())
    person.site.write(lambda conn: retention.forget_changes(conn, person.user_id, newest))


def test_a_cursor_from_before_the_kept_log_or_from_another_one_is_gone(stored: Person) -> None:
    forget(stored)
    for cursor in ("0", "123456789"):
        answer = stored.http.get("/calendar/changes", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (410, "cursor_expired")


def test_the_log_of_others_stays_theirs(stored: Person, bob: Person) -> None:
    calendars = {change["calendar_id"] for change in log_of(bob, "0")["changes"]}
    assert calendars <= set(bob.calendars.values())


class Reader:
    """A live stream, read frame by frame."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def next(self) -> Frame:
        text = ""
        for line in self.lines:
            text += f"{line}\n"
            if not line and (frames := read_frames(text)):
                return frames[0]
        raise EOFError


@contextmanager
def streaming(person: Person, **headers: str) -> Iterator[Reader]:
    with person.http.stream("GET", "/calendar/stream", headers=headers) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        assert next(lines) == "retry: 6000"
        yield Reader(lines)


def test_changes_arrive_live_on_every_stream_and_each_once(stored: Person, site: Site) -> None:
    with ExitStack() as stack:
        readers = [stack.enter_context(streaming(stored)) for _ in range(3)]
        until(lambda: stored.site.app.state.feeds._feeds)
        put(site, "live000")
        synced(stored)
        put(site, "live001")
        synced(stored)
        for reader in readers:
            frames = [reader.next(), reader.next()]
            assert [frame.body["event_id"] for frame in frames] == ["live000", "live001"]
            assert [frame.id for frame in frames] == [frame.body["id"] for frame in frames]
            assert {frame.event for frame in frames} == {"change"}
            assert frames[0].body["event"]["summary"] == "live000"


def test_a_reader_who_comes_back_misses_nothing(stored: Person, site: Site) -> None:
    position = stored.http.get("/calendar/changes").json()["cursor"]
    put(site, *(f"missed0{n}" for n in range(4)))
    synced(stored)
    with streaming(stored, **{"Last-Event-ID": position}) as reader:
        seen = [reader.next() for _ in range(4)]
        assert {frame.body["event_id"] for frame in seen} == {f"missed0{n}" for n in range(4)}
        put(site, "andlive")
        synced(stored)
        assert reader.next().body["event_id"] == "andlive"


def test_a_reader_whose_place_is_forgotten_is_told_to_begin_anew(stored: Person, site: Site) -> None:
    forget(stored)
    with streaming(stored, **{"Last-Event-ID": "0"}) as reader:
        frame = reader.next()
        assert (frame.event, frame.id) == ("reset", frame.body["cursor"])
        assert log_of(stored, frame.body["cursor"])["changes"] == []
        put(site, "after00")
        synced(stored)
        assert reader.next().body["event_id"] == "after00"


def write_beside(conn: Connection, person: Person) -> None:
    """As another process would: nobody in this one is woken."""
    conn.execute(
        users.update().where(users.c.id == person.user_id).values(change_head=users.c.change_head + 1)
    )
    head = conn.execute(select(users.c.change_head).where(users.c.id == person.user_id)).scalar_one()
    row = {"user_id": person.user_id, "id": head, "calendar_id": person.calendar_id, "event_id": "elsewhere"}
    conn.execute(changes.insert().values(**row, kind="updated", at=1))


def test_what_another_process_writes_is_told_within_seconds(stored: Person) -> None:
    with streaming(stored) as reader:
        until(lambda: stored.site.app.state.feeds._feeds)
        stored.site.write(lambda conn: write_beside(conn, stored))
        frame = reader.next()
        assert (frame.body["event_id"], frame.body["event"]) == ("elsewhere", None)


def test_the_last_stream_of_a_person_leaves_no_feed_behind(stored: Person) -> None:
    with streaming(stored):
        until(lambda: stored.site.app.state.feeds._feeds)
    until(lambda: not stored.site.app.state.feeds._feeds)


def test_streams_are_counted_and_limited_and_never_opened_by_head(
    stored: Person, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calferry.web.open_streams.STREAMS_PER_USER_MAX", 1)
    with streaming(stored):
        until(lambda: stored.site.app.state.feeds._feeds)
        answer = stored.http.get("/calendar/stream")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    assert stored.http.head("/calendar/stream").status_code == 405


@ON_SHARED_SITE
@pytest.mark.parametrize("path", ["/calendar/changes", "/calendar/stream"])
def test_strangers_are_refused(site: Site, path: str) -> None:
    assert site.client().get(path).status_code == 401


def test_a_stream_ends_when_its_token_does(
    stored: Person, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calferry.web.changes.COMMENT_EVERY_S", 0.05)
    with streaming(stored) as reader:
        tokens = stored.http.get("/auth/tokens").json()["tokens"]
        assert stored.http.delete(f"/auth/tokens/{tokens[0]['id']}").status_code in (200, 204)
        with pytest.raises(EOFError):
            reader.next()


def test_a_reader_who_takes_nothing_is_let_go_and_slows_nobody(
    stored: Person, site: Site, google: RunningGoogle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calferry.web.event_stream.Outbox", partial(Outbox, stalled_s=0.5))
    day = {"start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}
    big = [{"id": f"big{n:05}", "summary": "x" * 200_000} | day for n in range(60)]

    def listeners() -> int:
        return sum(len(feed.listeners) for feed in site.app.state.feeds._feeds.values())

    with (
        httpx.Client(base_url=site.url, headers=stored.http.headers, trust_env=False) as other,
        other.stream("GET", "/calendar/stream") as stuck,
        streaming(stored) as reader,
    ):
        assert stuck.status_code == 200
        until(lambda: listeners() == 2)
        google.control("seed", {"events": {ALICE: big}})
        synced(stored)
        assert len({reader.next().id for _ in big}) == len(big)
        until(lambda: listeners() == 1, 20)
