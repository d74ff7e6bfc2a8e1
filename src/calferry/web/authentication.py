"""Who asks: a bearer token, or the session cookie of a browser."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Depends, Request
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from calferry.store import api_tokens, audit, sessions
from calferry.store.api_tokens import Bearer
from calferry.store.sessions import Session
from calferry.store.tenant import acting_for
from calferry.web import cookies
from calferry.web.problems import Problem, unauthenticated
from calferry.web.same_origin import SAFE_METHODS, may_change
from calferry.web.service import Service, service_of

log = structlog.get_logger(__name__)

CREDENTIAL_LENGTH_MAX = 512


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request brings; both may be there."""

    bearer: str | None
    cookie: str | None


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person."""

    user_id: int
    email: str
    credentials: Credentials
    by_cookie: bool


async def authenticate(request: Request) -> Caller:
    """The person who asks. Raises a 401 `Problem`; 403 for a change that another site's page asked for."""
    service = service_of(request)
    caller = await find_caller(service, read_credentials(request, service))
    if caller is None:
        raise unauthenticated()
    acting_for.set(caller.user_id)
    if request.method not in SAFE_METHODS:
        require_same_origin(request, caller, service)
    return caller


async def authenticate_action(request: Request) -> Caller:
    """Like `authenticate`, for a GET that starts work."""
    caller = await authenticate(request)
    require_same_origin(request, caller, service_of(request))
    return caller


def require_same_origin(request: Request, caller: Caller, service: Service) -> None:
    if caller.by_cookie and not may_change(request.method, request.headers, service.settings.base_url):
        note_denial(service, caller)
        detail = "A request with a session cookie must come from a page of this site: send its Origin, or a bearer token."
        raise Problem(403, "cross_site", detail)


def note_denial(service: Service, caller: Caller) -> None:
    now_ms, user_id = service.engine.clock.now_ms(), caller.user_id
    log.warning("access_denied", user=user_id, why="cross_site")

    def note(conn: Connection) -> None:
        audit.add_once(conn, "access_denied", now_ms, user_id=user_id, subject="cross_site")

    service.spawn(write_down(service, [note]))


def read_credentials(request: Request, service: Service) -> Credentials:
    given = request.headers.getlist("authorization")
    if len(given) > 1:
        raise unauthenticated()
    bearer = read_bearer(given[0]) if given else None
    cookie = cookies.read(request, service.settings, cookies.SESSION)
    return Credentials(bearer, cookie if cookie and len(cookie) <= CREDENTIAL_LENGTH_MAX else None)


def read_bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > CREDENTIAL_LENGTH_MAX:
        raise unauthenticated()
    return token


async def find_caller(service: Service, credentials: Credentials) -> Caller | None:
    """The person, None for credentials that are absent, unknown, over or of two different people."""
    if credentials.bearer is None and credentials.cookie is None:
        return None
    engine = service.engine
    now_ms = engine.clock.now_ms()
    idle_ms = service.settings.session_idle_ms

    def look(conn: Connection) -> tuple[Bearer | None, Session | None]:
        bearer = api_tokens.find(conn, credentials.bearer) if credentials.bearer else None
        session = sessions.find(conn, credentials.cookie, now_ms, idle_ms) if credentials.cookie else None
        return bearer, session

    bearer, session = await engine.store.read(look)
    caller = decide(credentials, bearer, session)
    if caller is not None:
        touch(service, credentials, bearer, session)
    return caller


def decide(credentials: Credentials, bearer: Bearer | None, session: Session | None) -> Caller | None:
    if credentials.bearer is None:
        return (
            None if session is None else Caller(session.user_id, session.email, credentials, by_cookie=True)
        )
    if bearer is None or (session is not None and session.user_id != bearer.user_id):
        return None
    return Caller(bearer.user_id, bearer.email, credentials, by_cookie=False)


def touch(service: Service, credentials: Credentials, bearer: Bearer | None, session: Session | None) -> None:
    """Note when a token or session was last used, at most once a minute. Nobody waits for it: who only reads must
    not depend on the store's writer."""
    now_ms = service.engine.clock.now_ms()
    notes: list[Callable[[Connection], None]] = []
    if bearer is not None and now_ms - (bearer.last_used_at or 0) >= api_tokens.USED_STEP_MS:
        token_id = bearer.id
        notes.append(lambda conn: api_tokens.touch(conn, token_id, now_ms))
    cookie = credentials.cookie
    if cookie and session is not None and now_ms - session.seen_at >= sessions.SEEN_STEP_MS:
        notes.append(lambda conn: sessions.touch(conn, cookie, now_ms))
    if notes:
        service.spawn(write_down(service, notes))


async def write_down(service: Service, notes: list[Callable[[Connection], None]]) -> None:
    with suppress(OperationalError):
        await service.engine.store.write(lambda conn: [note(conn) for note in notes])


CallerDep = Annotated[Caller, Depends(authenticate)]
ActingCallerDep = Annotated[Caller, Depends(authenticate_action)]
