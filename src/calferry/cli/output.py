"""What a command says: words and bars to standard error, the outcome to standard output."""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

WIDE = 1_000
REPLACEMENT = "\ufffd"
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Output:
    """One command's voice. With `json` the outcome is exactly one line, the last on standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True)
        # Where no terminal sets a width, a table takes what it needs.
        width = None if sys.stdout.isatty() else WIDE
        self.results = Console(highlight=False, soft_wrap=True, emoji=False, width=width)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def say(self, text: str) -> None:
        """Tell a person what is going on: wrapped at words on a terminal, whole lines elsewhere."""
        self.errors.print(text, markup=False, soft_wrap=not self.errors.is_terminal)

    def show(self, text: str) -> None:
        """Lines to be copied: never wrapped."""
        self.errors.print(text, markup=False, soft_wrap=True)

    def outcome(self, values: Mapping[str, Any], *lines: object) -> None:
        """End with the outcome, or with one of several: `values` as a line of JSON, or `lines` for people."""
        if self.as_json:
            sys.stdout.write(json.dumps(values, ensure_ascii=not is_unicode(sys.stdout)) + "\n")
            sys.stdout.flush()
            return
        for line in lines:
            self.results.print(plain(line) if isinstance(line, str) else line, markup=False)


def is_unicode(stream: TextIO) -> bool:
    return stream.encoding.casefold().replace("-", "") == "utf8"


def plain(text: str) -> str:
    """Without what would steer the terminal: anybody may choose the title of an event."""
    return "".join(REPLACEMENT if is_steering(char) else char for char in text)


def is_steering(char: str) -> bool:
    """Control characters but for the end of a line and a tab, and marks that turn the direction of writing."""
    return char not in "\n\t" and (unicodedata.category(char) == "Cc" or char in TURNING)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> Table | str:
    """A plain table, or a sentence when there is nothing to show."""
    if not rows:
        return empty
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*map(plain, row))
    return shown


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 event`, `2,000 events`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def shortened(title: str, length: int = 32) -> str:
    """A title for a line that has to stay one line."""
    title = " ".join(title.split())
    return title if len(title) <= length else title[: length - 1] + "…"
