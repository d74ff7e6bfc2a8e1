"""One service over one local Google, on a virtual loop."""

import asyncio
import json
import random
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from calferry import google
from calferry.bootstrap.signals import InProcessSignals
from calferry.core.google_account import Grant, Identity
from calferry.core.model import AccountId
from calferry.core.scopes import ASKED
from calferry.emulator import Emulator, Request
from calferry.ports import CalendarSource
from calferry.store.tables import calendars
from calferry.sync.accounts import connect
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.credentials import Credentials
from calferry.sync.engine import Engine, Intervals
from calferry.sync.google_oauth import GoogleSignIn
from calferry.sync.google_source import GoogleSource
from calferry.sync.push_messages import receive
from tests.harness.databases import guarded_store
from tests.harness.ports import CountedIds, PlainVault, VirtualClock
from tests.harness.wire import InProcessTransport

WEBHOOK = "http://127.0.0.1:9/api/webhooks/google-calendar"
GOOGLE = "http://127.0.0.1:8001"
ENDPOINTS = google.Endpoints(
    api_url=GOOGLE,
    auth_url=f"{GOOGLE}/o/oauth2/v2/auth",
    token_url=f"{GOOGLE}/token",
    revoke_url=f"{GOOGLE}/revoke",
    certs_url=f"{GOOGLE}/oauth2/v3/certs",
    userinfo_url=f"{GOOGLE}/v1/userinfo",
)


class LocalGoogle:
    """The local Google, spoken to as its owner would."""

    def __init__(
        self, clock: VirtualClock, dice: random.Random, seed: Mapping[str, Any] | None = None
    ) -> None:
        self.emulator = Emulator(clock.now, dice, [dict(seed)] if seed else [])
        self.tokens: dict[str, str] = {}

    def call(self, method: str, path: str, body: Any = None, *, user: str = "") -> Any:
        """One request as that user; the parsed answer, or None for an empty one. Raises `AssertionError` on 4xx."""
        status, answer = self.ask(method, path, body, user=user)
        assert status < 400, (method, path, status, answer)
        return answer

    def ask(self, method: str, path: str, body: Any = None, *, user: str = "") -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.token(user)}"} if user else {}
        sent = b"" if body is None else json.dumps(body).encode()
        headers["content-type"] = "application/json"
        response = self.emulator.handle(Request.of(method, path, headers, sent))
        return response.status, json.loads(response.body) if response.body else None

    def token(self, user: str) -> str:
        known = self.tokens.get(user, "")
        if known not in self.emulator.world.oauth.access_tokens or self.is_old(known):
            known = self.tokens[user] = self.fresh_token(user)
        return known

    def is_old(self, token: str) -> bool:
        return self.emulator.world.oauth.access_tokens[token].expires_at <= self.emulator.now() + 60

    def fresh_token(self, user: str) -> str:
        scopes = [*ASKED, "https://www.googleapis.com/auth/calendar"]
        _, answer = self.ask("POST", "/_emulator/tokens", {"email": user, "scopes": scopes})
        return str(answer["access_token"])

    def grant(self, user: str) -> Grant:
        """A grant as the consent page would give it."""
        _, answer = self.ask("POST", "/_emulator/tokens", {"email": user, "scopes": list(ASKED)})
        issued_at = int(self.emulator.now())
        identity = Identity(f"sub-{user}", user, email_verified=True, issued_at=issued_at)
        return Grant(identity, user, frozenset(ASKED), answer["refresh_token"])

    def faults(self, *faults: Mapping[str, Any]) -> None:
        self.call("POST", "/_emulator/faults", {"faults": list(faults)})

    def requests(self, api_method: str = "") -> list[dict[str, Any]]:
        noted = list(self.emulator.requests)
        return [one for one in noted if not api_method or one["api_method"] == api_method]


class Service:
    """The engine on an empty database, talking to a local Google."""

    def __init__(
        self,
        google_side: LocalGoogle,
        clock: VirtualClock,
        dice: random.Random,
        *,
        store: Any = None,
        owner: str = "service",
        webhook: str | None = WEBHOOK,
        latency_s: float = 0.0,
        transport: google.Transport | None = None,
        intervals: Intervals | None = None,
    ) -> None:
        self.google = google_side
        self.clock = clock
        self.dice = dice
        self.store = store or guarded_store()
        self.transport: Any = transport or InProcessTransport(google_side.emulator, latency_s)
        oauth = GoogleSignIn(
            google.GoogleOAuth(self.transport, "demo-client", "demo-secret", clock, dice, ENDPOINTS)
        )
        self.credentials = Credentials(owner, self.store, PlainVault(), oauth, clock, dice)
        self.engine = Engine(
            owner=owner,
            store=self.store,
            clock=clock,
            ids=CountedIds(dice),
            dice=dice,
            vault=PlainVault(),
            signals=InProcessSignals(),
            oauth=oauth,
            source=self.source,
            webhook_address=webhook,
            intervals=intervals or Intervals(),
        )

    def source(self, account_id: AccountId) -> CalendarSource:
        tokens = self.credentials.of(account_id)
        client = google.GoogleCalendar(self.transport, tokens, self.clock, self.dice, ENDPOINTS)
        return GoogleSource(client)

    async def sign_in(self, user: str = "alice@example.com") -> str:
        """Connect the user's account and list its calendars; the account's id."""
        connected = await connect(self.engine, self.google.grant(user))
        report = await refresh_calendar_list(self.engine, connected.account_id)
        assert report.error is None, report
        return connected.account_id

    async def calendar_id(self, google_id: str) -> str:
        """Our id of a calendar."""
        found = select(calendars.c.id).where(calendars.c.google_id == google_id)
        return str(await self.store.read(lambda tx: tx.execute(found).scalar_one()))

    async def deliver(self) -> int:
        """Post every notification that waits, as Google would; returns how many."""
        count = 0
        for delivery in self.google.emulator.take_deliveries():
            notification = google.read_notification(delivery.headers)
            assert notification is not None
            await receive(self.engine, notification)
            self.google.emulator.delivered(delivery, 200)
            count += 1
        return count

    async def rows(self, statement: Any) -> list[Any]:
        """Whatever a statement selects."""
        return list(await self.store.read(lambda tx: tx.execute(statement).all()))


async def settled() -> None:
    """Let every task that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)
