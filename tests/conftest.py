"""Rules for every test: one event loop backend, repeatable Hypothesis runs, and nothing skipped."""

import logging
import os
from collections.abc import Generator

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.harness import databases
from tests.harness.databases import on_both, on_postgres
from tests.harness.logged import lines
from tests.harness.shared_statements import share_compiled_statements

# Shared machines are slow at random, so no deadlines; the same examples on every machine.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
# Standard output belongs to what is tested.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

share_compiled_statements()

__all__ = ["lines", "on_both", "on_postgres"]
LONG = ("tests/simulation/", "tests/system/", "tests/browser/", "test_thirty_days", "tests/unit/bench/")
SKIPPED = "skipped or expected to fail: a test runs here or is not kept"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """True for a test that was called here."""
    return databases.in_greenlet(pyfuncitem) or None if pyfuncitem.get_closest_marker("greenlet") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first in the share of each process, so that no core waits in the end for what another has
    just begun. Shares are what `--dist worksteal` gives to each: equal parts of the list."""
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if any(part in item.nodeid for part in LONG)]
    short = [item for item in items if not any(part in item.nodeid for part in LONG)]
    items[:] = [item for share in range(shares) for item in (*long[share::shares], *short[share::shares])]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped or hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: {SKIPPED}"
        report.__dict__.pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid}: {SKIPPED}"
    return report
