"""Every scenario that is told as data."""

from pathlib import Path

import pytest

from tests.scenarios.play import play

FILES = sorted(Path(__file__).parent.glob("*/scenario.json"))


@pytest.mark.parametrize("path", FILES, ids=[path.parent.name for path in FILES])
def test_scenario(path: Path) -> None:
    play(path)
