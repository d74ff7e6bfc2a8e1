"""Spans by OpenTelemetry, which is an extra: nothing of it is imported unless they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from calferry.bootstrap.spans import Attributes, NoSpans, Span, Spans
from calferry.settings import Settings, SettingsInvalid

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

NOT_INSTALLED = "CALFERRY_TRACING is 1, but OpenTelemetry is not installed: pip install 'calferry[otel]'."


class OtelSpan:
    def __init__(self, span: Any) -> None:
        self._span = span

    def set(self, name: str, value: str | int | float | bool) -> None:
        self._span.set_attribute(name, value)

    def failed(self, reason: str) -> None:
        from opentelemetry.trace import StatusCode  # noqa: PLC0415 - an extra

        self._span.set_status(StatusCode.ERROR, reason)


class OtelSpans:
    """`Spans` of one provider. Exceptions are not recorded: their messages may quote what was sent."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("calferry", version("calferry"))

    @contextmanager
    def span(
        self, name: str, attributes: Attributes, headers: dict[str, str] | None = None, /
    ) -> Iterator[Span]:
        from opentelemetry.propagate import extract  # noqa: PLC0415 - an extra

        with self._tracer.start_as_current_span(
            name,
            context=extract(headers) if headers else None,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield OtelSpan(span)

    def close(self) -> None:
        self._provider.shutdown()


def spans_of(settings: Settings) -> Spans:
    """What the settings ask for. Raises SettingsInvalid where that is not installed and nothing but ours asks for it."""
    if not (settings.tracing or settings.otlp_endpoint or settings.otlp_traces_endpoint):
        return NoSpans()
    try:
        return OtelSpans(exporting_provider())
    except ImportError:
        if settings.tracing:
            raise SettingsInvalid([NOT_INSTALLED]) from None
        return NoSpans()


def exporting_provider() -> TracerProvider:
    """Sends to the collector that OTEL_EXPORTER_OTLP_… names."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra

    usual = Resource.create({"service.name": "calferry", "service.version": version("calferry")})
    provider = TracerProvider(resource=usual)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
