"""Seconds, CPU seconds and peak memory of a phase, measured inside the contestant."""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.task import Outcome, Phase, Task


def peak_mb() -> float:
    """Return the highest resident memory so far; what a parent had at the fork does not count."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def cpu_s() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


class Lap:
    """From its making to `done`."""

    def __init__(self) -> None:
        self.cpu_s, self.started = cpu_s(), time.perf_counter()

    def done(self, events: int) -> Phase:
        return Phase(events, time.perf_counter() - self.started, cpu_s() - self.cpu_s, peak_mb())


def task_from_arguments() -> Task:
    return Task.from_json(sys.argv[1])


def report(phases: dict[str, Phase], task: Task, rows: str) -> None:
    print(Outcome(phases, task.database_url, rows).to_json(), flush=True)


def run_phases(task: Task, sync: Callable[[], int], rows: str) -> None:
    """Time `sync`, which returns the number of entries it read, once for each phase."""
    phases = {}
    for name in task.phases:
        lap = Lap()
        phases[name] = lap.done(sync())
    report(phases, task, rows)
