import asyncio
import gzip
import json
from typing import Any, cast
from urllib.parse import quote, urlencode

import pytest

from bench.upstream.answers import BREAK, without_gzip
from bench.upstream.routes import Upstream
from bench.upstream.tokens import seal, unseal
from bench.upstream.wire import Connection
from bench.upstream.world import build_calendar, recipes

RECIPE = recipes(1, events=25, changes=10, seed=3)[0]


@pytest.fixture(scope="module")
def upstream() -> Upstream:
    return Upstream({RECIPE.calendar_id: build_calendar(RECIPE)})


def get(
    upstream: Upstream, calendar: str = RECIPE.calendar_id, /, **query: object
) -> tuple[int, dict[str, Any]]:
    target = f"/calendar/v3/calendars/{quote(calendar, safe='')}/events?{urlencode(query)}"
    ready, _ = upstream.respond("GET", target, accepts_gzip=False)
    return int(ready.split(b" ", 2)[1]), json.loads(ready.partition(BREAK)[2])


def walk(upstream: Upstream, **query: str | int) -> tuple[list[dict[str, Any]], str]:
    """Return every item and the sync token, following the page tokens."""
    items: list[dict[str, Any]] = []
    while True:
        status, page = get(upstream, **query)
        assert status == 200
        items += page["items"]
        if "nextSyncToken" in page:
            return items, page["nextSyncToken"]
        query["pageToken"] = page["nextPageToken"]


def test_a_full_list_comes_in_pages_and_ends_with_a_sync_token(upstream: Upstream) -> None:
    items, token = walk(upstream, maxResults=10)
    assert len({item["id"] for item in items}) == 25
    assert unseal(token) == {"calendar": RECIPE.calendar_id, "version": 0}


def test_the_first_token_gives_the_changes_and_the_second_gives_nothing(upstream: Upstream) -> None:
    _, first = walk(upstream)
    changes, second = walk(upstream, syncToken=first)
    nothing, third = walk(upstream, syncToken=second)
    assert [len(changes), len(nothing)] == [10, 0]
    assert second == third != first


def test_tokens_stand_before_the_items(upstream: Upstream) -> None:
    for size in (10, 2500):
        for pretty in ("true", "false"):
            keys = list(get(upstream, prettyPrint=pretty, maxResults=size)[1])
            assert keys[-1] == "items"
            assert keys[-2] in {"nextPageToken", "nextSyncToken"}


def test_only_a_request_without_pretty_print_gets_compact_json(upstream: Upstream) -> None:
    target = f"/calendar/v3/calendars/{quote(RECIPE.calendar_id)}/events"
    pretty, _ = upstream.respond("GET", target, accepts_gzip=True)
    compact, _ = upstream.respond("GET", target + "?prettyPrint=false", accepts_gzip=True)
    bodies = [gzip.decompress(ready.partition(BREAK)[2]) for ready in (pretty, compact)]
    assert json.loads(bodies[0]) == get(upstream)[1]
    assert b"\n" in bodies[0]
    assert b"\n" not in bodies[1]


def test_a_page_token_holds_only_with_the_size_it_was_made_for(upstream: Upstream) -> None:
    token = get(upstream, maxResults=10)[1]["nextPageToken"]
    assert get(upstream, maxResults=10, pageToken=token)[0] == 200
    assert get(upstream, maxResults=11, pageToken=token)[0] == 400
    assert get(upstream, maxResults=10, pageToken="nonsense")[0] == 400


def test_a_sync_token_that_is_not_its_own_is_gone(upstream: Upstream) -> None:
    status, page = get(upstream, syncToken=seal(calendar="another", version=0))
    assert (status, page["error"]["errors"][0]["reason"]) == (410, "fullSyncRequired")


def test_a_sync_token_goes_with_no_other_filter(upstream: Upstream) -> None:
    token = get(upstream)[1]["nextSyncToken"]
    assert get(upstream, syncToken=token, timeMin="2026-01-01T00:00:00Z")[0] == 400


def test_an_unknown_calendar_is_not_found(upstream: Upstream) -> None:
    assert get(upstream, "nobody@example.com")[0] == 404


def test_requests_are_counted_by_what_they_asked_for() -> None:
    upstream = Upstream({RECIPE.calendar_id: build_calendar(RECIPE)})
    _, first = walk(upstream, maxResults=10)
    _, second = walk(upstream, syncToken=first)
    walk(upstream, syncToken=second)
    get(upstream, maxResults=0)
    assert upstream.counts == {"full": 3, "changes": 1, "unchanged": 1, "refused": 1}


def test_an_answer_can_lose_its_gzip() -> None:
    page = build_calendar(RECIPE).page(form=next(iter(build_calendar(RECIPE).forms)), view="full", number=0)
    assert page is not None
    head, _, body = without_gzip(page).partition(BREAK)
    assert b"gzip" not in head
    assert f"Content-Length: {len(body)}".encode() in head


class Wire:
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def set_write_buffer_limits(self, high: int) -> None: ...

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.written.append(data)


def test_requests_in_pieces_are_answered_in_order() -> None:
    connection, wire = (
        Connection(lambda method, target, gzip: (f"{method}{target}{gzip}".encode(), 0.0)),
        Wire(),
    )
    connection.connection_made(cast(asyncio.Transport, wire))
    connection.data_received(b"GET /a HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\nPOST /b HTTP/1.1\r\nContent-")
    connection.data_received(b"Length: 3\r\n\r\nab")
    assert wire.written == [b"GET/aTrue"]
    connection.data_received(b"cGET /c HTTP/1.1\r\n\r\n")
    assert wire.written[1:] == [b"POST/bFalse", b"GET/cFalse"]
