"""`calferry emulator trigger`: make things happen at a local Google that is running."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any, Literal

import aiohttp
import typer

from calferry.cli.endings import CommandFailed, run
from calferry.cli.options import AsJson, Email, whole_address
from calferry.cli.output import Output

TIMEOUT_S = 30
EDITS_AT_ONCE = 20
"""The local Google answers nobody else while it makes them."""

Saying = Callable[[dict[str, Any]], str]
"""From what the local Google answers to a sentence."""

app = typer.Typer(help="Make things happen at a running local Google.", no_args_is_help=True)

LOCAL = "http://127.0.0.1:8001"
Google = Annotated[
    str,
    typer.Option(
        envvar="CALFERRY_GOOGLE_API_URL",
        help="The address of the local Google.",
        callback=whole_address(LOCAL),
    ),
]
CalendarId = Annotated[
    str | None, typer.Option("--calendar", metavar="ID", help="Only this calendar, by Google's id.")
]
Times = Annotated[int, typer.Option(min=0, help="How many of them; 0: all from now on.")]


@app.callback()
def group() -> None:
    """Make things happen at a running local Google."""


@app.command()
def edits(
    number: Annotated[
        int, typer.Option("--count", min=1, max=1_000, help="How many, one after the other.")
    ] = 1,
    calendar: CalendarId = None,
    google: Google = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Edit random events as people do, with notifications: new ones, moved, renamed, deleted, split."""
    output = Output(as_json=as_json)

    async def work() -> None:
        done: list[dict[str, Any]] = []
        while len(done) < number:
            body = {"count": min(number - len(done), EDITS_AT_ONCE), **of(calendar)}
            done += (await asked(google, "edits", body))["edits"]
        output.outcome({"edits": done}, f"Edited: {kinds(done)}.")

    run(output, work)


@app.command()
def expire_sync_tokens(calendar: CalendarId = None, google: Google = LOCAL, as_json: AsJson = False) -> None:
    """Answer the next use of each sync token given until now with 410."""
    order(
        google,
        "expire-sync-tokens",
        as_json,
        of(calendar),
        lambda answer: f"Dead are the sync tokens of {', '.join(answer['calendars'])}.",
    )


@app.command()
def expire_page_tokens(google: Google = LOCAL, as_json: AsJson = False) -> None:
    """Let no listing that is under way be continued."""
    order(google, "expire-page-tokens", as_json, {}, "Page tokens are dead.")


@app.command()
def revoke(email: Email, google: Google = LOCAL, as_json: AsJson = False) -> None:
    """Take every grant of a person back, as they can on Google's page."""
    order(google, "revoke", as_json, {"email": email}, f"{email} has taken every grant back.")


@app.command()
def push(
    mode: Annotated[
        Literal["normal", "drop", "delay", "duplicate", "reorder"], typer.Argument(show_default=False)
    ],
    times: Times = 1,
    delay_s: Annotated[float, typer.Option(min=0, help="Seconds, for `delay`.")] = 0,
    google: Google = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Drop, delay, double or reorder the next notifications; `normal` ends that."""
    body = {"mode": mode, "delay_s": delay_s, **({"times": times} if times else {})}
    order(google, "push", as_json, body, f"The next notifications: {mode}.")


@app.command()
def fault(
    method: Annotated[str, typer.Argument(help="`events.list`, `token`, `*` …", show_default=False)],
    action: Annotated[str, typer.Argument(help="`return-503`, `stall-2000`, `reset` …", show_default=False)],
    times: Annotated[int, typer.Option(min=1, help="How many requests it strikes.")] = 1,
    calendar: CalendarId = None,
    google: Google = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Let the next requests of a method go wrong; a wrong action is answered with all there are."""
    fields = {"method": method, "action": action, "times": times, **of(calendar)}
    order(google, "faults", as_json, {"faults": [fields]}, f"{method} will {action}, {times} x.")


@app.command()
def clock(
    seconds: Annotated[float, typer.Argument(min=0, help="Forward only.", show_default=False)],
    google: Google = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Turn the clock forward: access tokens and channels end, `updated` moves on."""
    order(google, "clock", as_json, {"advance_s": seconds}, f"The clock is {seconds:g} s further.")


@app.command()
def quota(
    per_minute: Annotated[int | None, typer.Option(min=0, help="Requests of everybody together.")] = None,
    per_user: Annotated[int | None, typer.Option(min=0, help="Requests of each person.")] = None,
    google: Google = LOCAL,
    as_json: AsJson = False,
) -> None:
    """Limit the requests per minute; without a limit every one is lifted."""
    limits = {"per_minute": per_minute, "per_minute_per_user": per_user}
    body = {name: limit for name, limit in limits.items() if limit is not None}
    order(google, "quota", as_json, body, "Limited." if body else "No limit is left.")


@app.command()
def reset(google: Google = LOCAL, as_json: AsJson = False) -> None:
    """Go back to the seeds: every fault and limit ends, and so does every edit and grant since."""
    order(google, "reset", as_json, {}, "Everything is as at the start.")


def of(calendar: str | None) -> dict[str, Any]:
    return {} if calendar is None else {"calendar_id": calendar}


def order(google: str, name: str, as_json: bool, body: dict[str, Any], said: str | Saying) -> None:
    """Send one control request; `said` tells people that it is done."""
    output = Output(as_json=as_json)

    async def work() -> None:
        answer = await asked(google, name, body)
        output.outcome(answer, said if isinstance(said, str) else said(answer))

    run(output, work)


async def asked(google: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of a control request. Raises CommandFailed with what the local Google says against it."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{google.rstrip('/')}/_emulator/{name}", json=body) as response,
        ):
            status, text = response.status, await response.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        why = f"{error}" or "it does not answer"
        raise CommandFailed(f"No local Google at {google}: {why}. `calferry emulator` starts one.") from None
    return granted(google, status, text)


def granted(google: str, status: int, text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or (status != 200 and not isinstance(answer.get("error"), str)):
        raise CommandFailed(f"What answers at {google} is no local Google; give its address with --google.")
    if status != 200:
        raise CommandFailed(f"The local Google refuses: {answer['error']}")
    return answer


def kinds(edits: list[dict[str, Any]]) -> str:
    """How often which kind of edit was made."""
    tally = Counter(edit["kind"].replace("_", " ") for edit in edits)
    return ", ".join(f"{number} x {kind}" for kind, number in tally.most_common())
