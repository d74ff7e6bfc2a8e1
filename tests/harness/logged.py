"""What is logged in a test, as a service writes it."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog

from calferry.bootstrap.logs import configure_logs


@contextmanager
def logged_to(stream: io.StringIO) -> Iterator[io.StringIO]:
    """The stream, to which everything goes meanwhile; afterwards the other tests of the process log as before."""
    root = logging.getLogger()
    before, level, configured = list(root.handlers), root.level, structlog.get_config()
    configure_logs("info", stream)
    try:
        yield stream
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        structlog.configure(**configured)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Off a terminal."""
    with logged_to(io.StringIO()) as stream:
        yield stream
