"""Writes docs/reference/local-google-coverage.md: Google's inventory beside what the local Google does with it.

Usage: make reference, or python -m scripts.coverage_table     (a test fails while the page is not current)
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from calferry.emulator.routes import ROUTES, inventory

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference" / "local-google-coverage.md"
WRITTEN = "<!-- Written by scripts/coverage_table.py from Google's inventory and our routes; edit those. -->"
WATCHED = "the listing parameters of a watch, checked like those of a listing; only `eventTypes` decides what notifies"
WITHOUT_EFFECT = {
    "alwaysIncludeEmail": "deprecated and ignored",
    "userIp": "deprecated in favour of `quotaUser`",
}
METHOD_NOTES = {
    "acl.insert": "no mail is sent; `GET /_emulator/mails` lists who would have got one, here and for events",
    "calendars.transferOwnership": "for administrators: people whose seed says `admin`",
    "events.quickAdd": "reads a small part of English only",
}


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The whole page."""
    methods = inventory.methods()
    covered = [name for name in methods if name in _served()]
    lines = [
        "# What the local Google covers",
        "",
        WRITTEN,
        "",
        _summary(len(methods), len(covered)),
        "",
        "| Method | Address | Query parameters |",
        "| --- | --- | --- |",
        *(_row(name, methods[name]) for name in methods),
        "",
        f"Every method also takes {_parameters('', inventory.document()['parameters'])}.",
        "",
        "## Parameters without effect, at Google as here",
        "",
        *(f"- `{name}`: {reason}." for name, reason in sorted(WITHOUT_EFFECT.items())),
        f"- {WATCHED[0].upper()}{WATCHED[1:]}.",
        "",
        "## Remarks",
        "",
        *(f"- `{name}`: {note}." for name, note in sorted(METHOD_NOTES.items())),
        "",
        "## Beside the inventory",
        "",
        *_beside(),
    ]
    return "\n".join(lines) + "\n"


def _summary(methods: int, covered: int) -> str:
    return (
        f"Google's discovery document of revision {inventory.document()['revision']} has {methods} methods; "
        f"{covered} of them are served. Types, bounds and choices of every parameter are checked, and a test shows the "
        "effect of each. Those in brackets have none, at Google as here, for the reasons below."
    )


@cache
def _served() -> dict[str, str]:
    return {route.method: f"{route.http} {route.template}" for route in ROUTES if route.floor == "api"}


def _row(name: str, described: Any) -> str:
    address = _served().get(name, "not served")
    own = {key: each for key, each in described.get("parameters", {}).items() if each["location"] == "query"}
    return f"| `{name}` | `{address}` | {_parameters(name, own)} |"


def _parameters(method: str, declared: Any) -> str:
    return ", ".join(f"`{name}`" if has_effect(method, name) else f"(`{name}`)" for name in sorted(declared))


def has_effect(method: str, name: str) -> bool:
    """Whether a parameter changes what a method does."""
    watched = method.endswith(".watch") and name != "eventTypes"
    is_common = name in inventory.document()["parameters"]
    return (not watched or is_common) and name not in WITHOUT_EFFECT


def _beside() -> Iterator[str]:
    """What is served that the inventory does not list, the control routes left out."""
    for floor, title in (("open", "Batches and discovery"), ("oauth", "OAuth and OpenID Connect")):
        found = sorted({f"`{route.http} {route.template}`" for route in ROUTES if route.floor == floor})
        yield f"- {title}: {', '.join(found)}"


if __name__ == "__main__":
    main()
