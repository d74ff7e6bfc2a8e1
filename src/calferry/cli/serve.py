"""`calferry serve`: the service, by default with its worker inside."""

import asyncio
import os
import signal
from typing import Annotated
from urllib.parse import urlsplit

import typer

from calferry.bootstrap.http_server import listen, serving
from calferry.bootstrap.logs import configure_logs
from calferry.bootstrap.service import running, serving_metrics
from calferry.cli.endings import INTERRUPTED, run
from calferry.cli.options import AsJson, Host
from calferry.cli.output import Output
from calferry.settings import Settings, load_settings

NoWorker = Annotated[
    bool, typer.Option("--no-worker", help="Serve HTTP only; another process does the syncing.")
]


def serve(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any free port.")] = 8000,
    no_worker: NoWorker = False,
    as_json: AsJson = False,
) -> None:
    """Run the service until it is told to stop (SIGTERM, or Ctrl-C)."""
    output = Output(as_json=as_json)
    run(output, lambda: serve_until_stopped(output, host, port, worker=not no_worker))


async def serve_until_stopped(output: Output, host: str, port: int, *, worker: bool) -> None:
    settings = load_settings()
    settings.require_for_serve()
    configure_logs(settings.log_level)
    stopped = stop_signal()
    with listen(host, port) as listener:
        address = f"http://{host}:{listener.getsockname()[1]}"
        async with (
            running(settings, worker=worker) as service,
            serving_metrics(settings, service.metrics),
            serving(service.app, listener),
        ):
            announce(output, settings, address)
            await stopped.wait()
            output.say("Stopping: finishing what is in hand.")
            service.end_streams()


def announce(output: Output, settings: Settings, address: str) -> None:
    """Where to find what. A different public address is named too."""
    urls = {"url": address, "base_url": settings.base_url, "webhook_url": settings.webhook_address}
    output.say(f"calferry listens on {address}")
    output.say(f"  sign in     {settings.base_url}/auth/google/login")
    if settings.docs:
        output.say(f"  API docs    {settings.base_url}/docs")
    if port_of(settings.base_url) != port_of(address):
        output.say(f"  These are addresses of CALFERRY_BASE_URL; they work where it leads to {address}.")
    output.say(
        f"  push        {settings.webhook_address or 'off: WEBHOOK_BASE_URL is not set, so calendars are polled'}"
    )
    if output.as_json:
        output.outcome(urls)


def port_of(address: str) -> int:
    """The port that an http or https address leads to."""
    parts = urlsplit(address)
    return parts.port or (443 if parts.scheme == "https" else 80)


def stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM, SIGINT or SIGHUP; a second one ends the process at once."""
    stopped = asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            os._exit(INTERRUPTED)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopped
