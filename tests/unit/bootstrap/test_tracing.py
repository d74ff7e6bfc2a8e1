"""Spans: what is in them, what is not, and that nobody pays for them unasked."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from calferry.bootstrap import tracing
from calferry.bootstrap.spans import NoSpans
from calferry.bootstrap.tracing import OtelSpans, spans_of
from calferry.emulator.server import run_in_thread
from calferry.settings import SettingsInvalid, load_settings
from tests.contract.web.site import Site, running_site, sync
from tests.waiting import until

ALICE = "alice@example.com"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def traced(exporter: InMemorySpanExporter, tmp_path: Path) -> Iterator[Site]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with run_in_thread() as google, running_site(google, tmp_path, spans=OtelSpans(provider)) as site:
        yield site


def named(exporter: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.name == name]


def test_runs_requests_to_google_and_http_requests_are_one_trace(
    traced: Site, exporter: InMemorySpanExporter
) -> None:
    alice = traced.person()
    sync(alice.http, alice.calendars[ALICE], traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    (run,) = named(exporter, "run events")
    asked = named(exporter, "Google events.list")[-1]
    (answered,) = until(
        lambda: [
            span
            for span in named(exporter, "HTTP GET")
            if span.attributes and span.attributes["http.route"] == "/calendar/sync"
        ]
    )
    traces = {span.context.trace_id for span in (run, asked, answered) if span.context is not None}
    assert traces == {int(TRACE, 16)}
    assert run.attributes is not None
    assert run.attributes["calferry.outcome"] == "done"
    assert asked.attributes is not None
    assert asked.attributes["http.response.status_code"] == 200


def test_failures_are_marked_with_a_word_and_nothing_more(
    traced: Site, exporter: InMemorySpanExporter
) -> None:
    alice = traced.person()
    fault = {"method": "events.list", "times": 9, "action": "return-403:quotaExceeded"}
    traced.google.control("faults", {"faults": [fault]})
    sync(alice.http, alice.calendars[ALICE])
    failed = named(exporter, "Google events.list")[-1]
    assert (failed.status.is_ok, failed.status.description, failed.events) == (False, "quotaExceeded", ())
    text = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert not any(word in text for word in ("alice", "example.com", "ya29", alice.token))


def test_without_being_asked_for_nothing_of_it_is_imported(tmp_path: Path) -> None:
    program = (
        "import sys, calferry.cli.serve, calferry.bootstrap.service\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert isinstance(spans_of(load_settings(None)), NoSpans)


def absent() -> TracerProvider:
    raise ImportError("no opentelemetry")


def test_asking_for_what_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "exporting_provider", absent)
    with pytest.raises(SettingsInvalid, match="pip install"):
        spans_of(load_settings(None, tracing=True))


def test_an_address_that_is_set_for_the_whole_machine_asks_only_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setattr(tracing, "exporting_provider", TracerProvider)
    assert isinstance(spans_of(load_settings(None)), OtelSpans)
    monkeypatch.setattr(tracing, "exporting_provider", absent)
    assert isinstance(spans_of(load_settings(None)), NoSpans)
