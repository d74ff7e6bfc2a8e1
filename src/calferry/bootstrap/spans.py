"""Spans of what happens. Without OpenTelemetry there are none, and nothing of it is imported."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Attributes = dict[str, str | int | float | bool]


class Span(Protocol):
    def set(self, name: str, value: str | int | float | bool) -> None: ...

    def failed(self, reason: str) -> None:
        """Mark it as an error; the reason is a word, never a message."""
        ...


class Spans(Protocol):
    def span(
        self, name: str, attributes: Attributes, headers: dict[str, str] | None = None, /
    ) -> AbstractContextManager[Span]:
        """Around one piece of work. `headers` of a request may say which trace it belongs to."""
        ...

    def close(self) -> None:
        """Hand over what is left."""
        ...


class NoSpan:
    def set(self, name: str, value: str | int | float | bool) -> None: ...

    def failed(self, reason: str) -> None: ...


NOTHING = NoSpan()


class NoSpans:
    def span(
        self, _name: str, _attributes: Attributes, _headers: dict[str, str] | None = None, /
    ) -> AbstractContextManager[Span]:
        return nullcontext(NOTHING)

    def close(self) -> None: ...
