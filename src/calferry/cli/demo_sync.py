"""The first sync of the demo, over HTTP, with a bar for each calendar."""

from dataclasses import dataclass, field

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from calferry.cli.browser import Browser, Frame
from calferry.cli.endings import CommandFailed
from calferry.cli.output import Output, count, shortened


@dataclass(slots=True)
class FirstSync:
    """What the stream told: `events` as counted by its `complete` frames."""

    calendar_ids: list[str]
    events: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)


async def sync_with_bars(output: Output, browser: Browser) -> FirstSync:
    """Sync every calendar of the person. Raises CommandFailed when the stream ends early."""
    calendars = (await browser.get("/calendar/calendars"))["calendars"]
    result = FirstSync([calendar["id"] for calendar in calendars])
    with bars(output) as progress:
        lines = {
            calendar["id"]: progress.add_task(
                shortened(calendar["summary"]), total=None, received="", ending=""
            )
            for calendar in calendars
        }
        completed = 0
        async for frame in browser.sync(result.calendar_ids):
            completed += frame[0] == "complete"
            take(result, frame)
            show(progress, lines, result, frame)
    if not completed:
        raise CommandFailed("The sync ended before it was complete.")
    return result


def bars(output: Output) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[received]:>14}"),
        TextColumn("{task.fields[ending]}"),
        console=output.errors,
    )


def take(result: FirstSync, frame: Frame) -> None:
    name, values = frame
    calendar_id = str(values.get("calendar_id", ""))
    if name == "events":
        result.seen[calendar_id] = result.seen.get(calendar_id, 0) + len(values["events"])
    elif name == "sync_error":
        result.failed.append(f"{values['code']} {values['message']}")
    elif name == "complete":
        result.events += values["total_events"]


def show(progress: Progress, lines: dict[str, TaskID], result: FirstSync, frame: Frame) -> None:
    name, values = frame
    line = lines.get(str(values.get("calendar_id", "")))
    if line is None:
        return
    progress.update(line, received=count(result.seen.get(values["calendar_id"], 0), "event"))
    if name == "sync_token":
        progress.update(line, total=1, completed=1, ending="stored")
    elif name == "sync_error":
        progress.update(line, ending=values["message"])
