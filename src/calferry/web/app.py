"""The HTTP application, put together."""

import asyncio
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from calferry.ports import Spawn
from calferry.sync.engine import Engine
from calferry.web import (
    accounts,
    calendar_events,
    calendar_feeds,
    calendars,
    changes,
    conflicts,
    cookies,
    cron,
    deliveries,
    docs_page,
    event_writes,
    events,
    health,
    home,
    intents,
    metrics,
    problems,
    sign_in,
    subscriptions,
    sync,
    sync_status,
    tokens,
    webhook,
)
from calferry.web.feeds import Feeds
from calferry.web.head_requests import HeadAsGet
from calferry.web.open_streams import OpenStreams
from calferry.web.pushes import Pushes
from calferry.web.query_parameters import REFUSE_UNKNOWN_PARAMETERS
from calferry.web.security import RequestBounds, SecurityHeaders, safe_headers
from calferry.web.service import AuthorizeUrl, RenderMetrics, Service, SiteSettings
from calferry.web.sync_work import Works

PUSHES_GATHERED_S = 0.005

ROUTERS = (
    sync.router,
    sync_status.router,
    events.router,
    changes.router,
    calendar_events.router,
    calendars.router,
    event_writes.router,
    intents.router,
    conflicts.router,
    subscriptions.router,
    deliveries.router,
    calendar_feeds.router,
    calendar_feeds.open_router,
    accounts.router,
    sign_in.router,
    tokens.router,
    cron.router,
    health.router,
    metrics.router,
    home.router,
)
SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `/auth/tokens`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": cookies.SESSION,
        "description": "A browser's cookie; on an https site its name begins with `__Host-`.",
    },
    "metricsToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "`CALFERRY_METRICS_TOKEN`.",
    },
    "cronSecret": {"type": "http", "scheme": "bearer", "description": "`CRON_SECRET`."},
}

DOCUMENT: dict[str, Any] = {}
"""Every application of a process has the same routes, and describing them takes a quarter of a second."""


def create_app(
    engine: Engine,
    settings: SiteSettings,
    *,
    spawn: Spawn,
    authorize_url: AuthorizeUrl,
    render_metrics: RenderMetrics | None = None,
) -> FastAPI:
    """Build the application. `spawn` starts work that outlives its request; `authorize_url` builds the address of
    Google's consent page; `render_metrics` makes the page for Prometheus."""
    app = FastAPI(
        title="calferry",
        summary="An exact, live copy of Google Calendars.",
        version=version("calferry"),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs else None,
    )
    app.state.service = service = Service(engine, settings, authorize_url, spawn, render_metrics)
    app.state.works = Works()
    app.state.streams = OpenStreams(engine.observer)
    app.state.feeds = Feeds(engine.store, engine.signals)
    app.state.feed_places = asyncio.Semaphore(calendar_feeds.WRITTEN_AT_ONCE)
    app.state.pushes = Pushes(service, PUSHES_GATHERED_S)
    always = {
        name.decode(): value.decode() for name, value in safe_headers(is_https=settings.is_https).items()
    }
    problems.install(app, always | {"cache-control": "no-store"})
    app.state.api_routes = [route for router in ROUTERS for route in router.routes]
    app.router.routes.extend(joined_routes())
    docs_page.install_static(app)
    if settings.docs:
        docs_page.install_docs(app)
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestBounds, always_answered=frozenset(webhook.PATHS))
    app.add_middleware(SecurityHeaders, is_https=settings.is_https)
    webhook.install(app, app.state.pushes, safe_headers(is_https=settings.is_https))
    describe(app)
    return app


@cache
def joined_routes() -> list[BaseRoute]:
    """Every application of a process has the same, and FastAPI takes 40 ms to read them when the first request comes."""
    joined = APIRouter()
    for router in ROUTERS:
        is_calendar = router.prefix.startswith("/calendar")
        joined.include_router(router, dependencies=REFUSE_UNKNOWN_PARAMETERS if is_calendar else ())
    return joined.routes


def describe(app: FastAPI) -> None:
    """Let the OpenAPI document name the raw routes and the ways to authenticate too."""

    def document() -> dict[str, Any]:
        if not DOCUMENT:
            DOCUMENT.update(described_routes(app))
        return DOCUMENT

    app.openapi = document  # type: ignore[method-assign]


def described_routes(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schema["paths"] |= dict.fromkeys(webhook.PATHS[:1], webhook.DESCRIBED)
    schema["components"]["securitySchemes"] = SECURITY_SCHEMES
    for path, methods in schema["paths"].items():
        secure(path, methods)
    return schema


def secure(path: str, methods: dict[str, Any]) -> None:
    own = {"/api/cron/": ("cronSecret",), "/metrics": ("metricsToken",)}
    schemes = next((own[start] for start in own if path.startswith(start)), ("bearer", "session"))
    open_paths = (
        *webhook.PATHS,
        "/feeds/{secret}.ics",
        "/healthz",
        "/readyz",
        "/auth/google/login",
        "/auth/google/callback",
    )
    if path not in open_paths:
        for operation in methods.values():
            operation["security"] = [{scheme: []} for scheme in schemes]
