"""Page tokens of `GET /calendar/events`: sealed, so that a token of another user or another question is refused."""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from calferry.ports import Vault
from calferry.store.event_reads import Place
from calferry.vault import VaultError

LENGTH_MAX = 16_384
"""Enough for the projections of two thousand calendars."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where the next page begins; the cursor, and what was read, as they were for the first page."""

    place: Place
    cursor: int
    projections: tuple[int, ...]


class PageTokenInvalid(Exception):
    """Not a token that this question was answered with."""


def write_page_token(vault: Vault, continuation: Continuation, question: str) -> str:
    """`question` names the user and everything that was asked."""
    sealed = vault.seal(msgspec.json.encode(continuation).decode(), f"page:{question}")
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read_page_token(vault: Vault, text: str, question: str) -> Continuation:
    if len(text) > LENGTH_MAX:
        raise PageTokenInvalid
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(vault.open(sealed, f"page:{question}"), type=Continuation)
    except (binascii.Error, ValueError, VaultError, msgspec.DecodeError):
        raise PageTokenInvalid from None
