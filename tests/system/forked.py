"""Real processes of calferry that start as a copy of one that has imported everything, so that many can be killed."""

import contextlib
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path

from calferry.cli.commands import COMMANDS
from tests.harness.copies import Copies

STOPS_WITHIN_S = 20.0


@cache
def copies() -> Copies:
    return Copies([promise.module for promise in COMMANDS])


def command(arguments: Sequence[str], environment: Mapping[str, str], log: str) -> None:
    """The whole life of a copy: `calferry …`, in a folder and an environment of its own."""
    from calferry.cli import main

    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(environment["CALFERRY_DATA"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    import sys

    sys.argv = ["calferry", *arguments]
    main()


def start(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> BaseProcess:
    return copies().start(command, (arguments, dict(environment), str(log)))


def kill(process: BaseProcess) -> None:
    """`kill -9`."""
    process.kill()
    process.join()


def stop(process: BaseProcess) -> None:
    process.terminate()
    process.join(STOPS_WITHIN_S)
    if process.exitcode is None:
        kill(process)
        raise AssertionError("SIGTERM did not end the process")


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
