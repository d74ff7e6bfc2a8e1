"""`calferry sync`: bring calendars up to date in this process."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from calferry.bootstrap.engine import opened_engine
from calferry.cli.dry_run import foresee
from calferry.cli.endings import DONE, FAILED, SIGN_IN_AGAIN, run
from calferry.cli.options import AsJson, CalendarIds, Email
from calferry.cli.output import Output, count, shortened
from calferry.cli.people import Account, calendars_of_accounts, choose, known_accounts
from calferry.cli.progress import CalendarBars, calendar_bars
from calferry.core.limits import CALENDARS_AT_ONCE
from calferry.settings import load_settings
from calferry.store import calendars
from calferry.store.account_reads import CalendarRow
from calferry.sync.calendar_list import refresh_calendar_list
from calferry.sync.engine import Engine
from calferry.sync.report import Report
from calferry.sync.run_calendar import RunTerms
from calferry.sync.run_many import run_until_clean

Full = Annotated[bool, typer.Option("--full", help="List everything again instead of asking for changes.")]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", help="List everything at Google and tell what `--full` would change, without writing it."
    ),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calendars, and how."""

    email: str
    calendars: Sequence[str]
    full: bool


def sync(
    email: Email,
    calendar: CalendarIds = None,
    full: Full = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Sync the calendars of an address: the selected ones, or all of them while none is selected."""
    output = Output(as_json=as_json)
    wanted = Wanted(email, calendar or [], full)
    run(output, lambda: foresee_address(output, wanted) if dry_run else sync_address(output, wanted))


async def foresee_address(output: Output, wanted: Wanted) -> int:
    async with opened_engine(load_settings(), must_exist=True) as engine:
        accounts = await known_accounts(engine.store, wanted.email)
        known = await calendars_of_accounts(engine.store, accounts)
        return await foresee(output, engine, choose(known, wanted.calendars))


async def sync_address(output: Output, wanted: Wanted) -> int:
    began = time.monotonic()
    async with opened_engine(load_settings(), must_exist=True) as engine:
        accounts = await known_accounts(engine.store, wanted.email)
        requests = await refresh_lists(output, engine, accounts)
        chosen = choose(await calendars_of_accounts(engine.store, accounts), wanted.calendars)
        chosen_ids = [calendar.id for calendar in chosen]
        await engine.store.write(lambda connection: calendars.select_for_sync(connection, chosen_ids))
        reports = await sync_all(output, engine, chosen, wanted)
    for said in failures(chosen, reports):
        output.say(said)
    code = exit_code(accounts, list(reports.values()))
    values = summary(reports, requests, time.monotonic() - began)
    output.outcome(values, sentence(values))
    return code


async def refresh_lists(output: Output, engine: Engine, accounts: Sequence[Account]) -> int:
    """Bring the lists of calendars up to date; returns the number of calls. What failed is only said."""
    for account in accounts:
        listed = await refresh_calendar_list(engine, account.id)
        if listed.error is not None:
            output.say(f"The calendars of {account.email} could not be listed: {listed.error.message}")
    return len(accounts)


async def sync_all(
    output: Output, engine: Engine, chosen: Sequence[CalendarRow], wanted: Wanted
) -> dict[str, Report]:
    """Run them, five at once, with a bar for each."""
    places = asyncio.Semaphore(CALENDARS_AT_ONCE)
    terms = RunTerms(full=wanted.full, confirmed=wanted.full)

    async def one(bars: CalendarBars, calendar: CalendarRow) -> tuple[str, Report]:
        async with places:
            report = await run_until_clean(engine, calendar.id, terms)
        bars.end(calendar.id, ending(report))
        return calendar.id, report

    async with calendar_bars(output, engine.store, chosen) as bars:
        return dict(await asyncio.gather(*(one(bars, calendar) for calendar in chosen)))


def ending(report: Report) -> str:
    return f"done, {count(report.changes, 'change')}" if report.outcome == "done" else report.outcome


def failures(chosen: Sequence[CalendarRow], reports: dict[str, Report]) -> list[str]:
    """A sentence for each calendar that did not come to its end."""
    found = [(calendar.summary, reports[calendar.id].error) for calendar in chosen]
    return [
        f"{shortened(title)} was not synced: {error.message}" for title, error in found if error is not None
    ]


def exit_code(accounts: Sequence[Account], reports: Sequence[Report]) -> int:
    """4 when somebody has to sign in again, 1 when anything else is left undone."""
    dead = any(report.error is not None and report.error.code == "401" for report in reports)
    if dead or any(account.status == "needs_reauth" for account in accounts):
        return SIGN_IN_AGAIN
    return DONE if all(report.outcome == "done" for report in reports) else FAILED


def summary(reports: dict[str, Report], requests: int, seconds: float) -> dict[str, Any]:
    """The outcome as JSON."""
    return {
        "events": sum(report.events for report in reports.values()),
        "changes": sum(report.changes for report in reports.values()),
        "seconds": round(seconds, 3),
        "requests": requests + sum(report.requests for report in reports.values()),
        "calendars": [
            {
                "id": calendar_id,
                "outcome": report.outcome,
                "events": report.events,
                "changes": report.changes,
                "error": report.error and {"code": report.error.code, "message": report.error.message},
            }
            for calendar_id, report in reports.items()
        ],
    }


def sentence(values: dict[str, Any]) -> str:
    read = f"{count(len(values['calendars']), 'calendar')}, {count(values['events'], 'event')} read"
    done = f"{count(values['changes'], 'change')} stored in {values['seconds']:.1f} s"
    return f"{read}, {done} with {count(values['requests'], 'request')}."
