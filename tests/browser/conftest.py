"""A browser for each module of tests, and a service for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from calferry.emulator.server import RunningGoogle
from tests.browser.chromium import chromium
from tests.browser.visit import Visit, visiting
from tests.contract.web.conftest import google
from tests.contract.web.site import Site, running_site

__all__ = ["google"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def site(google: RunningGoogle, tmp_path: Path) -> Iterator[Site]:
    """With push and the worker, as people run it."""
    with running_site(google, tmp_path, push=True, worker=True) as running:
        yield running


@pytest.fixture
def quiet_site(google: RunningGoogle, tmp_path: Path) -> Iterator[Site]:
    """Without push and worker: what happens at Google is not known here until somebody asks."""
    with running_site(google, tmp_path) as running:
        yield running


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    with visiting(browser, site) as visiting_now:
        yield visiting_now
