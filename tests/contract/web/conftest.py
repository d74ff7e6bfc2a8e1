"""A running service and a local Google for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.contract.web.site import Person, Site, running_site
from tests.harness.databases import always_on_both

__all__ = ["always_on_both"]


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    with run_in_thread(auto=True) as running:
        yield running


@pytest.fixture
def site(google: RunningGoogle, tmp_path: Path) -> Iterator[Site]:
    """Without push and without a worker: only what a request starts is run."""
    with running_site(google, tmp_path) as running:
        yield running


@pytest.fixture
def push_site(google: RunningGoogle, tmp_path: Path) -> Iterator[Site]:
    """With push and the worker."""
    with running_site(google, tmp_path, push=True, worker=True) as running:
        yield running


@pytest.fixture
def alice(site: Site) -> Person:
    return site.person("alice@example.com")


@pytest.fixture
def bob(site: Site) -> Person:
    return site.person("bob@example.com")
