"""The upstream as a child process."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.options import Options

PROJECT = Path(__file__).parents[1]  # where `-m bench` finds this package
STOP_S = 10


@dataclass(frozen=True, slots=True)
class Server:
    base_url: str

    def ask(self, action: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.base_url}/bench/{action}", timeout=60) as response:
            found: dict[str, Any] = json.load(response)
        return found

    def reset(self, latency_ms: float) -> None:
        """Set every count to nought."""
        self.ask(f"reset?latency_ms={latency_ms}")

    def requests(self) -> dict[str, int]:
        """Return the answered requests since the reset: pages by view, tokens, calendar lists, refusals."""
        return self.ask("stats")

    def expected(self) -> dict[str, str]:
        """Return the fingerprint of every calendar after both syncs."""
        return self.ask("expected")


@contextmanager
def running_server(options: Options) -> Iterator[Server]:
    """Build the data and serve it while the block runs. The server ends with its standard input, so with us."""
    amounts = {"calendars": options.calendars, "events": options.events, "changes": options.changes}
    arguments = [f"--{name}={amount}" for name, amount in amounts.items()]
    command = [sys.executable, "-m", "bench.upstream", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        if not address:
            raise RuntimeError("the upstream did not start; its message stands above")
        try:
            yield Server(address)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(STOP_S)
