"""`calferry calendars`: pause calendars, resume them, mirror them in another mode."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from sqlalchemy import Connection

from calferry.bootstrap.database import open_store
from calferry.bootstrap.system import SystemClock
from calferry.cli.endings import CommandFailed, run
from calferry.cli.options import AsJson, CalendarIds, Email
from calferry.cli.output import Output, shortened
from calferry.cli.people import calendars_of_accounts, choose, known_accounts
from calferry.core.model import Mode
from calferry.core.sync_state import effective_mode
from calferry.settings import load_settings
from calferry.store.account_reads import CalendarRow
from calferry.sync import change_mode, pause

app = typer.Typer(help="What to do with single calendars.", no_args_is_help=True)

Change = Callable[[Connection, CalendarRow, int], bool]
"""Changes one calendar at that time (UTC milliseconds); False when it was so already."""


@app.callback()
def group() -> None:
    """What to do with single calendars."""


@app.command(name="pause")
def pause_calendars(email: Email, calendar: CalendarIds = None, as_json: AsJson = False) -> None:
    """Ask Google nothing more about calendars of an address: the named ones, or all that are mirrored.

    What is stored stays readable.
    """
    output = Output(as_json=as_json)
    named = calendar or []
    run(output, lambda: change(output, email, named, lambda tx, row, _: pause.pause(tx, row.id), "paused"))


@app.command()
def resume(email: Email, calendar: CalendarIds = None, as_json: AsJson = False) -> None:
    """Sync paused calendars again, from where they were paused: the named ones, or all that are mirrored."""
    output = Output(as_json=as_json)
    named = calendar or []
    run(
        output,
        lambda: change(output, email, named, lambda tx, row, at: pause.resume(tx, row.id, at), "resumed"),
    )


@app.command()
def mode(
    email: Email,
    wanted: Annotated[str, typer.Argument(metavar="series|instances", show_default=False)],
    calendar: CalendarIds = None,
    as_json: AsJson = False,
) -> None:
    """Mirror calendars as series with their exceptions, or as instances that Google expands.

    Readers see what was stored before until everything is stored anew.
    """
    if wanted not in ("series", "instances"):
        raise typer.BadParameter("it is series or instances", param_hint="MODE")
    output = Output(as_json=as_json)
    chosen: Mode = "series" if wanted == "series" else "instances"

    def want(tx: Connection, row: CalendarRow, now_ms: int) -> bool:
        if effective_mode(chosen, row.access_role) != chosen:
            raise CommandFailed(
                f"Of {shortened(row.summary)} you may only see when it is busy: its mode is always instances."
            )
        return change_mode.want(tx, row.id, chosen, now_ms)

    run(output, lambda: change(output, email, calendar or [], want, f"to be mirrored as {chosen}"))


async def change(output: Output, email: str, named: Sequence[str], one: Change, done: str) -> None:
    """All of them or none. A running service takes notice within seconds."""
    settings = load_settings()
    store = await open_store(settings.database_address, auto_migrate=settings.auto_migrate, must_exist=True)
    try:
        found = await calendars_of_accounts(store, await known_accounts(store, email))
        chosen = choose(found, named) if named else [row for row in found if row.selected]
        now_ms = SystemClock().now_ms()
        changed = await store.write(lambda tx: [row.id for row in chosen if one(tx, row, now_ms)])
    finally:
        await store.close()
    values = [
        {"id": row.id, "google_id": row.google_id, "summary": row.summary, "changed": row.id in changed}
        for row in chosen
    ]
    lines = [
        f"{shortened(row.summary)}: {done if row.id in changed else 'as it was'}{hint(row)}" for row in chosen
    ]
    output.outcome(
        {"calendars": values},
        *lines or ["No calendar of this address is mirrored; name one with --calendar."],
    )


def hint(row: CalendarRow) -> str:
    """What else is needed before anything happens."""
    return "" if row.selected else "; it is not selected, so nothing is read of it"
