"""A pytest fixture: `google`, a local Google on a free port, fresh for every test."""

from collections.abc import Iterator

import pytest

from calferry.emulator.server import RunningGoogle, run_in_thread


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    """Listens on `google.url`; `google.tokens(email)` and `google.control(path, body)` steer it."""
    with run_in_thread(auto=True) as running:
        yield running
