"""The only place that builds concrete things and joins them."""

from calferry.bootstrap.database import DatabaseUnusable, open_store
from calferry.bootstrap.engine import opened_engine
from calferry.bootstrap.service import RunningService, running

__all__ = ["DatabaseUnusable", "RunningService", "open_store", "opened_engine", "running"]
