"""An empty database with one account of one person."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from calferry.core.model import UserId
from calferry.store import sync_states
from calferry.store.sync_states import LeaseTerms
from calferry.store.tables import accounts, calendars, users
from tests.harness.databases import transaction

NOW = 1_790_000_000_000


@contextmanager
def database(*calendar_ids: str) -> Iterator[Connection]:
    """One connection, calendars with states that are due now."""
    with transaction() as connection:
        connection.execute(users.insert().values(email="alice@example.com", created_at=0))
        connection.execute(
            accounts.insert().values(
                id="acc_1", user_id=1, email="alice@example.com", status="active", scopes="", created_at=0
            )
        )
        sync_states.create(connection, "acc_1", UserId(1), "acc_1", "calendar_list", None)
        for calendar_id in calendar_ids:
            add_calendar(connection, calendar_id)
        yield connection


def add_calendar(connection: Connection, calendar_id: str) -> None:
    connection.execute(
        calendars.insert().values(
            id=calendar_id,
            user_id=1,
            account_id="acc_1",
            google_id=f"{calendar_id}@example.com",
            summary=calendar_id,
            access_role="owner",
            mode="series",
            push="unknown",
            raw="{}",
            created_at=0,
        )
    )
    sync_states.create(connection, calendar_id, UserId(1), "acc_1", "events", NOW)


def lease(owner: str = "one", now: int = 0, boot: str = "boot-1") -> LeaseTerms:
    return LeaseTerms(owner, boot, now)
