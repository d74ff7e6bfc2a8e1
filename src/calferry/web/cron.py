"""Work that an outside clock may start. Without `CRON_SECRET` nothing here runs."""

import hmac

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from calferry.duties.open_channels import setup_channels
from calferry.duties.poll_stale import sync_calendars
from calferry.duties.renew_channels import renew_channels
from calferry.duties.watch_calendar_lists import watch_calendar_lists
from calferry.web.problems import Problem, responses, unauthenticated
from calferry.web.service import ServiceDep, service_of

NO_PUSH = "Push is not configured: set WEBHOOK_BASE_URL to an https address that Google can reach."


async def require_cron_secret(request: Request) -> None:
    """Let only the exact header pass: `Authorization: Bearer` and one of the secrets, compared as bytes."""
    secrets = service_of(request).settings.cron_secrets
    if not secrets:
        detail = "The cron endpoints are closed: CRON_SECRET is not set."
        raise Problem(503, "cron_closed", detail)
    given = [value for name, value in request.scope["headers"] if name == b"authorization"]
    sent = given[0] if len(given) == 1 else b""
    known = [hmac.compare_digest(sent, f"Bearer {secret}".encode()) for secret in secrets]
    if not any(known):
        raise unauthenticated("The cron secret is missing or wrong.")


router = APIRouter(
    prefix="/api/cron",
    tags=["cron"],
    dependencies=[Depends(require_cron_secret)],
    responses=responses(401, 503),
)


class SyncCounts(BaseModel):
    total: int
    successful: int
    incomplete: int
    failed: int


class SetupCounts(BaseModel):
    created: int
    failed: int


class RenewalCounts(BaseModel):
    renewed: int
    failed: int


class CronSyncAnswer(BaseModel):
    success: bool = True
    data: SyncCounts


class CronSetupAnswer(BaseModel):
    success: bool = True
    data: SetupCounts
    error: str | None = None
    """Why nothing could be done, where that is so."""


class CronRenewalAnswer(BaseModel):
    success: bool = True
    data: RenewalCounts


@router.get("/sync-calendars")
async def run_sync_calendars(service: ServiceDep) -> CronSyncAnswer:
    """Sync calendars that have not been synced for five minutes, two pages of each at most."""
    done = await sync_calendars(service.engine)
    counts = SyncCounts(
        total=done.total, successful=done.successful, incomplete=done.incomplete, failed=done.failed
    )
    return CronSyncAnswer(data=counts)


@router.get("/setup-channels", response_model_exclude_none=True)
async def run_setup_channels(service: ServiceDep) -> CronSetupAnswer:
    """Open push channels for calendars without one, which are counted, and for calendar lists without one."""
    if service.engine.webhook_address is None:
        return CronSetupAnswer(success=False, data=SetupCounts(created=0, failed=0), error=NO_PUSH)
    created, failed = await setup_channels(service.engine)
    await watch_calendar_lists(service.engine)
    return CronSetupAnswer(data=SetupCounts(created=created, failed=failed))


@router.get("/renew-channels")
async def run_renew_channels(service: ServiceDep) -> CronRenewalAnswer:
    """Replace push channels that are about to expire."""
    renewed, failed = await renew_channels(service.engine)
    return CronRenewalAnswer(data=RenewalCounts(renewed=renewed, failed=failed))
