"""The fixture `google`, a local Google on a free port, fresh for every test. pytest finds it by itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from calferry.emulator.server import RunningGoogle


@pytest.fixture
def google() -> Iterator["RunningGoogle"]:
    """Listens on `google.url`; `google.tokens(email)` and `google.control(path, body)` steer it."""
    # Imported here so that whoever does not use the fixture does not wait for it.
    from calferry.emulator.server import run_in_thread  # noqa: PLC0415

    with run_in_thread(auto=True) as running:
        yield running
