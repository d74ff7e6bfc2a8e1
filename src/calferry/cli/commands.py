"""Every command, put together."""

from typing import Annotated

import typer

from calferry import __version__
from calferry.cli import (
    accounts,
    audit,
    calendars,
    demo,
    doctor,
    emulator,
    keys,
    schema,
    serve,
    status,
    sync,
    tokens,
    verify,
    worker,
)

app = typer.Typer(
    name="calferry",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
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


app.command(name="demo")(demo.demo)
app.command(name="serve")(serve.serve)
app.command(name="worker")(worker.worker)
app.command(name="emulator")(emulator.emulator)
app.add_typer(accounts.app, name="accounts")
app.add_typer(calendars.app, name="calendars")
app.add_typer(tokens.app, name="tokens")
app.command(name="sync")(sync.sync)
app.command(name="verify")(verify.verify)
app.command(name="status")(status.status)
app.command(name="doctor")(doctor.doctor)
app.command(name="audit")(audit.audit)
app.add_typer(schema.app, name="db")
app.add_typer(keys.app, name="keys")


def main() -> None:
    """Entry of the `calferry` command."""
    app()
