"""Commands that ask a running service, as the person whom a token belongs to."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from calferry.cli.endings import NOT_CONFIGURED, CommandFailed
from calferry.cli.options import whole_address
from calferry.client import Calendar, Client, Refused, Unreachable

VARIABLE = "CALFERRY_TOKEN"
SERVICE = "http://127.0.0.1:8000"
Url = Annotated[
    str,
    typer.Option(
        envvar="CALFERRY_BASE_URL",
        help="The address of the service; or CALFERRY_BASE_URL.",
        callback=whole_address(SERVICE),
    ),
]
AGAIN = "Read the event again, or run this with --on-conflict ours to have it your way."


@asynccontextmanager
async def service_at(url: str) -> AsyncIterator[Client]:
    """The service, as the person of CALFERRY_TOKEN. Raises CommandFailed for what it refuses within the block."""
    token = os.environ.get(VARIABLE, "").strip()
    if not token:
        raise CommandFailed(
            f"{VARIABLE} is not set: `calferry tokens create EMAIL` prints a token.", NOT_CONFIGURED
        )
    try:
        async with Client(url, token) as client:
            yield client
    except Refused as refused:
        raise CommandFailed(refusal(refused)) from None
    except Unreachable as unreachable:
        raise CommandFailed(f"The service cannot be reached: {unreachable}") from None


def refusal(refused: Refused) -> str:
    """The service's sentence; of a conflict also where both sides of it are, and what to do."""
    if refused.code == "conflict":
        where = (
            f" GET /calendar/conflicts has both sides, as {refused.conflict_id}."
            if refused.conflict_id
            else ""
        )
        return f"Conflict: {refused.detail}{where} {AGAIN}"
    if refused.code == "precondition_failed":
        return f"Conflict: {refused.detail} Read the event again, and edit the version with its new etag."
    if refused.status == 401:
        return (
            f"{refused.detail} {VARIABLE} holds the token; `calferry tokens create EMAIL` prints a new one."
        )
    return refused.detail or str(refused)


@asynccontextmanager
async def calendar_at(url: str, name: str) -> AsyncIterator[tuple[Client, str]]:
    """The service, and our id of the calendar of that name. Raises CommandFailed as `service_at` and `calendar_named` do."""
    async with service_at(url) as client:
        yield client, (await calendar_named(client, name)).id


async def calendar_named(client: Client, name: str) -> Calendar:
    """By our id, Google's, or `primary`. Raises CommandFailed unless there is exactly one."""
    known = await client.calendars()
    named = [one for one in known if name in (one.id, one.google_id) or (name == "primary" and one.primary)]
    if len(named) == 1:
        return named[0]
    ids = ", ".join(one.id for one in named or known)
    problem = "Several calendars are called" if named else "There is no calendar"
    raise CommandFailed(f"{problem} {name}; give one of {ids or 'none: no account is connected'}.")
