"""Floods a real `calferry serve` with notifications, and looks whether each was answered and none was lost.

Two shapes: a burst (20,000 in 5 seconds for 200 calendars), then a steady rate (1,000 a second for a minute). Events are
renamed at the local Google all the while, and in the end the mirror has to be equal.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bench.server import PROJECT
from bench.site import Amounts, Service, pinned, serving
from bench.usage import cpu_s, load

PUSH_PATH = "/api/webhooks/google-calendar"
RUNS_MAX = 7
SETTLED_WITHIN_S = 60.0
LIST_METHOD = "events.list"


@dataclass(frozen=True, slots=True)
class Shape:
    name: str
    rate: int
    seconds: float
    connections: int
    answered_within_s: float


def push(channel: Any, number: int, host: str) -> str:
    """A notification as Google sends it."""
    headers = {
        "Host": host,
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Token": channel.token,
        "X-Goog-Message-Number": number,
        "X-Goog-Resource-ID": channel.resource.id,
        "X-Goog-Resource-State": "exists",
        "X-Goog-Resource-URI": channel.resource.uri,
        "Content-Length": 0,
    }
    return f"POST {PUSH_PATH} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"


def watched_calendars(service: Service) -> dict[str, Any]:
    """Google's ids of the calendars, and the channel of each."""
    known = {google_id for person in service.people for google_id in person.google_ids}
    found = {
        calendar_in(channel.resource.uri): channel
        for channel in service.google.emulator.world.channels.open.values()
    }
    return {google_id: found[google_id] for google_id in sorted(known)}


def calendar_in(address: str) -> str:
    parts = urlsplit(address).path.split("/")
    return unquote(parts[parts.index("calendars") + 1]) if "calendars" in parts else ""


def flood(service: Service, shape: Shape, core: int | None) -> dict[str, Any]:
    """One shape of load, what was measured, and what was wrong."""
    channels = watched_calendars(service)
    service.google.control("push", {"mode": "drop"})
    service.google.emulator.requests.clear()
    host = urlsplit(service.url).netloc
    plan = {
        "address": host,
        "requests": [push(channel, number, host) for number, channel in enumerate(channels.values(), 2)],
        "rate": shape.rate,
        "seconds": shape.seconds,
        "connections": shape.connections,
    }
    cpu = cpu_s(service.process.pid)
    over = threading.Event()
    editing = threading.Thread(target=rename_events, args=(service, list(channels), over, shape.name))
    editing.start()
    sender = [*pinned(core), sys.executable, "-m", "bench.arrivals"]
    try:
        done = subprocess.run(
            sender, check=False, input=json.dumps(plan) + "\n", capture_output=True, text=True, cwd=PROJECT
        )
    finally:
        over.set()
        editing.join()
    if done.returncode:
        raise RuntimeError(f"the sender failed: {done.stderr}")
    found: dict[str, Any] = {"shape": shape.name, **json.loads(done.stdout)}
    found["service_cpu_s"] = round(cpu_s(service.process.pid) - cpu, 2)
    found["settled"] = service.settled(SETTLED_WITHIN_S)
    return judged(service, shape, list(channels), found)


def rename_events(service: Service, google_ids: list[str], over: threading.Event, name: str) -> None:
    """One rename after another, while notifications arrive that tell of them."""
    turn = 0
    while not over.wait(0.02):
        service.edit(google_ids[turn % len(google_ids)], "event00000", f"{name} {turn}")
        turn += 1


def judged(service: Service, shape: Shape, google_ids: list[str], found: dict[str, Any]) -> dict[str, Any]:
    runs: dict[str, list[float]] = {google_id: [] for google_id in google_ids}
    for request in list(service.google.emulator.requests):
        if request["api_method"] == LIST_METHOD:
            runs[calendar_in("http://x" + request["path"])].append(request["at"])
    last = found.pop("last_sent")
    behind = [gid for gid, at in zip(google_ids, last, strict=False) if not runs[gid] or max(runs[gid]) < at]
    found["runs_of_a_calendar_max"] = max(len(of_one) for of_one in runs.values())
    found["runs"] = sum(len(of_one) for of_one in runs.values())
    found["equal"] = service.is_equal()
    wrong = []
    if set(found["statuses"]) != {"200"} or found["statuses"]["200"] != found["sent"]:
        wrong.append(f"not every notification was answered 200: {found['statuses']}")
    if found["seconds_until_all_answered"] > shape.answered_within_s:
        wrong.append(f"the last answer came after {found['seconds_until_all_answered']} s")
    if shape.name == "burst" and found["runs_of_a_calendar_max"] > RUNS_MAX:
        wrong.append(f"a calendar was run {found['runs_of_a_calendar_max']} times")
    if behind:
        wrong.append(f"{len(behind)} calendars had no run after their last notification")
    if not found["settled"] or not found["equal"]:
        wrong.append("the mirror is not equal to Google")
    return found | {"wrong": wrong}


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.webhook", description=__doc__)
    parser.add_argument("--database-url", default="", help="an SQLite file of its own without it")
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--calendars", type=int, default=20, help="of each person (20)")
    parser.add_argument("--events", type=int, default=20, help="of each calendar (20)")
    parser.add_argument("--burst-rate", type=int, default=4_000)
    parser.add_argument("--burst-seconds", type=float, default=5.0, help="0: no burst")
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="0: no steady rate")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--service-core", type=int, help="the core that the service alone uses (taskset)")
    parser.add_argument("--sender-core", type=int)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    asked = read_options(arguments)
    amounts = Amounts(asked.people, asked.calendars, asked.events)
    shapes = [
        Shape("burst", asked.burst_rate, asked.burst_seconds, asked.connections, 10.0),
        Shape("steady", asked.rate, asked.seconds, asked.connections, asked.seconds + 5.0),
    ]
    wrong = False
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(amounts, Path(folder), asked.database_url, asked.service_core) as service,
    ):
        for shape in (shape for shape in shapes if shape.seconds):
            found = flood(service, shape, asked.sender_core)
            print(json.dumps(found | {"load_average": load()}), flush=True)
            wrong = wrong or bool(found["wrong"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
