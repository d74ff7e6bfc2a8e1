"""A lease tells whether the process that holds it still lives."""

import os
import socket
import subprocess
import sys

import pytest

from calferry.bootstrap.owner import is_gone, own_name, started_at


def test_this_process_lives() -> None:
    assert own_name() == own_name()
    assert not is_gone(own_name())


def test_an_ended_process_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = f"{socket.gethostname()}/{process.pid}/{started_at(process.pid)}"
    assert not is_gone(name)
    process.communicate(b"\n")
    assert is_gone(name)


def test_another_process_under_the_same_number_is_not_the_same() -> None:
    assert is_gone(f"{socket.gethostname()}/{os.getpid()}/1")


@pytest.mark.parametrize("name", ["", "service", "elsewhere/1/2", f"{socket.gethostname()}/x/2", "a/b"])
def test_of_unknown_processes_nothing_is_said(name: str) -> None:
    assert not is_gone(name)
