"""Rows for tests of duties, each with only what the test says; and an engine over them."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, Table, insert

from calferry.bootstrap.signals import InProcessSignals
from calferry.bootstrap.system import SystemIds
from calferry.ports import CalendarSource, OAuth, Store, Vault
from calferry.store.tables import accounts, calendars, channels, events, sync_states, users
from calferry.sync.engine import Engine

NOW = 1_800_000_000_000
HOUR = 3_600_000


@dataclass
class StillClock:
    """Stands where it is put."""

    now: int = NOW
    lease: int = 1_000_000
    boot: str = "boot-1"

    def now_ms(self) -> int:
        return self.now

    def lease_ms(self) -> int:
        return self.lease

    def boot_id(self) -> str:
        return self.boot

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody sleeps here, least of all {seconds} s")


@dataclass
class StopsChannels:
    """The part of Google that duties call themselves: stopping channels."""

    failure: Exception | None = None
    stopped: list[tuple[str, str]] = field(default_factory=list)

    async def stop_channel(self, channel_id: str, resource_id: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.stopped.append((channel_id, resource_id))


def engine_over(store: Store, clock: StillClock | None = None, google: object | None = None) -> Engine:
    return Engine(
        owner="this process",
        store=store,
        clock=clock or StillClock(),
        ids=SystemIds(),
        dice=random.Random(7),
        vault=cast(Vault, None),
        signals=InProcessSignals(),
        oauth=cast(OAuth, None),
        source=cast(Callable[[str], CalendarSource], lambda account_id: google),
        webhook_address="http://127.0.0.1:1/api/webhooks/google-calendar",
    )


def add(connection: Connection, table: Table, **values: Any) -> None:
    connection.execute(insert(table).values(values))


def add_account(connection: Connection, account_id: str = "acc_1", **values: Any) -> None:
    user = {"email": f"{account_id}@example.com", "created_at": NOW}
    user_id = connection.execute(insert(users).values(user)).inserted_primary_key[0]  # type: ignore[index]
    given = {"user_id": user_id, "email": user["email"], "status": "active", "scopes": "", "created_at": NOW}
    add(connection, accounts, id=account_id, **(given | values))


def add_calendar(connection: Connection, calendar_id: str, account_id: str = "acc_1", **state: Any) -> None:
    """A selected calendar with its state row. Values named like columns of `calendars` go there."""
    calendar = {
        "user_id": 1,
        "account_id": account_id,
        "google_id": calendar_id,
        "summary": calendar_id,
        "access_role": "owner",
        "mode": "series",
        "push": "unknown",
        "raw": "{}",
        "selected": True,
        "created_at": NOW,
    }
    calendar |= {name: state.pop(name) for name in list(state) if name in calendars.c}
    add(connection, calendars, id=calendar_id, **calendar)
    add_state(connection, calendar_id, account_id, **state)


def add_state(connection: Connection, state_id: str, account_id: str, **values: Any) -> None:
    given = {"user_id": 1, "account_id": account_id, "kind": "events", "status": "idle"}
    add(connection, sync_states, id=state_id, **(given | values))


def add_channel(connection: Connection, channel_id: str, resource: str, **values: Any) -> None:
    given = {
        "user_id": 1,
        "account_id": "acc_1",
        "resource": resource,
        "state": "active",
        "token_hash": b"",
        "resource_id": "res-1",
        "expires_at": NOW + 7 * 24 * HOUR,
        "renew_at": NOW + 6 * 24 * HOUR,
        "created_at": NOW - HOUR,
    }
    add(connection, channels, id=channel_id, **(given | values))


def add_event(connection: Connection, event_id: str, projection_id: int = 1, **values: Any) -> None:
    given = {
        "user_id": 1,
        "projection_id": projection_id,
        "event_id": event_id,
        "status": "confirmed",
        "recurring": False,
        "generation": 1,
        "change_id": 1,
        "raw": "{}",
    }
    add(connection, events, **(given | values))
