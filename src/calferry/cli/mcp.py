"""`calferry mcp`: the service as tools for an agent, over standard input and output."""

from importlib.util import find_spec
from typing import Annotated

import typer

import calferry
from calferry.cli.endings import NOT_CONFIGURED, CommandFailed, run
from calferry.cli.output import Output
from calferry.cli.to_service import SERVICE, Url

NOT_INSTALLED = "The Model Context Protocol's package is not installed: pip install 'calferry[mcp]'."
TOKENLESS = "There is no token: set CALFERRY_TOKEN to what `calferry tokens create EMAIL` prints."

Token = Annotated[
    str,
    typer.Option(
        envvar="CALFERRY_TOKEN",
        show_default=False,
        help="The person's bearer token; better in CALFERRY_TOKEN, where no other user of the machine sees it.",
    ),
]


def mcp(url: Url = SERVICE, token: Token = "") -> None:
    """Let an agent read and edit a person's calendars: a Model Context Protocol server on standard input and output."""
    run(Output(as_json=False), lambda: serve(url, token))


async def serve(url: str, token: str) -> None:
    """Until standard input ends. Raises CommandFailed."""
    if find_spec("mcp") is None:
        raise CommandFailed(NOT_INSTALLED, NOT_CONFIGURED)
    if not token:
        raise CommandFailed(TOKENLESS, NOT_CONFIGURED)
    from calferry.cli.agent_server import new_server  # noqa: PLC0415 - comes with an extra

    async with calferry.Client(url, token) as client:
        await new_server(client).run_stdio_async()
