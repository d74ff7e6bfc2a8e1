"""Why a calendar is, or is not, up to date."""

from fastapi import APIRouter

from calferry.store import status_reads
from calferry.web.authentication import CallerDep
from calferry.web.problems import responses
from calferry.web.service import ServiceDep
from calferry.web.told_status import SyncStatus, status_from

router = APIRouter(prefix="/calendar", tags=["sync"])


@router.get("/sync-status", responses=responses(401))
async def show_sync_status(caller: CallerDep, service: ServiceDep) -> SyncStatus:
    """Why each calendar is, or is not, up to date."""
    rows = await service.engine.store.read(lambda conn: status_reads.statuses_of(conn, caller.user_id))
    return SyncStatus(calendars=[status_from(row) for row in rows])
