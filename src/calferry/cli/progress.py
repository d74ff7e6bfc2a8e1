"""Bars on a terminal; nothing but the last words elsewhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy import Connection, func, select

from calferry.cli.output import Output, count, shortened
from calferry.ports import Store
from calferry.store.account_reads import CalendarRow
from calferry.store.tables import calendars, events

LOOK_EVERY_S = 0.25


class CalendarBars:
    """One line per calendar: events stored so far, and how it ended."""

    def __init__(self, output: Output, shown: Sequence[CalendarRow]) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[stored]:>14}"),
            TextColumn("{task.fields[ending]}"),
            TimeElapsedColumn(),
            console=output.errors,
        )
        self.lines: dict[str, TaskID] = {
            calendar.id: self.progress.add_task(shortened(calendar.summary), total=None, stored="", ending="")
            for calendar in shown
        }

    def show(self, counted: dict[str, int]) -> None:
        for calendar_id, number in counted.items():
            if calendar_id in self.lines:
                self.progress.update(self.lines[calendar_id], stored=count(number, "event"))

    def end(self, calendar_id: str, ending: str) -> None:
        """The calendar is finished with."""
        self.progress.update(self.lines[calendar_id], total=1, completed=1, ending=ending)


@contextlib.asynccontextmanager
async def calendar_bars(
    output: Output, store: Store, shown: Sequence[CalendarRow]
) -> AsyncIterator[CalendarBars]:
    """Bars that follow the store until the block ends."""
    bars = CalendarBars(output, shown)
    with bars.progress:
        following = asyncio.create_task(follow(store, bars))
        try:
            yield bars
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            bars.show(await store.read(events_by_calendar))


async def follow(store: Store, bars: CalendarBars) -> None:
    while True:
        bars.show(await store.read(events_by_calendar))
        await asyncio.sleep(LOOK_EVERY_S)


def events_by_calendar(connection: Connection) -> dict[str, int]:
    """How many rows each calendar's projection holds."""
    statement = (
        select(calendars.c.id, func.count())
        .join(events, events.c.projection_id == calendars.c.projection_id)
        .group_by(calendars.c.id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
