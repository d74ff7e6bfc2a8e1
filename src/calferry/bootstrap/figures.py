"""What this process counts, for `/metrics`."""

import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from calferry.ports import RunEnd

RUN_BOUNDS_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
VISIBLE_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300)
REQUEST_BOUNDS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
RESOURCES_KEPT = 20_000
RECEIPTS_KEPT = 50
WORD = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
REASONS_MAX = 100


class Figures:
    """Counters and histograms; what the store knows is read when somebody asks (`metrics.py`)."""

    def __init__(self, lease_ms: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        self._lease_ms = lease_ms
        self._receipts: dict[str, deque[tuple[int, int]]] = defaultdict(lambda: deque(maxlen=RECEIPTS_KEPT))
        self._reasons: set[str] = set()
        self._answered: dict[tuple[str, str, int], Counter] = {}
        self.runs = Counter("calferry_runs", "Runs, by outcome", ["kind", "outcome"], registry=registry)
        self.run_errors = Counter(
            "calferry_run_errors", "Runs that failed, by the code shown", ["kind", "code"], registry=registry
        )
        self.run_seconds = Histogram(
            "calferry_run_seconds", "How long runs take", ["kind"], buckets=RUN_BOUNDS_S, registry=registry
        )
        self.visible_seconds = Histogram(
            "calferry_push_visible_seconds",
            "From the receipt of a notification to the commit that shows what it was about",
            buckets=VISIBLE_BOUNDS_S,
            registry=registry,
        )
        self.notifications = Counter(
            "calferry_notifications",
            "Notifications received, by what became of them",
            ["outcome"],
            registry=registry,
        )
        self.webhooks = Counter(
            "calferry_webhook_deliveries",
            "Attempts to deliver a message to somebody's endpoint, by outcome",
            ["outcome"],
            registry=registry,
        )
        self.streams = Gauge("calferry_open_streams", "Open event streams", registry=registry)
        self.google_requests = Counter(
            "calferry_google_requests",
            "Requests to Google, by method and status; `none` where no answer came",
            ["method", "status"],
            registry=registry,
        )
        self.google_seconds = Histogram(
            "calferry_google_request_seconds",
            "How long Google takes to answer",
            ["method"],
            buckets=REQUEST_BOUNDS_S,
            registry=registry,
        )
        self.google_errors = Counter(
            "calferry_google_errors", "Errors of Google, by reason", ["reason"], registry=registry
        )
        self.quota_left = Gauge(
            "calferry_google_quota_left",
            "Requests that this process may still send",
            ["period"],
            registry=registry,
        )
        self.http_requests = Counter(
            "calferry_http_requests",
            "Requests answered, by route and status",
            ["method", "route", "status"],
            registry=registry,
        )

    @contextmanager
    def run(self, kind: str, resource: str) -> Iterator[Callable[[RunEnd], None]]:
        began = time.perf_counter()
        end = RunEnd("crashed")

        def told(how: RunEnd) -> None:
            nonlocal end
            end = how

        try:
            yield told
        finally:
            self.runs.labels(kind, end.outcome).inc()
            if end.outcome != "held":
                self.run_seconds.labels(kind).observe(time.perf_counter() - began)
            if end.error is not None:
                self.run_errors.labels(kind, self.bounded(end.error)).inc()
            if end.covers is not None:
                self._show(resource, end.covers)

    @contextmanager
    def stream(self) -> Iterator[None]:
        with self.streams.track_inprogress():
            yield

    def notified(self, verdict: str) -> None:
        self.notifications.labels(verdict).inc()

    def marked(self, resource: str, mark: int, received_ms: int) -> None:
        """Remember the receipt until a run covers its mark; forgotten are the oldest of too many, which other processes
        may have run."""
        if len(self._receipts) >= RESOURCES_KEPT and resource not in self._receipts:
            del self._receipts[next(iter(self._receipts))]
        self._receipts[resource].append((mark, received_ms))

    def _show(self, resource: str, covers: int) -> None:
        waiting = self._receipts.get(resource)
        if waiting is None:
            return
        now_ms = self._lease_ms()
        while waiting and waiting[0][0] <= covers:
            self.visible_seconds.observe((now_ms - waiting.popleft()[1]) / 1000)
        if not waiting:
            del self._receipts[resource]

    def asked_google(self, method: str, status: int | None, reason: str | None, seconds: float) -> None:
        """One request to Google and its answer: `status` None for none, `reason` of an error."""
        self.google_requests.labels(method, "none" if status is None else str(status)).inc()
        self.google_seconds.labels(method).observe(seconds)
        if reason is not None:
            self.google_errors.labels(self.bounded(reason)).inc()

    def answered(self, method: str, route: str, status: int) -> None:
        counter = self._answered.get((method, route, status))
        if counter is None:
            counter = self._answered[method, route, status] = self.http_requests.labels(method, route, status)
        counter.inc()

    def bounded(self, reason: str) -> str:
        """A word that came from outside, as long as there are few of them."""
        known = reason in self._reasons
        if not known and (len(self._reasons) >= REASONS_MAX or not WORD.fullmatch(reason)):
            return "other"
        self._reasons.add(reason)
        return reason
