"""Sites that tests share which leave everything as they find it, because to begin anew costs more than what they ask."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from calferry.emulator.server import run_in_thread
from tests.contract.web.site import Site, running_site
from tests.harness import databases

ON_SHARED_SITE = pytest.mark.usefixtures("shared")
"""For a test that reads, or sends what is refused: its site, and what `Site.once` makes, are those of its module."""


@dataclass
class Shelf:
    """The sites of one module; those of the former one are closed when another module asks."""

    module: str = ""
    sites: dict[tuple[Any, ...], Site] = field(default_factory=dict)
    opened: ExitStack = field(default_factory=ExitStack)

    def site(self, module: str, **options: Any) -> Site:
        """The one for the kind of database that is chosen at the moment."""
        if module != self.module:
            self.close()
            self.module = module
        key = (databases.chosen.kind, *sorted(options.items()))
        if key not in self.sites:
            self.sites[key] = self.opened.enter_context(lasting_site(**options))
        return self.sites[key]

    def close(self) -> None:
        self.sites.clear()
        self.opened.close()


@contextmanager
def lasting_site(**options: Any) -> Iterator[Site]:
    with ExitStack() as opened:
        folder = opened.enter_context(TemporaryDirectory())
        google = opened.enter_context(run_in_thread(auto=True))
        if databases.is_postgres():
            options["database_url"] = opened.enter_context(databases.lasting_database())
        yield opened.enter_context(running_site(google, Path(folder), **options))


@contextmanager
def site_for(request: pytest.FixtureRequest, **options: Any) -> Iterator[Site]:
    """A site of the test's own or, where it shares, that of its module with these options."""
    if not is_shared(request):
        google, folder = request.getfixturevalue("google"), request.getfixturevalue("tmp_path")
        with running_site(google, folder, **options) as site:
            yield site
        return
    site = request.getfixturevalue("shelf").site(request.module.__name__, **options)
    yield site
    site.close_clients()


def is_shared(request: pytest.FixtureRequest) -> bool:
    return "shared" in request.fixturenames
