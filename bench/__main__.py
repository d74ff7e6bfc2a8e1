"""Measures calferry beside other ways to mirror a calendar, on this machine, against a made-up Google."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

from bench.figures import Figures, figures
from bench.options import Options, read_options
from bench.roster import ROSTER
from bench.round import Turn, memory, take_turn
from bench.server import running_server
from bench.table import growth, table
from tests.harness.postgres import server as server_of_postgres


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(options: Options) -> dict[str, Figures]:
    """Run every contestant once in each round, so that all of them meet the machine's good and bad moments."""
    contestants = [contestant for contestant in ROSTER if contestant.name in options.only]
    turns: dict[str, list[Turn]] = {contestant.name: [] for contestant in contestants}
    say("Making the calendars …")
    needs_postgres = any(contestant.on_postgres for contestant in contestants)
    with running_server(options) as server, running_postgres(needed=needs_postgres) as postgres:
        for number in range(1, options.runs + 1):
            for contestant in contestants:
                turn = take_turn(contestant, server, options, postgres)
                turns[contestant.name].append(turn)
                say(progress(number, options.runs, contestant.name, turn))
    return {name: figures(name, turns, options) for name in turns}


@contextmanager
def running_postgres(*, needed: bool) -> Iterator[str]:
    """A server of our own whose files cost no disk; nothing where none is needed."""
    if not needed:
        yield ""
        return
    with server_of_postgres(memory()) as address:
        yield address


def progress(number: int, runs: int, name: str, turn: Turn) -> str:
    seconds = ", ".join(f"{phase} {took.seconds:.3f} s" for phase, took in turn.phases.items())
    return f"[{number}/{runs}] {name}: {seconds}" + "".join(f"\n    WRONG: {line}" for line in turn.wrong)


def as_json(options: Options, found: Mapping[str, Figures]) -> dict[str, object]:
    return {"options": asdict(options), "contestants": {name: asdict(row) for name, row in found.items()}}


def main(arguments: list[str]) -> int:
    options = read_options(arguments)
    found = measure(options)
    texts, answer = [table(options, found)], as_json(options, found)
    rows = list(found.values())
    if options.big:
        more = options.five_times_the_events()
        big = measure(more)
        texts += [table(more, big), growth(found, big)]
        answer["big"] = as_json(more, big)
        rows += big.values()
    print("\n\n".join(texts), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps(answer))
    return 1 if any(row.wrong for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
