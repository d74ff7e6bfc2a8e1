"""Running seeds until one fails: `python -m tests.simulation.hunt --count 200 --likely 17`.

The likely one comes before all others. The exit code is 1 as soon as a seed fails, 0 when all of them hold.
"""

import argparse
import sys

from tests.simulation.run import simulate


def main() -> int:
    parser = argparse.ArgumentParser(description="Run seeds until one fails.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--likely", type=int, default=0)
    options = parser.parse_args()
    others = (seed for seed in range(options.count) if seed != options.likely)
    for seed in (options.likely, *others):
        outcome = simulate(str(seed))
        if outcome.violation is not None:
            print(f"seed {seed}: {outcome.violation}")
            return 1
    print(f"{options.count} seeds held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
