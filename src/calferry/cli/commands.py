"""Every command, by name. None is imported before it is asked for: most of a start is imports."""

from typing import Annotated

import typer

from calferry import __version__
from calferry.cli.promised import Promise, group_of

COMMANDS = (
    Promise(
        "demo",
        "calferry.cli.demo",
        "Try everything without a Google account: a local Google, the service, and people who keep editing.",
    ),
    Promise("serve", "calferry.cli.serve", "Run the service until it is told to stop (SIGTERM, or Ctrl-C)."),
    Promise(
        "worker",
        "calferry.cli.worker",
        "Sync what is due, without HTTP, until it is told to stop (SIGTERM, or Ctrl-C).",
    ),
    Promise(
        "emulator",
        "calferry.cli.emulator",
        "Run a local Google: Calendar API, sign-in and push notifications, all in memory.",
    ),
    Promise(
        "sync",
        "calferry.cli.sync",
        "Sync the calendars of an address: the selected ones, or all of them while none is selected.",
    ),
    Promise("verify", "calferry.cli.verify", "Compare the mirrored calendars of an address with Google."),
    Promise(
        "status",
        "calferry.cli.status",
        "Show the health of every calendar: last success, last error, next run, push.",
    ),
    Promise(
        "doctor",
        "calferry.cli.doctor",
        "Check settings, keys, database, clock, Google's side, every account and the webhook; say how to mend"
        " what is wrong.",
    ),
    Promise(
        "audit",
        "calferry.cli.audit",
        "Show who connected, signed in or was refused, and what became of tokens and keys.",
    ),
    Promise(
        "mcp",
        "calferry.cli.mcp",
        "Let an agent read and edit a person's calendars: a Model Context Protocol server on standard input and"
        " output.",
    ),
    Promise("accounts", "calferry.cli.accounts", "Connected Google accounts."),
    Promise("calendars", "calferry.cli.calendars", "What to do with single calendars."),
    Promise("events", "calferry.cli.events", "Events of a running service."),
    Promise(
        "listen",
        "calferry.cli.listen",
        "Show changes as they happen, and send them on to an endpoint under development, signed as webhooks are.",
    ),
    Promise("tokens", "calferry.cli.tokens", "Bearer tokens for the HTTP API."),
    Promise("config", "calferry.cli.config", "The settings as they are read here."),
    Promise("db", "calferry.cli.schema", "The schema of the database."),
    Promise("keys", "calferry.cli.keys", "The keys that seal stored secrets."),
)

app = typer.Typer(
    name="calferry",
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def group(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """Keeps an exact, live copy of Google Calendars in a database you control."""


def main() -> None:
    """Entry of the `calferry` command."""
    app()
