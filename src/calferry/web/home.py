"""The pages for people: the calendar, how the copies are doing, conflicts, and settings.

They are shells: what they show they ask of the public HTTP API, with the session cookie.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from calferry.store import account_reads
from calferry.web.authentication import Caller, authenticate
from calferry.web.pages import show
from calferry.web.problems import Problem
from calferry.web.service import ServiceDep

router = APIRouter(include_in_schema=False)


async def find_visitor(request: Request) -> Caller | None:
    try:
        return await authenticate(request)
    except Problem:
        return None


VisitorDep = Annotated[Caller | None, Depends(find_visitor)]


@router.get("/")
async def show_home(visitor: VisitorDep, service: ServiceDep) -> HTMLResponse:
    """The calendar; as long as nothing is mirrored, the choice of calendars."""
    if visitor is None:
        return show("signed_out.html", docs=service.settings.docs, path="/")
    user_id = visitor.user_id
    has_any = await service.engine.store.read(lambda conn: mirrors_any(conn, user_id))
    return shell(visitor, service, "calendar" if has_any else "calendars")


@router.get("/calendars")
async def show_calendars(visitor: VisitorDep, service: ServiceDep) -> HTMLResponse:
    return shell(visitor, service, "calendars")


@router.get("/conflicts")
async def show_conflicts(visitor: VisitorDep, service: ServiceDep) -> HTMLResponse:
    return shell(visitor, service, "conflicts")


@router.get("/settings")
async def show_settings(visitor: VisitorDep, service: ServiceDep) -> HTMLResponse:
    return shell(visitor, service, "settings")


def shell(visitor: Caller | None, service: ServiceDep, page: str) -> HTMLResponse:
    """The page of that name; for a stranger, the way in and back here."""
    docs = service.settings.docs
    if visitor is not None:
        return show(f"{page}.html", page=page, email=visitor.email, docs=docs)
    refusal = show("signed_out.html", status=401, docs=docs, path=f"/{page}")
    refusal.headers["WWW-Authenticate"] = "Bearer"
    return refusal


def mirrors_any(conn: Connection, user_id: int) -> bool:
    return any(row.selected for row in account_reads.calendars_of(conn, user_id))
