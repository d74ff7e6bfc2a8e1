"""Calferry as it runs in earnest, with one account whose calendars are known and whose token is granted."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, select

from calferry.bootstrap.engine import opened_engine
from calferry.core.google_account import Grant
from calferry.core.limits import RUN_SPACING_MS
from calferry.settings import SCOPES, Settings, load_settings
from calferry.store import calendars
from calferry.store.tables import calendars as calendars_table
from calferry.sync.accounts import connect
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.engine import Engine
from calferry.sync.run_many import run_many

NO_LIMIT = 10**9
KEY = base64.b64encode(bytes(range(32))).decode()
ROWS = """
SELECT calendars.google_id, events.event_id, json_extract(events.raw, '$.summary')
FROM events JOIN calendars ON calendars.projection_id = events.projection_id WHERE events.status <> 'cancelled'
"""


ROWS_ON_POSTGRES = ROWS.replace("json_extract(events.raw, '$.summary')", "events.raw::json ->> 'summary'")


def settings_for(base_url: str, database_url: str) -> Settings:
    return load_settings(
        None,
        keys=KEY,
        google_client_id="bench",
        google_client_secret="bench",
        database_url=database_url,
        quota_per_minute=NO_LIMIT,
        quota_per_user_per_minute=NO_LIMIT,
        google_api_url=base_url,
        google_token_url=f"{base_url}/token",
    )


@dataclass(frozen=True, slots=True)
class Totals:
    events: int
    requests: int


class ConnectedAccount:
    """An engine and the calendars it mirrors; every sync waits first until runs may follow each other."""

    def __init__(self, engine: Engine, calendar_ids: Sequence[str]) -> None:
        self.engine = engine
        self.calendar_ids = calendar_ids

    async def rest(self) -> None:
        await self.engine.clock.sleep(RUN_SPACING_MS / 1000)

    async def sync(self) -> Totals:
        """Sync every calendar once; the totals count entries read. Raises `RuntimeError` if a calendar failed."""
        reports = await run_many(self.engine, self.calendar_ids)
        if failed := [report for report in reports.values() if report.outcome != "done"]:
            raise RuntimeError(f"{len(failed)} calendars failed, the first with {failed[0].error}")
        events = sum(report.events for report in reports.values())
        return Totals(events, sum(report.requests for report in reports.values()))


@asynccontextmanager
async def connected_account(
    base_url: str, database_url: str, wanted: Sequence[str]
) -> AsyncIterator[ConnectedAccount]:
    """Start the engine, bring a grant and read the calendar list. `wanted` are Google's ids."""
    async with opened_engine(settings_for(base_url, database_url)) as engine:
        grant = Grant(None, "bench@example.com", frozenset(SCOPES), refresh_token="bench")
        connected = await connect(engine, grant)
        listed = await refresh_calendar_list(engine, connected.account_id)
        if listed.error is not None:
            raise RuntimeError(f"The calendar list could not be read: {listed.error}")
        yield ConnectedAccount(engine, await engine.store.write(lambda tx: select_calendars(tx, wanted)))


def select_calendars(connection: Connection, wanted: Sequence[str]) -> list[str]:
    statement = select(calendars_table.c.id).where(calendars_table.c.google_id.in_(wanted))
    calendar_ids = list(connection.execute(statement).scalars())
    calendars.select_for_sync(connection, calendar_ids)
    return calendar_ids
