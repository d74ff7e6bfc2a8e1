"""Real processes of calferry that start as a copy of one that has imported everything, so that many can be killed."""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from calferry.cli.commands import COMMANDS
from tests.harness.copies import Copies
from tests.waiting import until

LISTENS_WITHIN_S = 60.0
STOPS_WITHIN_S = 20.0


@cache
def copies() -> Copies:
    return Copies([*(promise.module for promise in COMMANDS), __name__])


def command(
    arguments: Sequence[str], environment: Mapping[str, str], folder: str, streams: Sequence[str]
) -> None:
    """The whole life of a copy: `calferry …`, with an environment, a folder and standard streams of its own."""
    from calferry.cli import main

    for number, path in enumerate(streams):
        writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        os.dup2(os.open(path, writing if number else os.O_RDONLY, 0o600), number)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["calferry", *arguments]
    main()


def start(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    folder: Path | None = None,
    printed: Path | None = None,
    typed: Path = Path(os.devnull),
) -> BaseProcess:
    """`log` gets standard error, and standard output too where that has no place of its own."""
    streams = [str(path) for path in (typed, printed or log, log)]
    return copies().start(command, (arguments, dict(environment), str(folder or log.parent), streams))


def kill(process: BaseProcess) -> None:
    """`kill -9`."""
    process.kill()
    process.join()


def ended(process: BaseProcess, within_s: float) -> int:
    """The exit code of a process that comes to its end."""
    process.join(within_s)
    if process.exitcode is None:
        kill(process)
        raise AssertionError(f"the process did not end within {within_s} s")
    return process.exitcode


def stop(process: BaseProcess) -> None:
    process.terminate()
    ended(process, STOPS_WITHIN_S)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def announced(process: BaseProcess, printed: Path) -> Any:
    """What a process that listens says first, with --json."""
    first = until(lambda: line_of(printed) or process.exitcode is not None, LISTENS_WITHIN_S, "a first line")
    assert process.exitcode is None
    return json.loads(str(first))


def line_of(printed: Path) -> str:
    """The first line, once it is whole."""
    line, end, _ = (printed.read_text("utf-8") if printed.exists() else "").partition("\n")
    return line if end else ""


@contextlib.contextmanager
def listening(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, port: int
) -> Iterator[BaseProcess]:
    """A process that listens on `port` when the block begins, and is stopped when it ends."""
    process = start(arguments, environment, log)
    try:
        until(
            lambda: listens(port) or process.exitcode is not None, LISTENS_WITHIN_S, "a process that listens"
        )
        assert process.exitcode is None, log.read_text("utf-8")
        yield process
    finally:
        stop(process)
