import pytest

from tests.unit.emulator.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
