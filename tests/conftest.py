"""Rules for every test: one event loop backend, repeatable Hypothesis runs, and nothing skipped."""

import gc
import logging
import os
import sys
from collections.abc import Generator
from itertools import islice

import pytest
import structlog
from hypothesis import HealthCheck, settings

from tests.harness import databases
from tests.harness.databases import on_both, on_postgres
from tests.harness.logged import lines
from tests.harness.shared_certificates import share_certificates
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
structlog.configure(
    wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
)
LOGGING = structlog.get_config()

share_compiled_statements()
share_certificates()
# Thousands of tests are collected, and all of them stay: there is nothing to look for meanwhile, nor among them later.
gc.disable()

__all__ = ["lines", "on_both", "on_postgres"]
BUSY = (
    "test_generated_series",
    "test_thirty_days",
    "test_expansion",
    "test_ical_js",
    "tests/contract/hostile/",
    "tests/simulation/",
)
"""What keeps a core busy from its beginning to its end; what takes longest at once comes first."""
LONG = ("tests/system/", "tests/browser/", "tests/unit/bench/", "test_edits_attacked")
"""What takes long and mostly waits: for other processes, for a browser, for a clock."""
YOUNG_MAX = 20_000
"""Objects that are made before the youngest are looked through: most of a test's are gone by themselves when it ends."""
SKIPPED = "skipped or expected to fail: a test runs here or is not kept"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """True for a test that was called here."""
    return databases.in_greenlet(pyfuncitem) or None if pyfuncitem.get_closest_marker("greenlet") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every process begins with what takes long, so that none waits in the end for what another has just begun; what
    keeps a core busy is given to one of four, so that there is something to do while the others wait."""
    items[:] = in_shares(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


def in_shares(items: list[pytest.Item], shares: int) -> list[pytest.Item]:
    """Shares are what `--dist worksteal` gives to each process: equal parts of the list."""
    busy = [item for part in BUSY for item in items if part in item.nodeid]
    long = [item for item in items if any(part in item.nodeid for part in LONG)]
    begun = {*busy, *long}
    rest = iter([item for item in items if item not in begun])
    if shares == 1:
        return [*busy, *long, *rest]
    hogs = max(1, (shares + 1) // 3)
    firsts = [
        *(busy[n::hogs] for n in range(hogs)),
        *(long[n :: shares - hogs] for n in range(shares - hogs)),
    ]
    larger = shares - len(items) % shares
    sizes = [len(items) // shares + (n >= larger) - len(first) for n, first in enumerate(firsts)]
    filled = [[*first, *islice(rest, max(0, size))] for first, size in zip(firsts, sizes, strict=True)]
    return [*(item for share in filled for item in share), *rest]


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 50)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    # A command that ran in this process has configured its own.
    structlog.configure(**LOGGING)


def pytest_sessionfinish() -> None:
    databases.close_sweepers()


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
