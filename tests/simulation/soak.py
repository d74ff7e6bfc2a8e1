"""Many seeds on every core: `python -m tests.simulation.soak --seeds 20000`. The exit code is 1 when one fails."""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.run import simulate

CHUNK = 20


def run_chunk(first: int, count: int) -> tuple[list[str], Counter[str], int]:
    """Failures as lines, what happened, and how many seconds passed in them."""
    failures: list[str] = []
    hits: Counter[str] = Counter()
    virtual_s = 0.0
    for seed in range(first, first + count):
        outcome = simulate(str(seed))
        hits += outcome.hits
        virtual_s += outcome.virtual_s
        if outcome.violation is not None:
            failures.append(f"{seed} {str(outcome.violation).splitlines()[0]}")
    return failures, hits, int(virtual_s)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run many seeds.")
    parser.add_argument("--seeds", type=int, default=20_000, help="how many (20000)")
    parser.add_argument("--first", type=int, default=1_000_000, help="the first of them (1000000)")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="how many at once (every core)")
    options = parser.parse_args()
    began = time.monotonic()
    failures, hits, virtual_s, done = [], Counter[str](), 0, 0
    firsts = range(options.first, options.first + options.seeds, CHUNK)
    counts = [min(CHUNK, options.first + options.seeds - first) for first in firsts]
    with ProcessPoolExecutor(options.processes) as pool:
        for count, (failed, met, seconds) in zip(counts, pool.map(run_chunk, firsts, counts), strict=True):
            failures += failed
            hits += met
            virtual_s += seconds
            done += count
            for line in failed:
                print(f"FAILED {line}", flush=True)
            if done % 200 == 0:
                print(f"{done} seeds, {len(failures)} failed", flush=True)
    report(done, failures, hits, virtual_s, time.monotonic() - began)
    return 1 if failures else 0


def report(done: int, failures: list[str], hits: Counter[str], virtual_s: int, took_s: float) -> None:
    for what, times in sorted(hits.items()):
        print(f"{times:9} {what}")
    print(f"{done} seeds, {virtual_s / 3600:.0f} virtual hours, {took_s:.0f} s, {len(failures)} failed")
    if failures:
        print("failed:", " ".join(line.split()[0] for line in failures))


if __name__ == "__main__":
    sys.exit(main())
