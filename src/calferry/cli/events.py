"""`calferry events`: list and edit events through a running service."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

import typer

from calferry.cli.endings import run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, shortened, table
from calferry.cli.to_service import SERVICE, Url, calendar_at, calendar_named, service_at
from calferry.client import Edited, Event
from calferry.core.event_window import read_bound

app = typer.Typer(help="Events of a running service.", no_args_is_help=True)

Scope = Annotated[Literal["this", "following", "all"], typer.Option(help="Which occurrences of a series.")]
OnConflict = Annotated[
    Literal["fail", "ours", "theirs"], typer.Option(help="What to do when somebody changed the same first.")
]
Etag = Annotated[str | None, typer.Option(help="Only if the event is still this version.")]
InCalendar = Annotated[
    str, typer.Argument(metavar="CALENDAR", help="Our id, Google's, or `primary`.", show_default=False)
]
EventId = Annotated[str, typer.Argument(metavar="EVENT", help="The event's id.", show_default=False)]
Summary = Annotated[str | None, typer.Option(help="The title.")]
Start = Annotated[str | None, typer.Option(help="A date, or an RFC 3339 instant.")]
End = Annotated[str | None, typer.Option(help="The end, exclusive: a date, or an RFC 3339 instant.")]
Body = Annotated[
    str | None, typer.Option(metavar="JSON", help="More fields, in Google's JSON; null removes one.")
]


@dataclass(frozen=True, slots=True)
class How:
    """To which occurrences, on which version, and what when somebody was quicker."""

    scope: Literal["this", "following", "all"]
    etag: str | None
    on_conflict: Literal["fail", "ours", "theirs"]


@app.callback()
def group() -> None:
    """Events of a running service."""


@app.command(name="list")
def show(
    calendar: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Only this calendar, as our id, Google's, or `primary`. May be repeated."
        ),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="A date, or an RFC 3339 instant.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="The same, exclusive.")] = None,
    instances: Annotated[
        bool, typer.Option("--instances", help="Series as instances; needs --from and --to.")
    ] = False,
    query: Annotated[str | None, typer.Option(help="Only events with these words.")] = None,
    url: Url = SERVICE,
    as_json: AsJson = False,
) -> None:
    """List events: of the named calendars, or of all that are mirrored."""
    output = Output(as_json=as_json)
    if instances and not (since and until):
        raise typer.BadParameter("series have no end: give --from and --to", param_hint="--instances")
    for text, option in ((since, "--from"), (until, "--to")):
        refuse_no_time(text, option)
    asked = {"time_min": since, "time_max": until, "single_events": instances, "query": query}
    run(output, lambda: list_events(output, url, calendar or [], asked))


def refuse_no_time(text: str | None, option: str) -> None:
    """Raises typer.BadParameter for what is neither a date nor an instant."""
    try:
        read_bound(text or "2026-01-31")
    except ValueError as wrong:
        raise typer.BadParameter(f"{text} {wrong}", param_hint=option) from None


async def list_events(output: Output, url: str, names: list[str], asked: Mapping[str, Any]) -> None:
    async with service_at(url) as client:
        ids = [(await calendar_named(client, name)).id for name in names]
        found = [event async for event in client.events(*ids, **asked)]
    headings = ("start", "end", "", "summary", "event", "calendar")
    rows = sorted(row_of(event) for event in found)
    output.outcome({"events": found}, table(headings, rows, "There is no event."))


def row_of(event: Event) -> list[str]:
    times = [event.get(name, {}) for name in ("start", "end")]
    when = [str(time.get("dateTime") or time.get("date") or "") for time in times]
    repeats = "series" if event.get("recurrence") else ""
    title = shortened(str(event.get("summary", "")))
    return [*when, repeats, title, str(event["id"]), str(event["calendar_id"])]


@app.command(name="show")
def show_one(calendar: InCalendar, event: EventId, url: Url = SERVICE, as_json: AsJson = False) -> None:
    """Print one event, and the etag of its version."""
    output = Output(as_json=as_json)
    run(output, lambda: print_event(output, url, calendar, event))


async def print_event(output: Output, url: str, calendar: str, event: str) -> None:
    async with calendar_at(url, calendar) as (client, calendar_id):
        found = await client.event(calendar_id, event)
    values = values_of(found)
    output.outcome(values, json.dumps(found.event, ensure_ascii=False, indent=2), f"etag {found.etag}")


@app.command()
def add(
    calendar: InCalendar,
    summary: Summary = None,
    start: Start = None,
    end: End = None,
    body: Body = None,
    url: Url = SERVICE,
    as_json: AsJson = False,
) -> None:
    """Make an event."""
    output = Output(as_json=as_json)
    fields = fields_of(summary, start, end, body)
    for name in ("start", "end"):
        if name not in fields:
            raise typer.BadParameter(f"an event needs one: give --{name}", param_hint=f"--{name}")
    run(output, lambda: add_event(output, url, calendar, fields))


async def add_event(output: Output, url: str, calendar: str, fields: Mapping[str, Any]) -> None:
    async with calendar_at(url, calendar) as (client, calendar_id):
        done = await client.insert(calendar_id, fields)
    tell(output, done, "Made")


@app.command()
def edit(
    calendar: InCalendar,
    event: EventId,
    summary: Summary = None,
    start: Start = None,
    end: End = None,
    body: Body = None,
    scope: Scope = "this",
    etag: Etag = None,
    on_conflict: OnConflict = "fail",
    url: Url = SERVICE,
    as_json: AsJson = False,
) -> None:
    """Change what is named of an event, and nothing else."""
    output = Output(as_json=as_json)
    fields = fields_of(summary, start, end, body)
    how = How(scope, etag, on_conflict)
    run(output, lambda: edit_event(output, url, (calendar, event), fields, how))


async def edit_event(
    output: Output, url: str, named: tuple[str, str], fields: Mapping[str, Any], how: How
) -> None:
    async with calendar_at(url, named[0]) as (client, calendar_id):
        done = await client.patch(calendar_id, named[1], fields, **asdict(how))
    tell(output, done, "Changed")


@app.command()
def rm(
    calendar: InCalendar,
    event: EventId,
    scope: Scope = "this",
    etag: Etag = None,
    on_conflict: OnConflict = "fail",
    url: Url = SERVICE,
    as_json: AsJson = False,
) -> None:
    """Delete an event, or occurrences of a series."""
    output = Output(as_json=as_json)
    run(output, lambda: delete_event(output, url, (calendar, event), How(scope, etag, on_conflict)))


async def delete_event(output: Output, url: str, named: tuple[str, str], how: How) -> None:
    async with calendar_at(url, named[0]) as (client, calendar_id):
        done = await client.delete(calendar_id, named[1], **asdict(how))
    tell(output, done, "Deleted")


def fields_of(summary: str | None, start: str | None, end: str | None, body: str | None) -> dict[str, Any]:
    """What an edit names. Raises typer.BadParameter for JSON that is no object, and where nothing is named."""
    try:
        fields = json.loads(body) if body is not None else {}
    except ValueError as malformed:
        raise typer.BadParameter(f"this is not JSON: {malformed}", param_hint="--body") from None
    if not isinstance(fields, dict):
        raise typer.BadParameter('give an object, as {"location": "Bern"}', param_hint="--body")
    fields |= {"summary": summary} if summary is not None else {}
    fields |= {
        name: moment(text, f"--{name}") for name, text in (("start", start), ("end", end)) if text is not None
    }
    if not fields:
        raise typer.BadParameter("name a field: --summary, --start, --end or --body")
    return fields


def moment(text: str, option: str) -> dict[str, str | None]:
    """Google's start or end: a date takes away a time, and the other way round. Raises as `refuse_no_time` does."""
    refuse_no_time(text, option)
    return {"dateTime": text, "date": None} if "T" in text else {"date": text, "dateTime": None}


def values_of(done: Edited) -> dict[str, Any]:
    return {"event": done.event, "etag": done.etag, "pending": done.is_pending, "intent_id": done.intent_id}


def tell(output: Output, done: Edited, word: str) -> None:
    """The outcome of an edit; one that Google has not got yet says so."""
    said = f"{word}." if done.event is None else f"{word} {done.event['id']}."
    later = f" It is stored and on its way to Google, as {done.intent_id}." if done.is_pending else ""
    version = f" Its etag is {done.etag}." if done.etag else ""
    output.outcome(values_of(done), f"{said}{later}{version}")
