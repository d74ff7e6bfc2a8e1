"""An observer for where nobody looks."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from calferry.ports import RunEnd


class Unobserved:
    """`ports.Observer` that keeps nothing."""

    def run(self, _kind: str, _resource: str) -> AbstractContextManager[Callable[[RunEnd], None]]:
        return nullcontext(lambda _: None)

    def stream(self) -> AbstractContextManager[None]:
        return nullcontext()

    def notified(self, verdict: str) -> None: ...

    def marked(self, resource: str, mark: int, received_ms: int) -> None: ...
