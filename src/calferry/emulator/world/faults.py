"""Faults that a test orders: which request they strike, how often, and what they do."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

PLAIN_ACTIONS = (
    "reset", "commit-then-reset", "truncate", "truncate-gzip", "corrupt-gzip", "wrong-content-type",
    "html-502", "invalid-json", "empty-body", "drop-next-sync-token", "repeat-page-token",
)  # fmt: skip
STATUS_MIN, STATUS_MAX = 200, 599
STALL_MS_MAX = 86_400_000
_RETURN = re.compile(r"(return|commit-then-return)-(\d{3})(?::([A-Za-z._]+))?\Z")
_STALL = re.compile(r"stall-(\d+)\Z")
ACTIONS_TEXT = (
    "return-<status>[:<reason>], commit-then-return-<status>[:<reason>], stall-<ms>, mutate:<json merge patch>, "
    + ", ".join(PLAIN_ACTIONS)
)


@dataclass(frozen=True, slots=True)
class Action:
    """What a fault does, taken apart. `verb` is the plain action, `return`, `stall` or `mutate`."""

    verb: str
    status: int = 0
    reason: str = ""
    delay_s: float = 0.0
    patch: Json = field(default_factory=dict)
    commits: bool = False


def parse_action(text: str) -> Action:
    """Raises ValueError that lists what is allowed."""
    if text in PLAIN_ACTIONS:
        return Action(text, commits=text not in ("reset", "html-502"))
    if match := _RETURN.match(text):
        verb, status, reason = match.groups()
        if not STATUS_MIN <= int(status) <= STATUS_MAX:
            raise ValueError(f"action {text!r}: a status is from {STATUS_MIN} to {STATUS_MAX}")
        return Action("return", int(status), reason or "", commits=verb.startswith("commit"))
    if match := _STALL.match(text):
        if float(match.group(1)) > STALL_MS_MAX:
            raise ValueError(f"action {text!r}: a stall is at most {STALL_MS_MAX} ms, a day")
        return Action("stall", delay_s=int(match.group(1)) / 1000, commits=True)
    if text.startswith("mutate:"):
        return Action("mutate", patch=_patch(text.removeprefix("mutate:")), commits=True)
    raise ValueError(f"unknown action {text!r}; allowed are {ACTIONS_TEXT}")


def _patch(text: str) -> Json:
    try:
        patch = json.loads(text)
    except ValueError as error:
        raise ValueError(f"what follows mutate: is not JSON: {error}") from error
    if not isinstance(patch, dict):
        raise ValueError("what follows mutate: has to be a JSON object")
    return patch


@dataclass(frozen=True, slots=True)
class Target:
    """A request as faults see it. `pages_on` is set when it carries a page token."""

    method: str
    calendar_id: str = ""
    user: str = ""
    pages_on: bool = False


@dataclass(slots=True)
class Fault:
    """One order. It strikes the `times` requests after the first `skip` that match it."""

    method: str
    action_text: str
    action: Action
    times: int = 1
    skip: int = 0
    calendar_id: str = ""
    user: str = ""
    retry_after: str = ""
    hits: int = 0

    def matches(self, target: Target) -> bool:
        return (
            self.hits < self.times
            and self.method in ("*", target.method)
            and self.calendar_id in ("", target.calendar_id)
            and self.user in ("", target.user)
            and (target.pages_on or self.action.verb != "repeat-page-token")
        )

    def resource(self) -> Json:
        """The order as JSON, with its hits."""
        found: Json = {"method": self.method, "action": self.action_text, "times": self.times}
        for name in ("skip", "calendar_id", "user", "retry_after"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return {**found, "hits": self.hits}


@dataclass(slots=True)
class FaultBook:
    """All orders, oldest first."""

    orders: list[Fault] = field(default_factory=list)

    def strike(self, target: Target) -> Fault | None:
        """The first order that strikes this request, counted as a hit."""
        for fault in self.orders:
            if not fault.matches(target):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.hits += 1
            return fault
        return None
