"""A local Google and a real `calferry serve` beside it, with people whose calendars are mirrored and watched."""

import asyncio
import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bench.server import PROJECT
from calferry.bootstrap.engine import opened_engine
from calferry.bootstrap.logs import configure_logs
from calferry.core.google_account import Grant, Identity
from calferry.duties.open_channels import setup_channels
from calferry.emulator import Request
from calferry.emulator.server import RunningGoogle, run_in_thread
from calferry.settings import SCOPES, Settings, load_settings
from calferry.store import api_tokens, calendars
from calferry.store.tables import calendars as calendars_table
from calferry.sync.accounts import connect
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.engine import Engine
from calferry.sync.run_many import run_many

COMMAND = [sys.executable, "-c", "from calferry.cli import main; main()"]
DAY = {"start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}
STOP_S = 15


@dataclass(frozen=True, slots=True)
class Amounts:
    people: int
    calendars: int
    """Of each person."""
    events: int
    """Of each calendar, to begin with."""


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    token: str
    google_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """`calferry serve`, and the Google it knows."""

    url: str
    google: RunningGoogle
    people: tuple[Person, ...]
    process: "subprocess.Popen[str]"
    environment: dict[str, str]

    def edit(self, google_id: str, event_id: str, title: str) -> None:
        """Somebody renames an event at Google."""
        owner = next(person.email for person in self.people if google_id in person.google_ids)
        target = f"/calendar/v3/calendars/{google_id}/events/{event_id}"
        headers = {
            "authorization": f"Bearer {google_token(self.google, owner)}",
            "content-type": "application/json",
        }
        answer = self.google.handle(
            Request.of("PATCH", target, headers, json.dumps({"summary": title}).encode())
        )
        if answer.status != 200:
            raise RuntimeError(f"the local Google refused an edit: {answer.body!r}")

    def ask(self, path: str, token: str) -> Any:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def settled(self, within_s: float) -> bool:
        """Whether every calendar became clean in time."""
        ends_at = time.monotonic() + within_s
        while time.monotonic() < ends_at:
            found = [self.ask("/calendar/sync-status", person.token)["calendars"] for person in self.people]
            if all(one["up_to_date"] for calendars in found for one in calendars if one["selected"]):
                return True
            time.sleep(0.1)
        return False

    def is_equal(self) -> bool:
        """Whether mirror and Google are equal, event by event, for everybody."""
        return all(self._verify(person.email) for person in self.people)

    def _verify(self, email: str) -> bool:
        done = subprocess.run(
            [*COMMAND, "verify", email], check=False, env=self.environment, cwd=PROJECT, capture_output=True
        )
        return done.returncode == 0


TOKENS: dict[tuple[str, str], str] = {}


def google_token(google: RunningGoogle, email: str) -> str:
    key = (google.url, email)
    if key not in TOKENS:
        TOKENS[key] = google.tokens(email)["access_token"]
    return TOKENS[key]


def seed_of(amounts: Amounts) -> dict[str, Any]:
    def calendar(person: int, number: int) -> dict[str, Any]:
        events = [{"id": f"event{n:05}", "summary": f"Event {n}"} | DAY for n in range(amounts.events)]
        return {
            "id": f"p{person}-c{number}@group.calendar.google.com",
            "summary": f"C{number}",
            "events": events,
        }

    people = [
        {
            "email": f"p{person}@example.com",
            "calendars": [calendar(person, n) for n in range(amounts.calendars)],
        }
        for person in range(amounts.people)
    ]
    return {"people": people}


def environment_for(google_url: str, url: str, folder: Path, database_url: str) -> dict[str, str]:
    ours = {
        "CALFERRY_KEYS": base64.b64encode(os.urandom(32)).decode(),
        "CALFERRY_BASE_URL": url,
        "CALFERRY_ALLOWED_EMAILS": "*",
        "CALFERRY_DATA": str(folder),
        "CALFERRY_DATABASE_URL": database_url,
        "GOOGLE_CLIENT_ID": "demo-client",
        "GOOGLE_CLIENT_SECRET": "demo-secret",
        "WEBHOOK_BASE_URL": url,
        "CALFERRY_GOOGLE_API_URL": google_url,
        "CALFERRY_GOOGLE_AUTH_URL": f"{google_url}/o/oauth2/v2/auth",
        "CALFERRY_GOOGLE_TOKEN_URL": f"{google_url}/token",
        "CALFERRY_GOOGLE_REVOKE_URL": f"{google_url}/revoke",
        "CALFERRY_GOOGLE_CERTS_URL": f"{google_url}/oauth2/v3/certs",
        "CALFERRY_GOOGLE_USERINFO_URL": f"{google_url}/oauth2/v3/userinfo",
        "NO_COLOR": "1",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALFERRY_")}
    return kept | ours


def settings_from(environment: dict[str, str]) -> Settings:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        return load_settings(None)
    finally:
        os.environ.clear()
        os.environ.update(before)


async def connect_all(settings: Settings, google: RunningGoogle, amounts: Amounts) -> tuple[Person, ...]:
    """Bring everybody's grant, mirror every calendar once and open its channel."""
    async with opened_engine(settings) as engine:
        people = [await bring(engine, google, f"p{person}@example.com") for person in range(amounts.people)]
        while (await setup_channels(engine)).created:
            pass
        return tuple(people)


async def bring(engine: Engine, google: RunningGoogle, email: str) -> Person:
    refresh_token = google.tokens(email)["refresh_token"]
    grant = Grant(Identity(f"sub-{email}", email, True), email, frozenset(SCOPES), refresh_token)
    connected = await connect(engine, grant)
    await refresh_calendar_list(engine, connected.account_id)
    token, now_ms = engine.ids.secret(), engine.clock.now_ms()
    names = {"token_id": engine.ids.new("tok"), "name": "bench", "token": token, "now_ms": now_ms}

    def select_all(conn: Any) -> list[Any]:
        api_tokens.create(conn, connected.user_id, **names)
        mine = (calendars_table.c.account_id == connected.account_id) & ~calendars_table.c.is_primary
        rows = conn.execute(select(calendars_table.c.id, calendars_table.c.google_id).where(mine)).all()
        calendars.select_for_sync(conn, [row.id for row in rows])
        return list(rows)

    rows = await engine.store.write(select_all)
    reports = await run_many(engine, [row.id for row in rows])
    if any(report.outcome != "done" for report in reports.values()):
        raise RuntimeError(f"the first sync of {email} failed")
    return Person(email, token, tuple(row.google_id for row in rows))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def serving(amounts: Amounts, folder: Path, database_url: str, core: int | None) -> Iterator[Service]:
    """`database_url` empty: an SQLite file in the folder. `core`: the one that the service may use."""
    configure_logs("warning")
    url = f"http://127.0.0.1:{free_port()}"
    with run_in_thread(seeds=[seed_of(amounts)]) as google:
        google.emulator.requests = deque()  # all of them, not the newest alone
        environment = environment_for(google.url, url, folder, database_url)
        people = asyncio.run(connect_all(settings_from(environment), google, amounts))
        with (folder / "serve.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [*pinned(core), *COMMAND, "serve", "--port", url.rpartition(":")[2], "--json"],
                env=environment,
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
            try:
                assert process.stdout is not None
                if not process.stdout.readline():
                    raise RuntimeError(f"the service did not start; {folder / 'serve.log'} says why")
                yield Service(url, google, people, process, environment)
            finally:
                process.terminate()
                process.wait(STOP_S)
                assert process.stdout is not None
                process.stdout.close()


def pinned(core: int | None) -> list[str]:
    return [] if core is None else ["taskset", "--cpu-list", str(core)]
