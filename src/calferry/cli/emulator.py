"""`calferry emulator`: the local Google."""

from pathlib import Path
from typing import Annotated

import typer

from calferry.cli.endings import CommandFailed, run
from calferry.cli.options import AsJson, Host
from calferry.cli.output import Output
from calferry.emulator import server
from calferry.emulator.seed import SeedError

SeedFiles = Annotated[
    list[Path] | None,
    typer.Option("--seed", metavar="FILE", help="A seed file (.json) or a calendar (.ics). May be repeated."),
]
DataFile = Annotated[
    Path | None,
    typer.Option("--data", metavar="FILE", help="Keep the world in this file and go on from it."),
]
Auto = Annotated[bool, typer.Option("--auto", help="Consent without a click.")]


def emulator(
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any free port.")] = 8001,
    auto: Auto = False,
    seed: SeedFiles = None,
    data: DataFile = None,
    as_json: AsJson = False,
) -> None:
    """Run a local Google: Calendar API, sign-in and push notifications, all in memory."""
    output = Output(as_json=as_json)
    run(output, lambda: serve_google(output, host, port, auto=auto, seeds=seed or [], data=data))


async def serve_google(
    output: Output, host: str, port: int, *, auto: bool, seeds: list[Path], data: Path | None
) -> None:
    try:
        await server.serve(
            host,
            port,
            auto=auto,
            seed_files=seeds,
            on_ready=lambda google: announce(output, google.url),
            data=data,
        )
    except SeedError as unusable:
        raise CommandFailed(f"The seed cannot be used: {unusable}") from None
    except OSError as taken:
        raise CommandFailed(
            f"Cannot listen on {host} port {port}: {taken.strerror or taken}. Give another --port."
        ) from None


def announce(output: Output, url: str) -> None:
    output.say(f"The local Google listens on {url}")
    output.say(f"  Calendar API  {url}/calendar/v3")
    output.say(f"  consent       {url}/o/oauth2/v2/auth")
    output.say(f"  inspector     {url}/_emulator")
    output.say("  OAuth client  demo-client / demo-secret")
    if output.as_json:
        output.outcome({"url": url})
