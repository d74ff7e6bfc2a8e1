"""What Prometheus reads: this process's figures, and what the store knows of the whole installation."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from calferry.bootstrap.figures import Figures
from calferry.ports import Clock, Store
from calferry.store import totals as store_totals
from calferry.store.totals import LAG_BOUNDS_S, Lag, Totals
from calferry.store.unavailable import UNAVAILABLE
from calferry.web.metrics import CONTENT_TYPE

FRESH_S = 10.0


class Metrics:
    """Renders the page. What the store knows is looked up once in `fresh_s` at most, however many ask."""

    def __init__(self, figures: Figures, store: Store, clock: Clock, *, fresh_s: float = FRESH_S) -> None:
        self._figures = figures
        self._store = store
        self._clock = clock
        self._fresh_s = fresh_s
        self._lock = asyncio.Lock()
        self._seen: Totals | None = None
        self._seen_at = float("-inf")

    async def render(self) -> bytes:
        """The page; without the store's part while that does not answer."""
        totals = await self._totals()
        known = families(totals, self._clock.now_ms())
        return generate_latest(self._figures.registry) + generate_latest(page(known))

    async def _totals(self) -> Totals | None:
        async with self._lock:
            if time.monotonic() - self._seen_at < self._fresh_s:
                return self._seen
            now_ms = self._clock.now_ms()
            try:
                self._seen = await self._store.read(lambda conn: store_totals.look(conn, now_ms))
            except UNAVAILABLE:
                return None
            self._seen_at = time.monotonic()
            return self._seen


def metrics_only(metrics: Metrics) -> Starlette:
    """The application of the port that answers nothing else."""

    async def show(_request: Request) -> Response:
        return Response(await metrics.render(), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/metrics", show, methods=["GET"])])


def page(families: Iterable[Metric]) -> Any:
    class Once:
        def collect(self) -> Iterable[Metric]:
            return families

    registry = CollectorRegistry()
    registry.register(Once())
    return registry


def families(totals: Totals | None, now_ms: int) -> Iterable[Metric]:
    """What the store knows, if it answered."""
    if totals is not None:
        yield from gauges(totals, now_ms)
    yield GaugeMetricFamily("calferry_store_up", "Whether the database answered", totals is not None)


def gauges(totals: Totals, now_ms: int) -> Iterable[Metric]:
    yield by_label("calferry_calendars", "Calendars, by health", "health", totals.health)
    yield by_label("calferry_accounts", "Accounts, by status", "status", totals.accounts)
    yield by_label("calferry_channels", "Notification channels, by state", "state", totals.channels)
    yield by_label("calferry_subscriptions", "Webhook endpoints, by status", "status", totals.subscriptions)
    if totals.next_expiry_at is not None:
        text = "Seconds until the first active channel ends"
        left_s = (totals.next_expiry_at - now_ms) / 1000
        yield GaugeMetricFamily("calferry_channel_next_expiry_seconds", text, left_s)
    plain = {
        "calferry_due": ("What is due: calendars, and lists of calendars", totals.due),
        "calferry_overdue": ("What has been due for more than a minute", totals.overdue),
        "calferry_due_seconds": ("How long the longest waiting has been due", totals.due_for_s),
        "calferry_quarantined_items": ("Items that could not be stored", totals.quarantined),
        "calferry_pending_intents": ("Edits that Google has not taken yet", totals.pending_intents),
        "calferry_pending_intent_seconds": (
            "Age of the oldest edit that Google has not taken yet",
            totals.pending_for_s,
        ),
        "calferry_pending_deliveries": (
            "Webhook messages that nobody has taken yet",
            totals.pending_deliveries,
        ),
        "calferry_open_conflicts": ("Conflicts that nobody has decided", totals.open_conflicts),
    }
    for name, (text, value) in plain.items():
        yield GaugeMetricFamily(name, text, value)
    yield from lag_families(totals.lags)


def by_label(name: str, text: str, label: str, counts: Any) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def lag_families(lags: dict[tuple[str, str], Lag]) -> Iterable[Metric]:
    labels = ["mode", "push"]
    spread = GaugeHistogramMetricFamily(
        "calferry_sync_lag_seconds", "Calendars, by seconds since their last success", labels=labels
    )
    oldest = GaugeMetricFamily(
        "calferry_sync_lag_max_seconds", "Seconds since the last success of the oldest", labels=labels
    )
    for of, lag in lags.items():
        bounds = [str(float(bound)) for bound in LAG_BOUNDS_S]
        buckets = [*zip(bounds, lag.within, strict=True), ("+Inf", lag.calendars)]
        spread.add_metric([*of], buckets, lag.sum_s)
        oldest.add_metric([*of], lag.max_s)
    yield spread
    yield oldest
