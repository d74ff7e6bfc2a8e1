"""Connected Google accounts."""

import asyncio

import structlog
from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel

from calferry.store import account_reads
from calferry.store.account_reads import AccountRow
from calferry.store.tenant import for_nobody
from calferry.sync.accounts import disconnect
from calferry.sync.listing import list_calendars
from calferry.web.authentication import Caller, CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.service import Service, ServiceDep

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/calendar/accounts", tags=["accounts"])


class Account(BaseModel):
    id: str
    email: str
    status: str
    """`active`, `partial` (scopes missing), `needs_reauth`, `calendar_disabled` or `paused`."""
    status_reason: str | None
    scopes: list[str]
    missing_scopes: list[str]
    connected_at: str | None


class Accounts(BaseModel):
    accounts: list[Account]


class ListChanges(BaseModel):
    """How many calendars the account's list gained, changed and lost."""

    added: int
    updated: int
    removed: int


@router.get("", responses=responses(401))
async def list_accounts(caller: CallerDep, service: ServiceDep) -> Accounts:
    rows = await service.engine.store.read(lambda conn: account_reads.accounts_of(conn, caller.user_id))
    return Accounts(accounts=[account_from(row, service.settings.scopes) for row in rows])


def account_from(row: AccountRow, asked: tuple[str, ...]) -> Account:
    granted = row.scopes.split()
    return Account(
        id=row.id,
        email=row.email,
        status=row.status,
        status_reason=row.status_reason,
        scopes=granted,
        missing_scopes=[scope for scope in asked if scope.startswith("https://") and scope not in granted],
        connected_at=instant(row.created_at),
    )


@router.delete("/{account_id}", status_code=204, responses=responses(401, 403, 404))
async def delete_account(account_id: str, caller: CallerDep, service: ServiceDep) -> Response:
    """Stop its channels, give its grant back to Google and erase what was mirrored."""
    await require_account(service, caller, account_id)
    log.info("account_disconnecting", user=caller.user_id, account=account_id)
    # What an account leaves behind is not all its person's own rows.
    await asyncio.create_task(disconnect(service.engine, account_id), context=for_nobody())
    return Response(status_code=204)


@router.post("/{account_id}/refresh-calendars", responses=responses(401, 403, 404, 502, 503))
async def refresh_calendars(account_id: str, caller: CallerDep, service: ServiceDep) -> ListChanges:
    """Read the account's calendar list from Google now."""
    await require_account(service, caller, account_id)
    report = await list_calendars(service.engine, account_id, or_by_others=False)
    if report.error is not None:
        raise Problem(502, "google_failed", report.error.message, retryable=report.error.retryable)
    if report.held:
        detail = "This calendar list is being read already, or Google refused it a moment ago."
        raise Problem(503, "busy", detail, retryable=True, headers={"Retry-After": "2"})
    return ListChanges(added=report.added, updated=report.updated, removed=report.removed)


async def require_account(service: Service, caller: Caller, account_id: str) -> AccountRow:
    row = await service.engine.store.read(
        lambda conn: account_reads.account_of(conn, caller.user_id, account_id)
    )
    if row is None:
        raise not_found("There is no such account among yours.")
    return row
