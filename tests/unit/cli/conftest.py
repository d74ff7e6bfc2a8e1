"""A configured installation beside a local Google, and its commands."""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from calferry.cli import app
from calferry.emulator.server import RunningGoogle, run_in_thread


@dataclass(frozen=True)
class Installation:
    """Runs commands in this process. `google` is None where no command may need it."""

    google: RunningGoogle | None = None

    def run(self, *arguments: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, list(arguments), input=typed)

    def outcome(self, *arguments: str, typed: str = "", code: int = 0) -> Any:
        """What the command prints with --json, which is one line."""
        done = self.run(*arguments, "--json", typed=typed)
        assert done.exit_code == code, (done.exit_code, done.stdout, done.stderr, done.exception)
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    def connect(self, email: str = "alice@example.com") -> Any:
        assert self.google is not None
        token = self.google.tokens(email)["refresh_token"]
        return self.outcome("accounts", "add", email, "--refresh-token", "-", typed=f"{token}\n")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installation:
    """Nothing is configured but where the data are."""
    for name in [*os.environ]:
        if name.startswith(("CALFERRY_", "GOOGLE_", "WEBHOOK_", "CRON_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CALFERRY_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return Installation()


@pytest.fixture
def installation(bare: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Configured, with a local Google."""
    with run_in_thread() as google:
        settings = {
            "CALFERRY_KEYS": base64.b64encode(os.urandom(32)).decode(),
            "CALFERRY_BASE_URL": "http://127.0.0.1:8000",
            "CALFERRY_ALLOWED_EMAILS": "*",
            "GOOGLE_CLIENT_ID": "demo-client",
            "GOOGLE_CLIENT_SECRET": "demo-secret",
            "CALFERRY_GOOGLE_API_URL": google.url,
            "CALFERRY_GOOGLE_TOKEN_URL": f"{google.url}/token",
            "CALFERRY_GOOGLE_REVOKE_URL": f"{google.url}/revoke",
            "CALFERRY_GOOGLE_USERINFO_URL": f"{google.url}/oauth2/v3/userinfo",
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield Installation(google)
