"""`calferry verify`: compare the mirror with Google, event by event."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.progress import Progress

from calferry.bootstrap.engine import opened_engine
from calferry.cli.endings import DONE, FAILED, run
from calferry.cli.options import AsJson, Email
from calferry.cli.output import Output, count, shortened, table
from calferry.cli.people import calendars_of_accounts, known_accounts
from calferry.settings import load_settings
from calferry.store.account_reads import CalendarRow
from calferry.sync.engine import Engine
from calferry.sync.verify import Verification, verify_calendar


def verify(email: Email, as_json: AsJson = False) -> None:
    """Compare the mirrored calendars of an address with Google. Exit code 1: they differ."""
    output = Output(as_json=as_json)
    run(output, lambda: verify_address(output, email))


async def verify_address(output: Output, email: str) -> int:
    async with opened_engine(load_settings(), must_exist=True) as engine:
        accounts = await known_accounts(engine.store, email)
        known = await calendars_of_accounts(engine.store, accounts)
        mirrored = [calendar for calendar in known if calendar.selected]
        found = await verify_all(output, engine, mirrored)
    equal = all(verification.equal for verification in found)
    values = {"equal": equal, "calendars": [shown(verification) for verification in found]}
    output.outcome(values, differences(mirrored, found), sentence(found, equal=equal))
    return DONE if equal else FAILED


async def verify_all(output: Output, engine: Engine, mirrored: Sequence[CalendarRow]) -> list[Verification]:
    found = []
    with Progress(console=output.errors, transient=True, disable=not output.errors.is_terminal) as progress:
        bar = progress.add_task("Comparing with Google", total=len(mirrored))
        for calendar in mirrored:
            found.append(await verify_calendar(engine, calendar.id))
            progress.advance(bar)
    return found


def shown(verification: Verification) -> dict[str, Any]:
    return asdict(verification) | {"equal": verification.equal}


def differences(mirrored: Sequence[CalendarRow], found: Sequence[Verification]) -> object:
    """A row per calendar; the ids that differ are named in the JSON."""
    rows = [
        [
            shortened(calendar.summary),
            "equal" if verification.equal else "differs",
            str(verification.checked),
            *(str(len(ids)) for ids in (verification.missing, verification.extra, verification.different)),
        ]
        for calendar, verification in zip(mirrored, found, strict=True)
    ]
    headings = ("calendar", "mirror", "at Google", "missing", "extra", "different")
    return table(headings, rows, "No calendar of this address is mirrored yet.")


def sentence(found: Sequence[Verification], *, equal: bool) -> str:
    checked = count(sum(verification.checked for verification in found), "event")
    return f"Compared {checked}: the mirror is {'equal to' if equal else 'different from'} Google."
