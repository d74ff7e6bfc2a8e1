"""A running service and a local Google for every test, or for those of a module that share them."""

from collections.abc import Iterator

import pytest

from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.contract.web.shared import Shelf, is_shared, site_for
from tests.contract.web.site import Person, Site
from tests.harness.databases import always_on_both

__all__ = ["always_on_both"]


@pytest.fixture(scope="session")
def shelf() -> Iterator[Shelf]:
    kept = Shelf()
    yield kept
    kept.close()


@pytest.fixture
def shared() -> None:
    """See `ON_SHARED_SITE`."""


@pytest.fixture
def google(request: pytest.FixtureRequest) -> Iterator[RunningGoogle]:
    assert not is_shared(request), "a site that is shared has a Google of its own: site.google"
    with run_in_thread(auto=True) as running:
        yield running


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """Without push and without a worker: only what a request starts is run."""
    with site_for(request) as running:
        yield running


@pytest.fixture
def push_site(request: pytest.FixtureRequest) -> Iterator[Site]:
    """With push and the worker."""
    with site_for(request, push=True, worker=True) as running:
        yield running


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams look soon whether they have to end, and a site that ends lets no work be finished."""
    monkeypatch.setattr("calferry.web.sync_stream.POLL_S", 0.05)
    monkeypatch.setattr("calferry.bootstrap.background.GRACE_S", 0.05)


@pytest.fixture
def alice(site: Site) -> Person:
    return site.once(new_alice)


@pytest.fixture
def bob(site: Site) -> Person:
    return site.once(new_bob)


def new_alice(site: Site) -> Person:
    return site.person("alice@example.com")


def new_bob(site: Site) -> Person:
    return site.person("bob@example.com")
