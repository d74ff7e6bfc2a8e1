"""Sync tokens: a place in the change log, bound to a collection, its reader and the form of the listing."""

import base64
import binascii
import zlib
from dataclasses import dataclass

FULL_ACCESS = 5
FREE_BUSY_ACCESS = 10


@dataclass(frozen=True, slots=True)
class SyncToken:
    """`position` is the last change number covered; `single_events` how the listing was made, `given_at` when
    (whole unix seconds), and `epoch` in which of the world's courses of events."""

    position: int
    single_events: bool = False
    given_at: int = 0
    epoch: int = 0


def encode(token: SyncToken, binding: str, access: int = FULL_ACCESS) -> str:
    """The token as text; `binding` names the collection and the reader it is good for."""
    fields = (
        (1, token.position),
        (2, token.position),
        (3, access),
        (4, zlib.crc32(binding.encode())),
        (5, int(token.single_events) + 1),
        (6, token.given_at),
        *(((7, token.epoch),) if token.epoch else ()),
    )
    return base64.urlsafe_b64encode(b"".join(_field(*pair) for pair in fields)).decode()


def decode(text: str, binding: str) -> SyncToken:
    """Raises ValueError for text that is no token, or a token of another collection or reader."""
    try:
        raw = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a sync token") from error
    fields = _fields(raw)
    numbers, values = [number for number, _ in fields], [value for _, value in fields]
    if numbers not in ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6, 7]) or values[0] != values[1]:
        raise ValueError("not a sync token")
    if values[3] != zlib.crc32(binding.encode()):
        raise ValueError("the sync token belongs to another collection")
    return SyncToken(values[0], values[4] == 2, values[5], values[6] if len(values) > 6 else 0)


def _field(number: int, value: int) -> bytes:
    return bytes([number << 3]) + _varint(value)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _fields(raw: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    place = 0
    while place < len(raw):
        number, place = raw[place] >> 3, place + 1
        value = shift = 0
        while place < len(raw):
            byte, place = raw[place], place + 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        found.append((number, value))
    return found
