"""What is logged in a test, as a service off a terminal writes it."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from calferry.bootstrap.logs import configure_logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level, configured = list(root.handlers), root.level, structlog.get_config()
    stream = io.StringIO()
    configure_logs("info", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**configured)
