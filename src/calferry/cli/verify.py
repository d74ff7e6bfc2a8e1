"""`calferry verify`: compare the mirror with Google, event by event, and bring it right where that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.progress import Progress

from calferry.bootstrap.engine import opened_engine
from calferry.cli.endings import DONE, FAILED, run
from calferry.cli.options import AsJson, Email
from calferry.cli.output import Output, count, shortened, table
from calferry.cli.people import calendars_of_accounts, known_accounts
from calferry.settings import load_settings
from calferry.store.account_reads import CalendarRow
from calferry.sync.engine import Engine
from calferry.sync.verify import Verification
from calferry.sync.verify_settled import repair_calendar, verify_settled

NAMED_MAX = 20
Repair = Annotated[
    bool, typer.Option("--repair", help="List a calendar that differs anew, and compare again.")
]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and how the calendar is in the end; the same unless it was repaired."""

    calendar: CalendarRow
    found: Verification
    end: Verification

    @property
    def repaired(self) -> bool:
        return self.found.differences > 0 and self.end.equal

    @property
    def word(self) -> str:
        if self.end.equal:
            return "repaired" if self.repaired else "equal"
        return "differs" if self.end.differences else "unsettled"


def verify(email: Email, repair: Repair = False, as_json: AsJson = False) -> None:
    """Compare the mirrored calendars of an address with Google. Exit code 1: they differ, also after a repair."""
    output = Output(as_json=as_json)
    run(output, lambda: verify_address(output, email, repair=repair))


async def verify_address(output: Output, email: str, *, repair: bool) -> int:
    async with opened_engine(load_settings(), must_exist=True) as engine:
        accounts = await known_accounts(engine.store, email)
        known = await calendars_of_accounts(engine.store, accounts)
        mirrored = [calendar for calendar in known if calendar.selected]
        checked = await verify_all(output, engine, mirrored, repair=repair)
    for said in failures(checked):
        output.say(said)
    equal = all(one.end.equal for one in checked)
    values = {"equal": equal, "calendars": [shown(one) for one in checked]}
    output.outcome(values, differences(checked), sentence(checked))
    return DONE if equal else FAILED


async def verify_all(
    output: Output, engine: Engine, mirrored: Sequence[CalendarRow], *, repair: bool
) -> list[Checked]:
    checked = []
    with Progress(console=output.errors, transient=True, disable=not output.errors.is_terminal) as progress:
        bar = progress.add_task("Comparing with Google", total=len(mirrored))
        for calendar in mirrored:
            checked.append(await verify_one(engine, calendar, repair=repair))
            progress.advance(bar)
    return checked


async def verify_one(engine: Engine, calendar: CalendarRow, *, repair: bool) -> Checked:
    found = await verify_settled(engine, calendar.id)
    if not (repair and found.differences):
        return Checked(calendar, found, found)
    return Checked(calendar, found, await repair_calendar(engine, found))


def shown(one: Checked) -> dict[str, Any]:
    """`missing`, `extra` and `different` name what was found, `unsettled` what is in doubt in the end; twenty each."""
    named = {
        "missing": one.found.missing,
        "extra": one.found.extra,
        "different": one.found.different,
        "unsettled": one.end.unsettled,
        "set_aside": one.end.set_aside,
    }
    return {
        "calendar_id": one.calendar.id,
        "checked": one.end.checked,
        "differences": one.found.differences,
        **{name: ids[:NAMED_MAX] for name, ids in named.items()},
        "repaired": one.repaired,
        "equal": one.end.equal,
    }


def differences(checked: Sequence[Checked]) -> object:
    """A row per calendar; the ids that differ are named in the JSON."""
    rows = [
        [
            shortened(one.calendar.summary),
            one.word,
            str(one.end.checked),
            *(str(len(ids)) for ids in (one.found.missing, one.found.extra, one.found.different)),
        ]
        for one in checked
    ]
    headings = ("calendar", "mirror", "at Google", "missing", "extra", "different")
    return table(headings, rows, "No calendar of this address is mirrored yet.")


def failures(checked: Sequence[Checked]) -> list[str]:
    """A sentence for each calendar that could not be judged or brought right."""
    found = [(one.calendar.summary, one.end.failure) for one in checked]
    return [
        f"{shortened(title)} could not be brought up to date: {failure.message}"
        for title, failure in found
        if failure is not None
    ]


def sentence(checked: Sequence[Checked]) -> str:
    compared = f"Compared {count(sum(one.end.checked for one in checked), 'event')}"
    repaired = sum(one.found.differences for one in checked if one.repaired)
    if all(one.end.equal for one in checked):
        put_right = f"; put right: {count(repaired, 'event')}" if repaired else ""
        return f"{compared}: the mirror is equal to Google{put_right}."
    if any(one.end.differences for one in checked):
        return f"{compared}: the mirror is different from Google."
    return f"{compared}: some events could not be judged, because they kept changing or could not be read."
