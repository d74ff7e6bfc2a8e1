"""What `calferry serve` says when it is up."""

import pytest

from calferry.cli.output import Output
from calferry.cli.serve import announce
from calferry.settings import load_settings
from tests.unit.cli.conftest import Installation


@pytest.mark.parametrize(
    ("base_url", "address", "is_told"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:9000", True),
        ("https://calendars.example.com", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000", False),
        ("http://localhost:8000", "http://127.0.0.1:8000", False),
    ],
)
def test_a_base_url_that_leads_to_another_port_is_told(
    base_url: str, address: str, is_told: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(Output(as_json=False), load_settings(env_file=None, base_url=base_url), address)
    said = capsys.readouterr().err
    assert f"listens on {address}" in said
    assert ("CALFERRY_BASE_URL" in said) == is_told
    assert said.count(address) >= (2 if is_told else 1)


def test_a_worker_alone_needs_a_database_that_processes_can_share(installation: Installation) -> None:
    said = installation.outcome("worker", code=3)["error"]
    assert "needs PostgreSQL" in said
    assert "CALFERRY_DATABASE_URL" in said
