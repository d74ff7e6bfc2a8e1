"""How fast the local Google lists: 10,000 events in pages of 2,500, over HTTP on loopback.

Usage: .venv/bin/python -m bench.listing [--events 10000] [--page-size 2500] [--rounds 7]

The local Google runs in a process of its own. Cold is the first listing after the events were made, warm the
median of those after it. Nothing but reading the bytes is timed at the client's side.
"""

import argparse
import asyncio
import gzip
import http.client
import json
import multiprocessing
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import urlencode

from calferry.emulator.server import serve
from calferry.emulator.world.sample import sample_events

PERSON = "alice@example.com"
START_TIMEOUT_S = 30
FORMS = {
    "compact, gzip": ({"prettyPrint": "false"}, {"Accept-Encoding": "gzip", "User-Agent": "bench (gzip)"}),
    "compact": ({"prettyPrint": "false"}, {}),
    "as printed by default": ({}, {}),
}


@dataclass(frozen=True, slots=True)
class Amounts:
    events: int
    page_size: int
    rounds: int


def run_google(told: Connection) -> None:
    asyncio.run(serve(port=0, on_ready=lambda google: told.send(google.url)))


@contextmanager
def running_google() -> Iterator[http.client.HTTPConnection]:
    """A connection to a local Google in a process that ends with the block."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=run_google, args=(there,), daemon=True)
    process.start()
    try:
        if not here.poll(START_TIMEOUT_S):
            raise RuntimeError("the local Google did not start")
        yield http.client.HTTPConnection(here.recv().removeprefix("http://"), timeout=60)
    finally:
        process.terminate()
        process.join()


def control(google: http.client.HTTPConnection, name: str, body: Any) -> Any:
    google.request("POST", f"/_emulator/{name}", json.dumps(body))
    return json.loads(google.getresponse().read())


def listing(
    google: http.client.HTTPConnection, query: dict[str, Any], headers: dict[str, str]
) -> list[bytes]:
    """The bodies of all pages, as they came."""
    bodies: list[bytes] = []
    page: dict[str, str] = {}
    while True:
        google.request(
            "GET", f"/calendar/v3/calendars/primary/events?{urlencode(query | page)}", headers=headers
        )
        bodies.append(google.getresponse().read())
        token = next_page_token(bodies[-1])
        if not token:
            return bodies
        page = {"pageToken": token}


def next_page_token(body: bytes) -> str:
    """Taken from the head of the page, which stands before the items."""
    text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    head, _, _ = text.partition(b'"items"')
    _, _, rest = head.partition(b'"nextPageToken":')
    return rest.split(b'"')[1].decode() if rest else ""


def count(bodies: list[bytes]) -> int:
    texts = (gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body for body in bodies)
    return sum(len(json.loads(text)["items"]) for text in texts)


def measure(amounts: Amounts, query: dict[str, Any], headers: dict[str, str]) -> list[float]:
    """Seconds of each listing; the first is cold. The world is made anew, so that nothing is kept of another form."""
    with running_google() as google:
        events = sample_events(random.Random(1), amounts.events, time.time(), "Europe/Berlin")
        control(google, "seed", {"events": {PERSON: events}})
        token = control(google, "tokens", {"email": PERSON})["access_token"]
        headers = {**headers, "Authorization": f"Bearer {token}"}
        found: list[float] = []
        bodies: list[bytes] = []
        for _ in range(amounts.rounds + 1):
            began = time.perf_counter()
            bodies = listing(google, {**query, "maxResults": amounts.page_size}, headers)
            found.append(time.perf_counter() - began)
        if count(bodies) != amounts.events:
            raise RuntimeError(f"{count(bodies)} events came instead of {amounts.events}")
        return found


def amounts_asked_for() -> Amounts:
    parser = argparse.ArgumentParser(
        prog="python -m bench.listing", description="How fast the local Google lists."
    )
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--page-size", type=int, default=2500)
    parser.add_argument("--rounds", type=int, default=7)
    return Amounts(**vars(parser.parse_args()))


def main() -> None:
    amounts = amounts_asked_for()
    print(f"{amounts.events} events in pages of {amounts.page_size}; events per second")
    print(f"{'form':24}{'cold':>10}{'warm':>10}")
    for name, (query, headers) in FORMS.items():
        cold, *warm = measure(amounts, query, headers)
        print(f"{name:24}{amounts.events / cold:10,.0f}{amounts.events / statistics.median(warm):10,.0f}")


if __name__ == "__main__":
    main()
