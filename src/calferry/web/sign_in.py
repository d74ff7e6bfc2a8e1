"""Signing in with Google, connecting further accounts, signing out."""

from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Connection

from calferry.store import account_reads, audit, sessions
from calferry.web import cookies
from calferry.web.authentication import Caller, CallerDep, authenticate
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.return_to import safe_return_to
from calferry.web.service import Service, ServiceDep
from calferry.web.sign_in_finish import SignInRefused, finish
from calferry.web.sign_in_start import Intent, start
from calferry.web.small_page import small_page

log = structlog.get_logger(__name__)

router = APIRouter(prefix="/auth", tags=["sign-in"])

INTENT = "`connect` adds an account to who is signed in, `reconnect` renews the grant of one."
RETURN_TO = "The path of this site to come back to."
ACCOUNT_ID = "The account to reconnect; needed for that."
LOGIN_HINT = "The Google address to begin with."
CLEAR_SITE_DATA = '"cache", "cookies", "storage"'


REFUSAL_PAGES: dict[int | str, dict[str, Any]] = {
    status: {"description": f"{HTTPStatus(status).phrase}, as a small page.", "content": {"text/html": {}}}
    for status in (400, 403, 409, 502, 503)
}


class SignedInUser(BaseModel):
    id: int
    email: str


class SessionAnswer(BaseModel):
    user: SignedInUser
    signed_in_by: str
    """`cookie` or `token`."""
    expires_at: str | None


@router.get(
    "/google/login", status_code=303, response_class=Response, responses=responses(400, 401, 404, 429)
)
async def login(
    request: Request,
    service: ServiceDep,
    intent: Annotated[Intent, Query(description=INTENT)] = "sign_in",
    return_to: Annotated[str | None, Query(description=RETURN_TO)] = None,
    account_id: Annotated[str | None, Query(max_length=128, description=ACCOUNT_ID)] = None,
    login_hint: Annotated[str | None, Query(max_length=254, description=LOGIN_HINT)] = None,
) -> Response:
    """Send the browser to Google, to sign in or to connect an account."""
    path = safe_return_to(return_to)
    if intent == "sign_in":
        return await start(service, request, intent=intent, return_to=path, login_hint=login_hint)
    caller = await authenticate(request)
    if intent == "connect":
        return await start(
            service,
            request,
            intent=intent,
            return_to=path,
            user_id=caller.user_id,
            login_hint=login_hint,
            consent=True,
        )
    return await reconnect(service, request, caller, account_id, path)


async def reconnect(
    service: Service, request: Request, caller: Caller, account_id: str | None, return_to: str
) -> Response:
    if account_id is None:
        raise Problem(400, "invalid_request", "To reconnect, name the account by account_id.")
    account = await service.engine.store.read(
        lambda conn: account_reads.account_of(conn, caller.user_id, account_id)
    )
    if account is None:
        raise not_found("There is no such account among yours.")
    return await start(
        service,
        request,
        intent="reconnect",
        return_to=return_to,
        user_id=caller.user_id,
        account_id=account.id,
        login_hint=account.email,
        consent=True,
    )


@router.get("/google/callback", status_code=303, response_class=Response, responses=REFUSAL_PAGES)
async def callback(request: Request, service: ServiceDep) -> Response:
    """Where Google sends the browser back to. A refusal is a small page."""
    try:
        return await finish(service, request)
    except SignInRefused as refused:
        log.warning("sign_in_refused", status=refused.status, why=refused.text)
        page = small_page(refused.status, refused.heading, refused.text)
        if refused.status == 503:
            page.headers["Retry-After"] = "5"
        return page


@router.post("/logout", status_code=204, responses=responses(401, 403))
async def logout(service: ServiceDep, caller: CallerDep) -> Response:
    """End the browser's session. A bearer token is revoked at `/auth/tokens` instead."""
    token, now_ms = caller.credentials.cookie, service.engine.clock.now_ms()
    if token is not None:

        def end(conn: Connection) -> None:
            sessions.end(conn, token)
            audit.add(conn, "signed_out", now_ms, user_id=caller.user_id)

        await service.engine.store.write(end)
    response = Response(status_code=204)
    cookies.drop(response, service.settings, cookies.SESSION)
    if service.settings.is_https:
        response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


@router.get("/session", responses=responses(401))
async def show_session(caller: CallerDep, service: ServiceDep) -> SessionAnswer:
    """Who is signed in."""
    expires_at = await session_end(service, caller) if caller.by_cookie else None
    user = SignedInUser(id=caller.user_id, email=caller.email)
    return SessionAnswer(
        user=user, signed_in_by="cookie" if caller.by_cookie else "token", expires_at=instant(expires_at)
    )


async def session_end(service: Service, caller: Caller) -> int | None:
    now_ms, idle_ms = service.engine.clock.now_ms(), service.settings.session_idle_ms
    token = caller.credentials.cookie or ""
    session = await service.engine.store.read(lambda conn: sessions.find(conn, token, now_ms, idle_ms))
    return None if session is None else session.expires_at
