"""`calferry config show`: every setting, where it comes from, and no secret."""

import base64
from pathlib import Path
from typing import Any

import pytest

from calferry.settings import Settings, setting_name
from tests.unit.cli.conftest import Installation

SECRETS = {
    "CALFERRY_KEYS": base64.b64encode(bytes(range(32))).decode(),
    "GOOGLE_CLIENT_SECRET": "hush-client",
    "CRON_SECRET": "hush-cron-hush-cron-hush-cron-hush",
    "CALFERRY_METRICS_TOKEN": "hush-metrics-hush-metrics-hush-metrics",
}


def shown(bare: Installation) -> dict[str, tuple[Any, str]]:
    return {one["name"]: (one["value"], one["source"]) for one in bare.outcome("config", "show")["settings"]}


def test_every_setting_is_shown_with_its_default(bare: Installation, tmp_path: Path) -> None:
    found = shown(bare)
    assert set(found) == {setting_name(field) for field in Settings.model_fields}
    assert found["CALFERRY_RUNS_AT_ONCE"] == (10, "default")
    assert found["CALFERRY_DATA"] == (str(tmp_path / "data"), "environment")
    assert found["CALFERRY_DATABASE_URL"] == (
        f"sqlite:///{tmp_path / 'data' / 'calferry.sqlite3'}",
        "default",
    )


def test_the_environment_wins_over_the_file_and_an_empty_one_does_not_count(
    bare: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".env").write_text(
        "CALFERRY_RUNS_AT_ONCE=7\nGOOGLE_CLIENT_ID=from-file\nCALFERRY_LOG_LEVEL=debug\nCALFERRY_DOCS=0\n"
    )
    monkeypatch.setenv("CALFERRY_RUNS_AT_ONCE", "8")
    monkeypatch.setenv("CALFERRY_LOG_LEVEL", "")
    found = shown(bare)
    assert found["CALFERRY_RUNS_AT_ONCE"] == (8, "environment")
    assert found["GOOGLE_CLIENT_ID"] == ("from-file", ".env")
    assert found["CALFERRY_LOG_LEVEL"] == ("debug", ".env")
    assert found["CALFERRY_DOCS"] == (False, ".env")


def test_secrets_and_passwords_are_hidden_for_programs_and_for_people(
    bare: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(
        "CALFERRY_DATABASE_URL",
        "postgresql://ferry:hush/wo@rd@db.example/calferry?password=hush-too&sslmode=require",
    )
    found = shown(bare)
    assert {found[name] for name in SECRETS} == {("[hidden]", "environment")}
    address, _ = found["CALFERRY_DATABASE_URL"]
    assert address == "postgresql://[hidden]@db.example/calferry?password=[hidden]&sslmode=require"
    told = bare.run("config", "show").stdout + bare.run("config", "show", "--json").stdout
    assert [secret for secret in (*SECRETS.values(), "hush/wo", "wo@rd", "hush-too") if secret in told] == []


def test_what_the_service_needs_is_named(bare: Installation) -> None:
    lines = bare.run("config", "show").stdout.splitlines()
    (line,) = [line for line in lines if line.startswith("CALFERRY_BASE_URL ")]
    assert "needed by `calferry serve`" in line


def test_an_unusable_setting_is_told_in_a_sentence(
    bare: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALFERRY_POLL_JITTER", "9")
    assert "CALFERRY_POLL_JITTER is not usable" in bare.outcome("config", "show", code=3)["error"]
