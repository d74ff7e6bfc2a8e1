"""A local Google that looks at every answer it gives, whichever client asked for it."""

import contextlib
import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from calferry.emulator import Response
from calferry.emulator.app import Emulator
from calferry.emulator.call import Call, Options
from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.contract.emulator.schemas import METHODS, wrong_in_answer, wrong_in_error


class CheckedEmulator(Emulator):
    """`problems` is what was wrong with the answers, `checked` how many of each method were looked at.

    Parts of batches are looked at one by one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.problems: list[str] = []
        self.checked: Counter[str] = Counter()
        super().__init__(*args, **kwargs)

    def _note(self, call: Call, response: Response) -> None:
        super()._note(call, response)
        method_id = f"calendar.{call.method}"
        if response.fault or method_id not in METHODS:
            return
        self.checked[f"{call.method} {response.status}"] += 1
        place = f"{call.request.method} {call.request.path}: "
        self.problems += [place + problem for problem in _wrong(method_id, call, response)]


def _wrong(method_id: str, call: Call, response: Response) -> Iterator[str]:
    try:
        answer = _decoded(response)
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    if response.status in (204, 304):
        if answer is not None:
            yield f"a {response.status} has a body: {answer!r}"
    elif response.status >= 400:
        yield from wrong_in_error(response.status, answer)
    else:
        yield from wrong_in_answer(method_id, answer, "fields" in call.query)


def _decoded(response: Response) -> Any:
    is_compressed = response.headers.get("Content-Encoding") == "gzip"
    body = gzip.decompress(response.body) if is_compressed else response.body
    return json.loads(body) if body else None


@contextlib.contextmanager
def checked_google(seeds: Sequence[dict[str, Any]] = ()) -> Iterator[RunningGoogle]:
    """Serves until the block ends; then fails if any answer was not what the discovery document promises."""
    emulator = CheckedEmulator(time.time, random.Random(0), seeds, Options(auto=True))
    with run_in_thread(emulator=emulator) as running:
        yield running
    assert not emulator.problems, "\n".join(emulator.problems)


def checked(google: RunningGoogle) -> CheckedEmulator:
    """The emulator behind a local Google started by `checked_google`."""
    assert isinstance(google.emulator, CheckedEmulator)
    return google.emulator
