"""Processes that begin as copies of one that has imported what they need.

Python has one such server for all; here each set of modules has its own, so that nobody is given what another asked for.
"""

from collections.abc import Callable, Sequence
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from threading import Lock
from typing import Any
from unittest.mock import patch

STARTING = Lock()


class Copies:
    """Copies of a process that has imported `modules`, which is started with the first of them."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._context = get_context("forkserver")
        self._server = forkserver.ForkServer()
        self._server.set_forkserver_preload([*modules, "tests.harness.frozen"])

    def start(
        self, target: Callable[..., object], args: Sequence[Any], *, daemon: bool = False
    ) -> BaseProcess:
        process = self._context.Process(target=target, args=args, daemon=daemon)
        ours = self._server.connect_to_new_process
        with STARTING, patch.object(forkserver, "connect_to_new_process", ours):
            process.start()
        return process
