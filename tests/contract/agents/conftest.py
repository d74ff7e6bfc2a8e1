"""The real service, on SQLite: an agent does not see which database it is."""

from tests.contract.web.conftest import alice, google, site

__all__ = ["alice", "google", "site"]
