"""The life of a push channel, and which messages of it count."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal

from calferry.core.limits import CHANNEL_RENEW_MS

State = Literal["registering", "active", "draining", "stopped", "failed"]
LIVE: tuple[State, ...] = ("registering", "active")
"""Open, or about to be."""

# What moves a channel, and where to. An absent pair is illegal.
TRANSITIONS: dict[tuple[State, str], State] = {
    ("registering", "opened"): "active",
    ("registering", "refused"): "failed",
    ("registering", "abandoned"): "draining",
    ("active", "replaced"): "draining",
    ("active", "unwanted"): "draining",
    ("active", "expired"): "stopped",
    ("draining", "expired"): "stopped",
    ("draining", "stopped"): "stopped",
    ("draining", "given_up"): "failed",
    ("stopped", "heard_from"): "draining",
    ("failed", "answered_late"): "draining",
    ("failed", "granted_again"): "draining",
}


def origins(target: str) -> list[State]:
    """The states that some event leads from to `target`."""
    return sorted({before for (before, _), after in TRANSITIONS.items() if after == target})


Verdict = Literal["accepted", "unknown", "token", "resource", "expired", "closed", "account"]
DUMMY = hashlib.sha256(b"no channel").digest()


@dataclass(frozen=True, slots=True)
class KnownChannel:
    """What a message is checked against; `resource_id` is None until Google has named it."""

    state: str
    token_hash: bytes
    resource_id: str | None
    expires_at: int | None
    account_usable: bool


@dataclass(frozen=True, slots=True)
class Message:
    """The part of a notification that proves where it comes from."""

    token: str | None
    resource_id: str


def verify(channel: KnownChannel | None, message: Message, now_ms: int) -> Verdict:
    """Whether a message is Google's. All messages are checked alike, and take the same time.

    While a channel is being registered its first message may come before the answer to the watch: then the
    token alone proves it, and the message tells the resource id.
    """
    sent = hashlib.sha256((message.token or "").encode("utf-8", "surrogatepass")).digest()
    matches = hmac.compare_digest(sent, channel.token_hash if channel is not None else DUMMY)
    if channel is None:
        return "unknown"
    if not matches:
        return "token"
    if channel.resource_id is not None and channel.resource_id != message.resource_id:
        return "resource"
    if channel.expires_at is not None and channel.expires_at <= now_ms:
        return "expired"
    if channel.state not in ("registering", "active", "draining"):
        return "closed"
    return "accepted" if channel.account_usable else "account"


def renew_time(created_at: int, expires_at: int, jitter: float = 0.0) -> int:
    """When to replace a channel: 24 hours before its end, or a fifth of its life, whichever is less.

    `jitter`, a share of that time, makes it earlier, so that channels opened together are not renewed together.
    """
    return expires_at - int(min(CHANNEL_RENEW_MS, (expires_at - created_at) // 5) * (1 + jitter))
