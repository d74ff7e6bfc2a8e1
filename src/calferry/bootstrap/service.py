"""The whole service: HTTP application, engine and worker."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from calferry import google
from calferry.bootstrap.access_log import AccessLog
from calferry.bootstrap.background import Background
from calferry.bootstrap.engine import endpoints_of, new_watch, opened_engine
from calferry.bootstrap.http_server import listen, serving
from calferry.bootstrap.loop_lag import until_loop_is_calm
from calferry.bootstrap.metrics import Metrics, metrics_only
from calferry.bootstrap.observer import Watch
from calferry.bootstrap.spans import Spans
from calferry.bootstrap.tracing import spans_of
from calferry.duties.purge import Keeping
from calferry.jobs.scheduler import Breathe, Scheduler, finished
from calferry.jobs.shared_worker import SharedWorker
from calferry.jobs.timers import DELIVERY, WEBHOOK_TIMERS, Timer, keep_time, timers_for
from calferry.settings import Settings
from calferry.sync.engine import Engine
from calferry.web.app import create_app
from calferry.web.pushes import Pushes

DAY_MS = 86_400_000
SPANS_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class RunningService:
    """What runs: serve `app` over HTTP and the service is complete."""

    settings: Settings
    engine: Engine
    app: ASGIApp
    metrics: Metrics
    end_streams: Callable[[], None]
    """To be called first when it stops: readers then see their streams end, not break."""


@contextlib.asynccontextmanager
async def running(settings: Settings, *, worker: bool = True) -> AsyncIterator[RunningService]:
    """Everything but the listening socket, until the block ends. Raises SettingsInvalid or DatabaseUnusable."""
    settings.require_for_serve()
    async with watching(settings) as watch, opened_engine(settings, watch=watch) as engine:
        background = Background()
        metrics = Metrics(watch.figures, engine.store, engine.clock)
        app = create_app(
            engine,
            settings,
            authorize_url=ConsentAddress(settings),
            spawn=background.spawn,
            render_metrics=metrics.render,
        )
        try:
            beside = working(engine, settings, room_beside(app.state.pushes))
            async with beside if worker else contextlib.nullcontext():
                yield RunningService(
                    settings, engine, AccessLog(app, watch), metrics, app.state.streams.end_all
                )
        finally:
            await background.close()


def room_beside(pushes: Pushes) -> Breathe:
    """While notifications come, a run begins when there is hardly anything else to do; else at once."""

    async def breathe() -> None:
        if pushes.is_taking:
            await until_loop_is_calm()

    return breathe


@contextlib.asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[Watch]:
    """What this process counts and traces until the block ends. Raises SettingsInvalid."""
    spans = spans_of(settings)
    try:
        yield new_watch(spans)
    finally:
        await hand_over(spans)


async def hand_over(spans: Spans) -> None:
    """Send the spans that are left, as far as that goes quickly: a collector that does not answer keeps nobody here."""
    closing = threading.Thread(target=spans.close, name="spans", daemon=True)
    closing.start()
    await asyncio.to_thread(closing.join, SPANS_WITHIN_S)


@contextlib.asynccontextmanager
async def running_worker(settings: Settings) -> AsyncIterator[Metrics]:
    """A worker without HTTP until the block ends. Raises SettingsInvalid or DatabaseUnusable."""
    async with (
        watching(settings) as watch,
        opened_engine(settings, watch=watch) as engine,
        working(engine, settings),
    ):
        yield Metrics(watch.figures, engine.store, engine.clock)


@contextlib.asynccontextmanager
async def serving_metrics(settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    """The port of the metrics, where one is set, until the block ends. Raises AddressTaken."""
    if not settings.metrics_port:
        yield
        return
    with listen(settings.metrics_host, settings.metrics_port) as listener:
        async with serving(metrics_only(metrics), listener):
            yield


@contextlib.asynccontextmanager
async def worker_for(
    engine: Engine, settings: Settings, timers: tuple[Timer, ...], breathe: Breathe | None
) -> "AsyncIterator[Scheduler | SharedWorker]":
    if not settings.is_shared:
        yield Scheduler(engine, concurrency=settings.runs_at_once, timers=timers, breathe=breathe)
        return
    from calferry.bootstrap.shared_worker import shared_worker  # noqa: PLC0415 - large, and of no use on SQLite

    async with shared_worker(engine, settings, timers, breathe) as worker:
        yield worker


@contextlib.asynccontextmanager
async def working(engine: Engine, settings: Settings, breathe: Breathe | None = None) -> AsyncIterator[None]:
    """The worker at work until the block ends: alone on SQLite, one of any number on PostgreSQL. `breathe`: see Breathe."""
    keeping = Keeping(
        settings.tombstones_kept_days * DAY_MS,
        settings.changes_kept_days * DAY_MS,
        settings.audit_kept_days * DAY_MS,
    )
    timers = (*timers_for(keeping), *WEBHOOK_TIMERS)
    async with worker_for(engine, settings, timers, breathe) as worker:
        task, stopping = asyncio.create_task(worker.run()), asyncio.Event()
        delivery = asyncio.create_task(keep_time(engine, DELIVERY, stopping))
        try:
            yield
        finally:
            worker.stop()
            stopping.set()
            await finished([delivery])
            await task


class ConsentAddress:
    """Builds the address of Google's consent page for this site."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._endpoints = endpoints_of(settings)

    def __call__(
        self, *, state: str, nonce: str, challenge: str, login_hint: str | None, prompt: str | None
    ) -> str:
        return google.authorize_url(
            endpoints=self._endpoints,
            client_id=self._settings.google_client_id,
            redirect_uri=self._settings.redirect_uri,
            scopes=self._settings.scopes,
            state=state,
            nonce=nonce,
            code_challenge=challenge,
            login_hint=login_hint,
            prompt=prompt,
        )
