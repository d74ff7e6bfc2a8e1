"""`calferry status`: how every calendar is doing."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from calferry.bootstrap.database import open_store
from calferry.cli.endings import run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, count, shortened, table
from calferry.cli.people import nothing_in
from calferry.settings import load_settings
from calferry.store import account_reads, status_reads
from calferry.store.account_reads import CalendarRow
from calferry.store.status_reads import CalendarStatus
from calferry.store.tables import users
from calferry.web.told_status import health_from, status_from

Entry = tuple[str, CalendarRow, CalendarStatus]
"""A calendar with its account's address and its state."""


def status(as_json: AsJson = False) -> None:
    """Show the health of every calendar: last success, last error, next run, push."""
    output = Output(as_json=as_json)
    run(output, lambda: show_status(output))


async def show_status(output: Output) -> None:
    settings = load_settings()
    store = await open_store(settings.database_address, auto_migrate=settings.auto_migrate, must_exist=True)
    try:
        found = await store.read(everything)
    finally:
        await store.close()
    now_ms = time.time_ns() // 1_000_000
    rows = [row_of(email, calendar, state, now_ms) for email, calendar, state in found]
    headings = ("account", "calendar", "health", "synced", "next run", "push", "verified")
    shown = table(headings, rows, nothing_in(settings, "calendar"))
    output.outcome({"calendars": [values_of(*entry) for entry in found]}, shown, *errors_of(found))


def everything(connection: Connection) -> list[Entry]:
    """Every calendar with its account's address and its state."""
    entries = []
    for user_id in connection.execute(select(users.c.id).order_by(users.c.id)).scalars().all():
        emails = {account.id: account.email for account in account_reads.accounts_of(connection, user_id)}
        states = {state.calendar_id: state for state in status_reads.statuses_of(connection, user_id)}
        entries += [
            (emails[calendar.account_id], calendar, states[calendar.id])
            for calendar in account_reads.calendars_of(connection, user_id)
        ]
    return entries


def row_of(email: str, calendar: CalendarRow, state: CalendarStatus, now_ms: int) -> list[str]:
    return [
        email,
        shortened(calendar.summary),
        health_from(state, state.status),
        "never" if state.last_success_at is None else f"{span(now_ms - state.last_success_at)} ago",
        next_run(state, now_ms),
        push_of(state),
        verified_of(state, now_ms),
    ]


def errors_of(found: Sequence[Entry]) -> list[str]:
    """A line for each last error, account by account."""
    return [
        f"{email}, {shortened(calendar.summary)}: {state.last_error_code} {state.last_error_message}"
        for email, calendar, state in found
        if state.last_error_code
    ]


def push_of(state: CalendarStatus) -> str:
    """Whether Google tells us of changes."""
    if state.channel is not None:
        return "on" if state.channel.state == "active" else state.channel.state
    return "not offered" if state.push == "unsupported" else "off"


def verified_of(state: CalendarStatus, now_ms: int) -> str:
    """When it was last compared with Google, and how that ended."""
    if state.verified_at is None:
        return "not yet"
    differed = state.verified_differences or 0
    found = "equal" if not differed else f"{count(differed, 'event')} differed"
    return f"{found}, {span(now_ms - state.verified_at)} ago"


def next_run(state: CalendarStatus, now_ms: int) -> str:
    """When it is looked at next; never, while nobody has selected it."""
    if state.next_due_at is None or not state.selected:
        return ""
    return due_in(state.next_due_at - now_ms)


def due_in(wait_ms: int) -> str:
    return "now" if wait_ms <= 0 else f"in {span(wait_ms)}"


def span(duration_ms: int) -> str:
    """A duration in its largest unit."""
    seconds = max(duration_ms, 0) // 1000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def values_of(email: str, calendar: CalendarRow, state: CalendarStatus) -> dict[str, Any]:
    """What `GET /calendar/sync-status` says of the calendar, and whose it is."""
    whose = {"account": email, "google_id": calendar.google_id, "summary": calendar.summary}
    return {**status_from(state).model_dump(), **whose}
