"""What `calferry doctor` finds: each finding says what is so, and how to mend it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from calferry.cli.endings import DONE, FAILED, NOT_CONFIGURED, SIGN_IN_AGAIN

State = Literal["ok", "note", "broken", "not_configured", "sign_in"]
WORST_FIRST: tuple[tuple[State, int], ...] = (
    ("not_configured", NOT_CONFIGURED),
    ("broken", FAILED),
    ("sign_in", SIGN_IN_AGAIN),
)
SIGNS: dict[State, str] = {
    "ok": "ok",
    "note": "note",
    "broken": "BROKEN",
    "not_configured": "MISSING",
    "sign_in": "SIGN IN",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is one word for what was looked at."""

    about: str
    state: State
    found: str
    mend: str = ""


def ok(about: str, found: str) -> Finding:
    return Finding(about, "ok", found)


def note(about: str, found: str, mend: str = "") -> Finding:
    return Finding(about, "note", found, mend)


def broken(about: str, found: str, mend: str) -> Finding:
    return Finding(about, "broken", found, mend)


def exit_code(findings: Sequence[Finding]) -> int:
    """The code of the worst."""
    states = {finding.state for finding in findings}
    return next((code for state, code in WORST_FIRST if state in states), DONE)


def values_of(findings: Sequence[Finding]) -> dict[str, Any]:
    return {"healthy": exit_code(findings) == DONE, "findings": [asdict(finding) for finding in findings]}


def lines_of(findings: Sequence[Finding]) -> list[str]:
    width = max(len(sign) for sign in SIGNS.values())
    lines = []
    for finding in findings:
        lines.append(f"{SIGNS[finding.state]:<{width}}  {finding.about}: {finding.found}")
        if finding.mend:
            lines.append(f"{'':<{width}}  → {finding.mend}")
    return lines
