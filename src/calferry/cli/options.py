"""Options that several commands share."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as one line of JSON.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The Google address.", show_default=False)]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
