"""What every client is tested with: a local Google that checks its own answers, and a webhook."""

from collections.abc import Iterator

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.checked import checked_google
from tests.contract.emulator.inbox import Inbox, open_inbox


@pytest.fixture
def local_google() -> Iterator[RunningGoogle]:
    with checked_google() as google:
        yield google


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with open_inbox() as found:
        yield found
