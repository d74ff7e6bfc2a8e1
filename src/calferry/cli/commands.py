"""Every command, put together."""

import typer

from calferry.cli import accounts, demo, emulator, schema, serve, status, sync, tokens, verify

app = typer.Typer(
    name="calferry",
    help="Keeps an exact, live, two-way copy of Google Calendars in a database you control.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(name="demo")(demo.demo)
app.command(name="serve")(serve.serve)
app.command(name="emulator")(emulator.emulator)
app.add_typer(accounts.app, name="accounts")
app.add_typer(tokens.app, name="tokens")
app.command(name="sync")(sync.sync)
app.command(name="verify")(verify.verify)
app.command(name="status")(status.status)
app.add_typer(schema.app, name="db")


def main() -> None:
    """Entry of the `calferry` command."""
    app()
