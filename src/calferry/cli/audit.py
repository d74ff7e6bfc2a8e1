"""`calferry audit`: who was given or refused access."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from calferry.bootstrap.database import open_store
from calferry.cli.endings import run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, table
from calferry.cli.people import known_user
from calferry.settings import load_settings
from calferry.store.audit import Entry, latest
from calferry.web.frames import instant

Whose = Annotated[
    str | None, typer.Argument(metavar="[EMAIL]", help="Only what is about this person.", show_default=False)
]
Last = Annotated[int, typer.Option("--last", min=1, max=100_000, help="So many entries, the newest first.")]


def audit(email: Whose = None, last: Last = 50, as_json: AsJson = False) -> None:
    """Show who connected, signed in or was refused, and what became of tokens and keys."""
    output = Output(as_json=as_json)
    run(output, lambda: show_audit(output, email, last))


async def show_audit(output: Output, email: str | None, last: int) -> None:
    settings = load_settings()
    store = await open_store(settings.database_address, auto_migrate=settings.auto_migrate, must_exist=True)
    try:
        user_id = None if email is None else (await known_user(store, email)).id
        found = await store.read(partial(latest, at_most=last, user_id=user_id))
    finally:
        await store.close()
    headings = ("when", "what", "who", "about", "more")
    shown = table(headings, [row_of(entry) for entry in found], "Nothing has been written yet.")
    output.outcome({"entries": [values_of(entry) for entry in found]}, shown)


def row_of(entry: Entry) -> list[str]:
    when = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    more = " ".join(f"{name}={value}" for name, value in entry.details.items())
    return [when, entry.action, entry.email or "", entry.subject or "", more]


def values_of(entry: Entry) -> dict[str, object]:
    return {
        "at": instant(entry.at),
        "action": entry.action,
        "user_id": entry.user_id,
        "email": entry.email,
        "subject": entry.subject,
        "details": entry.details,
    }
