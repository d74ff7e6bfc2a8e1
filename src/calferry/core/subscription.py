"""What can be subscribed to, how a delivery is signed, and what follows from how it went.

The signature and the headers are those of https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

Kind = Literal[
    "event.created",
    "event.updated",
    "event.moved",
    "event.deleted",
    "calendar.added",
    "calendar.removed",
    "account.needs_reauth",
    "sync.stale",
    "sync.reset",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
TEST = "test"
OF_CHANGES: dict[str, Kind] = {
    "created": "event.created",
    "updated": "event.updated",
    "cancelled": "event.deleted",
    "calendar_added": "calendar.added",
    "calendar_removed": "calendar.removed",
}

OF_CHANGE_LOG: frozenset[str] = frozenset({*OF_CHANGES.values(), "event.moved"})
"""What is told of a line of the change log; the rest is about accounts, or about the telling itself."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - how a secret begins
GIVEN_UP_AFTER_MS = 24 * 3_600_000
FIRST_WAIT_MS = 5_000
LONGEST_WAIT_MS = 15 * 60_000
ASKED_WAIT_MAX_MS = 3_600_000
GONE = 410
"""Who answers this wants to be told nothing any more."""
ITS_OWN_FAULT = frozenset({408, 425, 429})
"""The only answers of 4xx that say nothing of the message."""


def kind_of(change: str, *, moved: bool) -> Kind:
    """What a line of the change log is told as."""
    return "event.moved" if moved else OF_CHANGES[change]


def new_secret(random: str) -> str:
    """The secret as its owner is shown it, once, from a text that nobody can guess."""
    return SECRET_PREFIX + base64.b64encode(hashlib.sha256(random.encode()).digest()).decode()


def signature(secrets: Sequence[str], message_id: str, at_s: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for every secret."""
    signed = f"{message_id}.{at_s}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets]
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys
    )


def headers_of(secrets: Sequence[str], message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """What is sent with a message, now, which is `at_s` in seconds."""
    return {
        "content-type": "application/json",
        "user-agent": "calferry",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signature(secrets, message_id, at_s, body),
    }


def timestamp(at_ms: int) -> str:
    """When something happened, as messages and the change log say it: UTC, to the millisecond."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def body_of(kind: str, at: str, data: Mapping[str, str | None], event: str | None) -> bytes:
    """The message: what is None is left out of `data`, but for the event of a message about one. Google's JSON is put in as
    it stands."""
    known = json.dumps({name: value for name, value in data.items() if value is not None})
    if data.get("event_id") is not None:
        known = f'{known[:-1]}, "event": {event or "null"}}}'
    head = json.dumps({"type": kind, "timestamp": at})
    return f'{head[:-1]}, "data": {known}}}'.encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Receipt:
    """How an attempt went: the status of the answer, or why there was none."""

    answer: int | None
    error: str | None = None
    retry_after_s: float | None = None

    @property
    def is_delivered(self) -> bool:
        return self.answer is not None and 200 <= self.answer < 300

    @property
    def is_about_the_message(self) -> bool:
        """The endpoint is there, and does not want this one."""
        return self.answer is not None and 400 <= self.answer < 500 and self.answer not in ITS_OWN_FAULT

    @property
    def reason(self) -> str | None:
        if self.is_delivered:
            return None
        return self.error or f"answered {self.answer}"


Follows = Literal["delivered", "wait", "endpoint_waits", "given_up", "endpoint_fails"]
"""`wait`: this message is sent again later; `endpoint_waits`: so is everything for that endpoint. `given_up`: this
message never arrives. `endpoint_fails`: nothing is sent there until its owner says so, and nothing is given up."""


def follows(receipt: Receipt, first_try_at: int, last_success_at: int | None, now_ms: int) -> Follows:
    """Judge an attempt. A message that nobody takes for a day is given up where others were taken meanwhile."""
    if receipt.is_delivered:
        return "delivered"
    if receipt.answer == GONE:
        return "endpoint_fails"
    if now_ms - first_try_at >= GIVEN_UP_AFTER_MS:
        was_taken = last_success_at is not None and last_success_at > first_try_at
        return "given_up" if was_taken else "endpoint_fails"
    return "wait" if receipt.is_about_the_message else "endpoint_waits"


def wait_ms(attempts: int, retry_after_s: float | None) -> int:
    """After so many failures in a row: doubling from five seconds to a quarter of an hour; longer where asked for."""
    usual: int = min(FIRST_WAIT_MS * 2 ** min(max(attempts - 1, 0), 20), LONGEST_WAIT_MS)
    return max(usual, min(int((retry_after_s or 0) * 1000), ASKED_WAIT_MAX_MS))
