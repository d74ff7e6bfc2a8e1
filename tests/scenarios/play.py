"""Scenarios told as data: what is given, what happens step by step, and what has to be seen then."""

import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from calferry.store.tables import calendars
from tests.harness.service import WEBHOOK
from tests.harness.virtual_loop import run_virtually
from tests.scenarios.instances import instances, start_of
from tests.scenarios.stage import ALICE, Json, Stage, set_page_size

GIVEN = frozenset({"seed", "events", "count", "page_size", "webhook", "user", "calendar", "synced"})


def play(path: Path) -> None:
    """Plays a scenario file. Raises AssertionError that names the step."""
    told = json.loads(path.read_text(encoding="utf-8"))
    assert set(told) == {"story", "given", "steps"}, f"{path}: {sorted(told)}"
    given = told["given"]
    assert set(given) <= GIVEN, f"{path}: unknown {sorted(set(given) - GIVEN)}"
    with ExitStack() as limits:
        set_page_size(limits, given.get("page_size"))
        run_virtually(act(given, told["steps"]))


async def act(given: Json, steps: list[Json]) -> None:
    stage = Stage(seed=given.get("seed"), webhook=WEBHOOK if given.get("webhook", True) else None)
    user = given.get("user", ALICE)
    await stage.connect(user, given.get("calendar", ""))
    for event in given.get("events", ()):
        stage.add(event)
    stage.add_many(given.get("count", 0))
    if given.get("synced", True):
        await stage.done()
        stage.asked()
        await stage.logged()
    for number, step in enumerate(steps):
        for verb, argument in step.items():
            try:
                await VERBS[verb](stage, argument)
            except AssertionError as error:
                raise AssertionError(f"step {number}, {verb} {json.dumps(argument)}: {error}") from error


async def add(stage: Stage, argument: Any) -> None:
    for event in argument if isinstance(argument, list) else [argument]:
        stage.add(event)


async def patch(stage: Stage, argument: Json) -> None:
    body = dict(argument)
    stage.patch(body.pop("id"), body)


async def delete(stage: Stage, argument: Any) -> None:
    for event_id in argument if isinstance(argument, list) else [argument]:
        stage.delete(event_id)


async def forget(stage: Stage, argument: str) -> None:
    """The event vanishes at Google without a tombstone."""
    stage.google.emulator.world.calendars[stage.google_id].shelf.forget(argument)


async def plant(stage: Stage, argument: Any) -> None:
    stage.plant(*(argument if isinstance(argument, list) else [argument]))


async def call(stage: Stage, argument: list[Any]) -> None:
    stage.call(*argument)


async def control(stage: Stage, argument: Any) -> None:
    name, body = (argument, {}) if isinstance(argument, str) else argument
    stage.control(name, body)


async def faults(stage: Stage, argument: Any) -> None:
    stage.faults(*(argument if isinstance(argument, list) else [argument]))


async def wait(stage: Stage, argument: float) -> None:
    await stage.clock.sleep(argument)


async def run(stage: Stage, argument: Json) -> None:
    """Runs the calendar; keys of the report are compared, the others are terms of the run."""
    expected = {"outcome": "done", **argument}
    terms = {name: expected.pop(name) for name in ("full", "confirmed", "page_limit") if name in expected}
    report = await stage.run(**terms)
    error = expected.pop("error", None)
    assert error is None or (report.error is not None and report.error.code == error), report
    assert {name: getattr(report, name) for name in expected} == expected, report


async def refresh_list(stage: Stage, argument: Json) -> None:
    expected = {**argument}
    full = expected.pop("full", False)
    report = await stage.refresh_list(full=full)
    assert {name: getattr(report, name) for name in expected} == expected, report


async def scan(stage: Stage, argument: float) -> None:
    await stage.scan(argument)


async def deliver(stage: Stage, argument: int | None) -> None:
    count = await stage.deliver()
    assert argument is None or count == argument, f"{count} messages"


async def look_at(stage: Stage, argument: str) -> None:
    await stage.look_at(argument)
    await stage.change(calendars, stage.calendar_id, selected=True)


async def expect(stage: Stage, argument: Json) -> None:
    for name, expected in argument.items():
        await EXPECTATIONS[name](stage, expected)


async def live(stage: Stage, expected: Any) -> None:
    found = await stage.live()
    if isinstance(expected, int):
        assert len(found) == expected, f"{len(found)} live"
    else:
        assert found == sorted(expected), found


async def event(stage: Stage, expected: Json) -> None:
    """Columns of rows by event id; under `raw`, fields of the stored JSON."""
    rows = await stage.event_rows()
    for event_id, columns in expected.items():
        row = rows[event_id]
        for name, value in columns.items():
            if name == "raw":
                stored = json.loads(row.raw)
                assert {key: stored.get(key) for key in value} == value, row.raw
            else:
                assert getattr(row, name) == value, (event_id, name, getattr(row, name))


async def instances_shown(stage: Stage, expected: Json) -> None:
    """What a reader of instances gets `from` a day or instant `until` another: start and title of each."""
    found = await instances(stage, expected["from"], expected["until"])
    shown = [f"{start_of(one)} {one['summary']}" for one in found]
    assert shown == expected["shown"], shown


async def missing(stage: Stage, expected: int) -> None:
    rows = (await stage.event_rows()).values()
    flagged = [row.event_id for row in rows if row.missing_since is not None]
    assert len(flagged) == expected, flagged


async def log(stage: Stage, expected: Any) -> None:
    entries = await stage.logged()
    if isinstance(expected, int):
        assert len(entries) == expected, f"{len(entries)} entries: {entries[:20]}"
    else:
        assert sorted(entries) == sorted(expected), entries


async def requests(stage: Stage, expected: dict[str, int]) -> None:
    assert stage.asked_methods() == expected, "other requests"


async def state(stage: Stage, expected: Json) -> None:
    compare(await stage.state(), expected)


async def calendar(stage: Stage, expected: Json) -> None:
    compare(await stage.calendar(), expected)


async def account(stage: Stage, expected: Json) -> None:
    compare(await stage.account(), expected)


def compare(row: Any, expected: Json) -> None:
    """`"set"` stands for any value that is not null."""
    for name, value in expected.items():
        found = getattr(row, name)
        assert found is not None if value == "set" else found == value, (name, found)


async def quarantined(stage: Stage, expected: int) -> None:
    rows = await stage.quarantined()
    assert len(rows) == expected, rows


async def channel_states(stage: Stage, expected: list[str]) -> None:
    states = sorted(row.state for row in await stage.channel_rows())
    assert states == sorted(expected), states


async def equal(stage: Stage, expected: bool) -> None:
    assert expected, "write nothing to say nothing"
    await stage.assert_equal()


Verb = Callable[[Stage, Any], Awaitable[None]]
VERBS: dict[str, Verb] = {
    "add": add,
    "patch": patch,
    "delete": delete,
    "forget": forget,
    "plant": plant,
    "call": call,
    "control": control,
    "faults": faults,
    "wait": wait,
    "run": run,
    "refresh_list": refresh_list,
    "scan": scan,
    "deliver": deliver,
    "look_at": look_at,
    "expect": expect,
}
EXPECTATIONS: dict[str, Verb] = {
    "live": live,
    "event": event,
    "instances": instances_shown,
    "missing": missing,
    "log": log,
    "requests": requests,
    "state": state,
    "calendar": calendar,
    "account": account,
    "quarantined": quarantined,
    "channels": channel_states,
    "equal": equal,
}
