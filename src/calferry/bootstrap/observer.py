"""The observer of a process: figures, spans, and names for runs in the log."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from random import Random

from structlog.contextvars import bound_contextvars

from calferry.bootstrap.figures import Figures
from calferry.bootstrap.spans import NoSpans, Spans
from calferry.ports import RunEnd

NAMES = Random()


@dataclass(frozen=True, slots=True)
class Watch:
    """`ports.Observer`."""

    figures: Figures
    spans: Spans = field(default_factory=NoSpans)

    @contextmanager
    def run(self, kind: str, resource: str) -> Iterator[Callable[[RunEnd], None]]:
        """Whatever is logged inside carries `run`."""
        name = f"run_{NAMES.getrandbits(48):012x}"
        attributes = {"calferry.run": name, "calferry.resource": resource}
        with (
            bound_contextvars(run=name),
            self.spans.span(f"run {kind}", dict(attributes)) as span,
            self.figures.run(kind, resource) as told,
        ):

            def ended(end: RunEnd) -> None:
                told(end)
                span.set("calferry.outcome", end.outcome)
                if end.error is not None:
                    span.failed(end.error)

            yield ended

    def stream(self) -> AbstractContextManager[None]:
        return self.figures.stream()

    def notified(self, verdict: str) -> None:
        self.figures.notified(verdict)

    def marked(self, resource: str, mark: int, received_ms: int) -> None:
        self.figures.marked(resource, mark, received_ms)
