"""Bars on a terminal; nothing but the last words elsewhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text
from sqlalchemy import Connection, func, select

from calferry.cli.output import Output, count, shortened
from calferry.ports import Store
from calferry.store.account_reads import CalendarRow
from calferry.store.tables import calendars, events

LOOK_EVERY_S = 0.25
BAR_WIDTH = 24
TITLE_LENGTH_MIN, TITLE_LENGTH_MAX = 8, 32
BESIDE_TITLE = 48
"""What a line needs for events, ending and seconds."""


class Seconds(ProgressColumn):
    """How long a calendar took, to the tenth: most take less than a second."""

    def render(self, task: Task) -> Text:
        passed = task.finished_time if task.finished_time is not None else task.elapsed
        return Text(f"{passed or 0:.1f} s", justify="right")


def title_length(width: int) -> int:
    """How much of a title has room on a line of that width."""
    return max(TITLE_LENGTH_MIN, min(TITLE_LENGTH_MAX, width - BESIDE_TITLE))


def columns_for(console: Console) -> list[ProgressColumn]:
    """What is read comes before what is looked at: a narrow terminal gets no bar."""
    title = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True))
    rest = [
        TextColumn("{task.fields[stored]:>14}", table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[ending]}", table_column=Column(no_wrap=True)),
        Seconds(table_column=Column(no_wrap=True, min_width=6)),
    ]
    has_room = console.width >= BESIDE_TITLE + TITLE_LENGTH_MAX + BAR_WIDTH
    return [title, *([BarColumn(bar_width=BAR_WIDTH)] if has_room else []), *rest]


class CalendarBars:
    """One line per calendar: events stored so far, and how it ended."""

    def __init__(self, output: Output, shown: Sequence[CalendarRow]) -> None:
        self.progress = Progress(*columns_for(output.errors), console=output.errors)
        length = title_length(output.errors.width)
        self.lines: dict[str, TaskID] = {
            calendar.id: self.progress.add_task(
                shortened(calendar.summary, length), total=None, stored="", ending=""
            )
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
    """How many events each calendar holds; cancelled ones are kept for a while, but are none."""
    statement = (
        select(calendars.c.id, func.count())
        .join(events, events.c.projection_id == calendars.c.projection_id)
        .where(events.c.status != "cancelled")
        .group_by(calendars.c.id)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}
