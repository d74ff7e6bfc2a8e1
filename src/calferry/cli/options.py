"""Options that several commands share, and how what is given for them is checked."""

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the outcome as one line of JSON.")]
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The Google address.", show_default=False)]
CalendarIds = Annotated[
    list[str] | None,
    typer.Option(
        "--calendar",
        metavar="ID",
        help="Only this calendar, by our id, Google's, or `primary`. May be repeated.",
    ),
]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


def whole_address(example: str) -> Callable[[str | None], str | None]:
    """The check of an option that takes an address: BadParameter for what nothing can be sent to."""

    def checked(url: str | None) -> str | None:
        if url is not None and not is_whole(url):
            raise typer.BadParameter(f"{url} is no whole address: give it as {example}")
        return url

    return checked


def is_whole(url: str) -> bool:
    """Whether it is http or https, with a host and a port that there can be."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
