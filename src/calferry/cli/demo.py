"""`calferry demo`: everything on one machine, without a Google account."""

import asyncio
import contextlib
import random
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from calferry.bootstrap.http_server import AddressTaken, listen, serving
from calferry.bootstrap.logs import configure_logs
from calferry.bootstrap.service import RunningService, running
from calferry.cli.browser import Browser
from calferry.cli.comparison import calendars_that_differ
from calferry.cli.convergence import arrival, converge, log_head, pushes
from calferry.cli.demo_place import DATABASE, Size, demo_settings, make_folder, pretend_google
from calferry.cli.demo_sync import sync_with_bars
from calferry.cli.endings import DONE, FAILED, run
from calferry.cli.options import AsJson
from calferry.cli.output import Output, count
from calferry.cli.pretend_people import PAUSE_S, PretendPeople
from calferry.cli.serve import stop_signal
from calferry.emulator import server
from calferry.emulator.server import RunningGoogle

HOST = "127.0.0.1"
PORT = 8000
GOOGLE_PORT = 8001
BURST = 60

Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port of the service; 0 takes any free one.")]
GooglePort = Annotated[int, typer.Option(min=0, max=65_535, help="Port of the local Google.")]
Data = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Keep the database here; each start makes it anew. Else it is thrown away."
    ),
]
Calendars = Annotated[int, typer.Option(min=1, max=200, help="Calendars of the pretend person.")]
Events = Annotated[int, typer.Option(min=0, max=200_000, help="Events in all of them together.")]
Once = Annotated[bool, typer.Option("--once", help="Sync, edit, sync by push, compare with Google, and end.")]


@dataclass(frozen=True, slots=True)
class Stage:
    """A running demo: both servers, and a signed-in browser."""

    google: RunningGoogle
    service: RunningService
    browser: Browser
    folder: Path


Act = Callable[[Output, Stage], Awaitable[int]]


def demo(
    port: Port = PORT,
    google_port: GooglePort = GOOGLE_PORT,
    data: Data = None,
    calendars: Calendars = 5,
    events: Events = 400,
    once: Once = False,
    as_json: AsJson = False,
) -> None:
    """Try everything without a Google account: a local Google, the service, and people who keep editing."""
    output = Output(as_json=as_json)
    size = Size(calendars, events)
    act = play_once if once else stay
    run(output, lambda: play(output, size, (port, google_port), data, act))


async def play(output: Output, size: Size, ports: tuple[int, int], data: Path | None, act: Act) -> int:
    configure_logs("warning")
    with contextlib.ExitStack() as stack:
        folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calferry-demo-")))
        make_folder(folder)
        async with stage(output, size, ports, folder) as set_up:
            return await act(output, set_up)


@contextlib.asynccontextmanager
async def stage(output: Output, size: Size, ports: tuple[int, int], folder: Path) -> AsyncIterator[Stage]:
    """Start the local Google and the service, and sign the pretend person in."""
    with output.errors.status(
        f"Making up {count(size.events, 'event')} in {count(size.calendars, 'calendar')}…"
    ):
        emulator = pretend_google(size, random.Random(), time.time())
    google_port = free_port(output, ports[1], GOOGLE_PORT)
    with preferred_listener(output, ports[0]) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        async with (
            server.running(emulator, HOST, google_port) as google,
            running(demo_settings(folder, address, google.url)) as service,
            serving(service.app, listener),
            Browser.opened(address) as browser,
        ):
            output.say(f"Signed in as {await browser.sign_in()} through the consent page of {google.url}.")
            yield Stage(google, service, browser, folder)


def preferred_listener(output: Output, port: int) -> socket.socket:
    """A socket on that port; where the usual one is taken, on any other. Raises AddressTaken."""
    try:
        return listen(HOST, port)
    except AddressTaken:
        if port != PORT:
            raise
    output.say(f"Port {port} is taken; another one is used.")
    return listen(HOST, 0)


def free_port(output: Output, port: int, usual: int) -> int:
    """The port if it is free, 0 where the usual one is taken. Raises AddressTaken."""
    try:
        listen(HOST, port).close()
    except AddressTaken:
        if port != usual:
            raise
        output.say(f"Port {port} is taken; another one is used.")
        return 0
    return port


async def play_once(output: Output, set_up: Stage) -> int:
    """Full sync, a burst of edits, push-driven syncs, and the comparison."""
    began, engine = time.monotonic(), set_up.service.engine
    first = await sync_with_bars(output, set_up.browser)
    head, believed = await log_head(engine), await pushes(engine)
    PretendPeople(set_up.google, random.Random()).burst(BURST)
    with output.errors.status(f"People made {BURST} edits at Google; waiting for push to bring them…"):
        result = await converge(engine, first.calendar_ids)
    differing = await calendars_that_differ(set_up.browser, set_up.google)
    changed = await log_head(engine) - head
    values = {
        "calendars": len(first.calendar_ids),
        "events": first.events,
        "changes": changed,
        "pushes": await pushes(engine) - believed,
        "converged": result.converged and not first.failed and not differing,
        "seconds": round(time.monotonic() - began, 3),
    }
    output.outcome(values, summary(values, result.seconds))
    return DONE if values["converged"] else FAILED


def summary(values: dict[str, Any], seconds: float) -> str:
    synced = f"Synced {count(values['events'], 'event')} of {count(values['calendars'], 'calendar')}"
    pushed = f"{BURST} edits came as {count(values['changes'], 'change')} by {count(values['pushes'], 'notification')}"
    equal = "is equal to Google" if values["converged"] else "DIFFERS from Google"
    return f"{synced}. {pushed} within {seconds:.1f} s. The mirror {equal}."


async def stay(output: Output, set_up: Stage) -> int:
    """Sync once, then let people go on editing until Ctrl-C."""
    stopped = stop_signal()
    await sync_with_bars(output, set_up.browser)
    token = (await set_up.browser.post("/auth/tokens", {"name": "demo"}))["token"]
    tell_addresses(output, set_up, token)
    editing = asyncio.create_task(keep_editing(output, set_up))
    await stopped.wait()
    editing.cancel()
    await asyncio.gather(editing, return_exceptions=True)
    output.say("Stopping.")
    return DONE


def tell_addresses(output: Output, set_up: Stage, token: str) -> None:
    address, google = set_up.browser.address, set_up.google.url
    output.show(f"""
  the calendar       {address}/auth/google/login?return_to=/
  API docs           {address}/docs
  local Google       {google}/calendar/v3
  what it was asked  {google}/_emulator/requests
  database           {set_up.folder / DATABASE}

  export CALFERRY_BASE_URL={address} CALFERRY_TOKEN={token}
  curl -H "Authorization: Bearer $CALFERRY_TOKEN" "{address}/calendar/events?maxResults=3"
  curl -H "Authorization: Bearer $CALFERRY_TOKEN" {address}/calendar/sync-status

People keep editing at the local Google; every edit arrives here by push. Ctrl-C ends the demo.
""")
    if output.as_json:
        output.outcome({"url": address, "google_url": google, "token": token})


async def keep_editing(output: Output, set_up: Stage) -> None:
    """One edit after the other, each until it has arrived in the mirror."""
    people, engine = PretendPeople(set_up.google, random.Random()), set_up.service.engine
    while True:
        await asyncio.sleep(random.uniform(*PAUSE_S))
        head, at = await log_head(engine), time.strftime("%H:%M:%S")
        done = people.edit()
        arrived = await arrival(engine, head)
        said = "not here yet" if arrived is None else f"here {arrived:.2f} s later"
        output.errors.print(
            f"  [dim]{at}[/dim]  {done.kind.replace('_', ' '):<16} in {done.calendar:<14} [green]{said}[/green]"
        )
