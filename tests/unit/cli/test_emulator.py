"""What `calferry emulator` says when it cannot start: what is to blame, and where."""

from pathlib import Path

import pytest

from tests.unit.cli.conftest import Installation


def refused(bare: Installation, *arguments: str) -> str:
    return str(bare.outcome("emulator", *arguments, code=1)["error"])


@pytest.mark.parametrize("host", ["::1", "192.0.2.1", "x" * 64])
def test_a_host_that_is_not_there_is_blamed_and_not_the_port(bare: Installation, host: str) -> None:
    said = refused(bare, "--port", "0", "--host", host)
    assert f"host {host}" in said
    assert "--host" in said
    assert "--port" not in said


def test_a_seed_with_a_mistake_is_named_with_its_file(bare: Installation, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"people": [{"email": "carol@example.com"}]}')
    bad.write_text('{"calendars": [{"id": "x", "colour": 1}]}')
    said = refused(bare, "--port", "0", "--seed", str(good), "--seed", str(bad))
    assert f"{bad}: " in said
    assert "colour" in said


def test_a_seed_that_is_missing_or_no_json_is_told_in_words(bare: Installation, tmp_path: Path) -> None:
    missing, broken = tmp_path / "nofile.json", tmp_path / "broken.json"
    broken.write_text("{people")
    said = refused(bare, "--port", "0", "--seed", str(missing))
    assert said == f"The seed cannot be used: {missing}: No such file or directory"
    assert f"{broken}: not JSON: " in refused(bare, "--port", "0", "--seed", str(broken))


def test_a_data_file_that_cannot_be_is_told_before_anything_starts(
    bare: Installation, tmp_path: Path
) -> None:
    data = tmp_path / "missing" / "google.json"
    said = refused(bare, "--port", "0", "--data", str(data))
    assert said.startswith(f"The data file cannot be used: {data}: ")
