"""Real processes of calferry, and a person's view of them over HTTP."""

import base64
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.system import forked

DEADLINE_S = 60.0


@dataclass
class Site:
    """One installation: a folder, its settings, and the Google it knows."""

    folder: Path
    google: str
    port: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.port = self.port or free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CALFERRY_")},
            "CALFERRY_KEYS": base64.b64encode(os.urandom(32)).decode(),
            "CALFERRY_BASE_URL": self.address,
            "CALFERRY_ALLOWED_EMAILS": "*",
            "CALFERRY_DATA": str(self.folder),
            "GOOGLE_CLIENT_ID": "demo-client",
            "GOOGLE_CLIENT_SECRET": "demo-secret",
            "CALFERRY_GOOGLE_API_URL": self.google,
            "CALFERRY_GOOGLE_AUTH_URL": f"{self.google}/o/oauth2/v2/auth",
            "CALFERRY_GOOGLE_TOKEN_URL": f"{self.google}/token",
            "CALFERRY_GOOGLE_REVOKE_URL": f"{self.google}/revoke",
            "CALFERRY_GOOGLE_CERTS_URL": f"{self.google}/oauth2/v3/certs",
            "CALFERRY_GOOGLE_USERINFO_URL": f"{self.google}/oauth2/v3/userinfo",
            "WEBHOOK_BASE_URL": self.address,
            "NO_COLOR": "1",
            **self.environment,
        }

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "calferry.sqlite3"

    def run(self, *arguments: str, typed: str = "") -> tuple[int, Any, str]:
        """A whole command with --json: exit code, its outcome, and what it said."""
        with TemporaryDirectory() as folder:
            typing, printed, said = (Path(folder) / name for name in ("typed", "printed", "said"))
            typing.write_text(typed, "utf-8")
            command = [*arguments, "--json"]
            process = forked.start(command, self.environment, said, printed=printed, typed=typing)
            code = forked.ended(process, DEADLINE_S)
            lines = printed.read_text("utf-8").splitlines()
            assert len(lines) <= 1, lines
            return code, json.loads(lines[0]) if lines else None, said.read_text("utf-8")

    def connect(self, email: str, refresh_token: str) -> str:
        """Bring a grant and return a bearer token of its person."""
        code, _, said = self.run("accounts", "add", email, "--refresh-token", "-", typed=f"{refresh_token}\n")
        assert code == 0, said
        code, outcome, said = self.run("tokens", "create", email)
        assert code == 0, said
        return str(outcome["token"])

    @contextmanager
    def serving(self) -> Iterator[BaseProcess]:
        """`calferry serve` until the block ends; it listens when the block begins."""
        command = ["serve", "--port", str(self.port)]
        with forked.listening(command, self.environment, self.folder / "serve.log", self.port) as process:
            yield process

    def ask(self, method: str, path: str, token: str, body: Any = None) -> Any:
        """JSON of an answer. Raises for an error status."""
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
            return json.loads(response.read() or b"null")

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Look into the database beside the service."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return connection.execute(statement, values).fetchall()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def announced(process: "subprocess.Popen[str]") -> Any:
    """What a process that listens says first, with --json."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(15)
    if process.stdout is not None:
        process.stdout.close()


def stop_all(process: "subprocess.Popen[str]", signal_number: int = signal.SIGTERM) -> None:
    """With whatever it has started, where it was given a session of its own; ends when none of them holds its output."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal_number)
    process.communicate(timeout=DEADLINE_S)
