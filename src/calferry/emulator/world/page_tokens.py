"""Page tokens: a place in a listing that was fixed when its first page was asked for."""

import base64
import binascii
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

LISTINGS_KEPT = 500
WEIGHT_KEPT = 2_000_000
INSTANCE_WEIGHT = 20


@dataclass(slots=True)
class Listing:
    """What a listing found at its first page.

    `covers` is the change number up to which its sync token speaks; whatever changes while somebody pages
    comes in the next delta. `question` is who asked, and the exact query that all its pages have to repeat;
    `expanded` listings hold no series.
    """

    question: str
    covers: int
    items: list[Any]
    page_size: int
    sync_token: str | None = None
    expanded: bool = False


def _weight(listing: Listing) -> int:
    """The memory it holds, in items that exist anyway; an instance exists only for its listing."""
    computed = sum(getattr(item, "master", None) is not None for item in listing.items)
    return len(listing.items) + (INSTANCE_WEIGHT - 1) * computed


@dataclass(slots=True)
class Listings:
    """The listings that still have a page token somewhere, the oldest dropped first.

    Their number and their weight together are limited; the latest is always kept.
    """

    _kept: OrderedDict[int, Listing] = field(default_factory=OrderedDict)
    _weights: dict[int, int] = field(default_factory=dict)
    _last: int = 0

    def keep(self, listing: Listing) -> int:
        self._last += 1
        self._kept[self._last] = listing
        self._weights[self._last] = _weight(listing)
        while self._is_too_much():
            number, _ = self._kept.popitem(last=False)
            del self._weights[number]
        return self._last

    def _is_too_much(self) -> bool:
        weight = sum(self._weights.values())
        return len(self._kept) > LISTINGS_KEPT or (len(self._kept) > 1 and weight > WEIGHT_KEPT)

    def forget_all(self) -> None:
        """Makes every page token given so far worthless."""
        self._kept.clear()
        self._weights.clear()

    def open(self, token: str, question: str) -> tuple[int, Listing, int]:
        """Listing number, listing and offset of a page token.

        Raises ValueError if the token is malformed or forgotten, came from another question, or names a place
        where no page of the listing begins.
        """
        number, offset = _decode(token)
        listing = self._kept.get(number)
        if listing is None or listing.question != question:
            raise ValueError("the page token does not belong to this request")
        if not 0 <= offset < len(listing.items) or offset % listing.page_size:
            raise ValueError("no page of the listing begins there")
        return number, listing, offset


def encode(number: int, offset: int) -> str:
    text = f"{number}.{offset}"
    return base64.urlsafe_b64encode(f"{text}.{zlib.crc32(text.encode()):08x}".encode()).decode()


def _decode(token: str) -> tuple[int, int]:
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode("ascii")
        number, offset, check = text.split(".")
        if f"{zlib.crc32(f'{number}.{offset}'.encode()):08x}" != check:
            raise ValueError("checksum")
        return int(number), int(offset)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a page token") from error
