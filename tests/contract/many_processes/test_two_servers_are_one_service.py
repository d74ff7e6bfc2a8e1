"""It does not matter which of two servers on one PostgreSQL a request reaches."""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select, update

from calferry.bootstrap.http_server import listen, serving
from calferry.bootstrap.postgres_signals import PostgresSignals
from calferry.bootstrap.service import running
from calferry.cli.accounts import proven_grant
from calferry.emulator.server import RunningGoogle, run_in_thread
from calferry.settings import Settings, load_settings
from calferry.store import api_tokens
from calferry.store.tables import accounts, calendars
from calferry.sync.accounts import connect
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.engine import Engine
from calferry.sync.run_calendar import run_calendar
from calferry.web import sync_stream, sync_work

ALICE = "alice@example.com"
TOKEN = "a-token-of-the-test-with-enough-letters-in-it"
WITHIN_S = 30.0


@dataclass
class Server:
    """One of two, in this process, but with nothing of its own in common with the other."""

    engine: Engine
    address: str


@dataclass
class Pair:
    google: RunningGoogle
    one: Server
    two: Server
    token: str
    calendar_id: str

    def client(self, server: Server) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=server.address, headers=headers, trust_env=False, timeout=WITHIN_S)

    @property
    def sync(self) -> str:
        return f"/calendar/sync?calendar_ids={self.calendar_id}"


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    with run_in_thread() as found:
        yield found


def settings_for(google: RunningGoogle, database: str, folder: Path) -> Settings:
    url = google.url
    return load_settings(
        env_file=None,
        keys=base64.b64encode(bytes(range(32))).decode(),
        base_url="http://127.0.0.1:1",
        allowed_emails="*",
        data=folder,
        database_url=database,
        google_client_id="demo-client",
        google_client_secret="demo-secret",
        google_api_url=url,
        google_auth_url=f"{url}/o/oauth2/v2/auth",
        google_token_url=f"{url}/token",
        google_revoke_url=f"{url}/revoke",
        google_certs_url=f"{url}/oauth2/v3/certs",
        google_userinfo_url=f"{url}/oauth2/v3/userinfo",
    )


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Server]:
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        async with running(settings, worker=False) as service, serving(service.app, listener):
            yield Server(service.engine, f"http://127.0.0.1:{port}")


@pytest.fixture
async def pair(google: RunningGoogle, address: str, tmp_path: Path) -> AsyncIterator[Pair]:
    settings = settings_for(google, address, tmp_path)
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(served(settings)) for _ in range(2)]
        grant = await proven_grant(one.engine, settings, ALICE, google.tokens(ALICE)["refresh_token"])
        connected = await connect(one.engine, grant)
        await refresh_calendar_list(one.engine, connected.account_id)
        calendar_id = await two.engine.store.write(lambda tx: choose_primary(tx, connected.user_id))
        yield Pair(google, one, two, TOKEN, calendar_id)


def choose_primary(connection: Connection, user_id: int) -> str:
    api_tokens.create(connection, user_id, token_id="tok_1", name="test", token=TOKEN, now_ms=0)
    found = select(calendars.c.id).where(calendars.c.is_primary)
    return str(connection.execute(found).scalar_one())


def add_event(google: RunningGoogle, title: str) -> None:
    token = google.tokens(ALICE, "https://www.googleapis.com/auth/calendar")["access_token"]
    day = {"dateTime": "2027-03-01T15:00:00+01:00"}
    address = f"{google.url}/calendar/v3/calendars/primary/events"
    body = {"summary": title, "start": day, "end": day}
    httpx.post(address, json=body, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


async def stream_of_a_run_by_the_other(pair: Pair) -> str:
    """All frames that the first server sends while the second one does the work."""
    async with pair.client(pair.one) as client, client.stream("GET", pair.sync) as stream:
        assert stream.status_code == 200
        lines = stream.aiter_lines()
        told = [await anext(lines)]
        report = await run_calendar(pair.two.engine, pair.calendar_id)
        assert report.outcome == "done"
        async with asyncio.timeout(WITHIN_S):
            told += [line async for line in lines]
    return "\n".join(told)


async def nothing(*_: Any, **__: Any) -> dict[str, Any]:
    """The first server does no work of its own."""
    return {}


async def test_a_stream_hears_at_once_of_a_run_in_another_process(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_work, "run_many", nothing)
    monkeypatch.setattr(sync_stream, "POLL_S", 10 * WITHIN_S)
    add_event(pair.google, "Tea")
    told = await stream_of_a_run_by_the_other(pair)
    assert "Tea" in told
    assert told.index("event: sync_token") < told.index("event: complete")


async def test_a_stream_that_hears_nothing_looks_by_itself(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_work, "run_many", nothing)
    monkeypatch.setattr(PostgresSignals, "_arrived", lambda *_: None)
    monkeypatch.setattr(sync_stream, "POLL_S", 0.2)
    add_event(pair.google, "Tea")
    told = await stream_of_a_run_by_the_other(pair)
    assert "Tea" in told
    assert "event: complete" in told


async def test_one_request_in_five_seconds_whichever_server_is_asked(pair: Pair) -> None:
    async with pair.client(pair.one) as first, pair.client(pair.two) as second:
        asked = [client.get(pair.sync) for client in (first, second) * 4]
        answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [200, *[429] * 7]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {1, 2, 3, 4, 5} >= {int(answer.headers["Retry-After"]) for answer in refused}


async def test_an_expired_token_is_refreshed_once_for_all(pair: Pair) -> None:
    expired = update(accounts).values(access_expires_at=0)
    await pair.one.engine.store.write(lambda tx: tx.execute(expired))
    account_id = await pair.one.engine.store.read(lambda tx: tx.execute(select(accounts.c.id)).scalar_one())
    before = refreshes(pair.google)
    sources = [server.engine.source(account_id) for server in (pair.one, pair.two) for _ in range(4)]
    await asyncio.gather(*(source.calendar_list_page(None, None) for source in sources))
    assert refreshes(pair.google) == before + 1


def refreshes(google: RunningGoogle) -> int:
    return sum(request["path"] == "/token" for request in list(google.emulator.requests))
