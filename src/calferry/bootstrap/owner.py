"""The name under which a process holds leases, which tells whether the process still lives."""

import os
import socket
from functools import cache
from pathlib import Path

PROCESSES = Path("/proc")


@cache
def own_name() -> str:
    """This process: machine, number, and when it started, so that a reused number is another name."""
    return f"{socket.gethostname()}/{os.getpid()}/{started_at(os.getpid())}"


def started_at(pid: int) -> str:
    """When the process started, in the system's own count; empty for an ended one, and where it cannot be told."""
    try:
        line = (PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = line.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def is_gone(name: str) -> bool:
    """Whether the process of that name ran on this machine and does not any more. False when unknown."""
    host, _, pid = name.rpartition("/")[0].rpartition("/")
    start = name.rpartition("/")[2]
    if host != socket.gethostname() or not pid.isdecimal() or not start:
        return False
    return started_at(int(pid)) != start
