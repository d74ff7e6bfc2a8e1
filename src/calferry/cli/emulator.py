"""`calferry emulator`: the local Google."""

import errno
import socket
from pathlib import Path
from typing import Annotated

import typer

from calferry.cli import trigger
from calferry.cli.endings import CommandFailed, run
from calferry.cli.options import AsJson, Host
from calferry.cli.output import Output
from calferry.emulator import server
from calferry.emulator.kept_world import DataFileError
from calferry.emulator.seed import SeedError

app = typer.Typer(invoke_without_command=True)
app.add_typer(trigger.app, name="trigger")

SeedFiles = Annotated[
    list[Path] | None,
    typer.Option("--seed", metavar="FILE", help="A seed file (.json) or a calendar (.ics). May be repeated."),
]
DataPath = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="FILE", help="Keep the world in this file, and go on from it instead of the seeds."
    ),
]
Auto = Annotated[bool, typer.Option("--auto", help="Consent without a click.")]


@app.callback()
def emulator(
    context: typer.Context,
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 takes any free port.")] = 8001,
    auto: Auto = False,
    seed: SeedFiles = None,
    data: DataPath = None,
    as_json: AsJson = False,
) -> None:
    """Run a local Google: Calendar API, sign-in and push notifications, all in memory."""
    if context.invoked_subcommand is not None:
        refuse_own_options(context)
        return
    output = Output(as_json=as_json)
    run(output, lambda: serve_google(output, host, port, auto=auto, seeds=seed or [], data=data))


def refuse_own_options(context: typer.Context) -> None:
    """Raises BadParameter for options of the command that runs a local Google, before one that orders another."""
    given = [name for name in context.params if is_typed(context, name)]
    if given:
        raise typer.BadParameter(
            f"--{given[0].replace('_', '-')} is for running a local Google; `trigger` takes --google and --json at its end"
        )


def is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


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
            say=output.say,
        )
    except SeedError as unusable:
        raise CommandFailed(f"The seed cannot be used: {unusable}") from None
    except DataFileError as unusable:
        raise CommandFailed(f"The data file cannot be used: {unusable}") from None
    except OSError as error:
        raise CommandFailed(cannot_listen(host, port, error)) from None


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Says whether the host or the port is to blame."""
    why = error.strerror or error
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"Cannot listen on the host {host}: {why}. Give another --host."
    return f"Cannot listen on {host} port {port}: {why}. Give another --port."


def announce(output: Output, url: str) -> None:
    output.say(f"The local Google listens on {url}")
    output.say(f"  Calendar API  {url}/calendar/v3")
    output.say(f"  consent       {url}/o/oauth2/v2/auth")
    output.say(f"  inspector     {url}/_emulator")
    output.say("  OAuth client  demo-client / demo-secret")
    if output.as_json:
        output.outcome({"url": url})
