"""Chance, passed in: the part of `random.Random` that the world uses, and the ids made from it."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

BASE32HEX = "0123456789abcdefghijklmnopqrstuv"
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEX = "0123456789abcdef"


class Dice(Protocol):
    """What a seeded `random.Random` offers."""

    def random(self) -> float: ...

    def randrange(self, start: int, stop: int, /) -> int: ...

    def choice(self, seq: Sequence[T], /) -> T: ...


def word(dice: Dice, alphabet: str, length: int) -> str:
    """`length` letters drawn from `alphabet`."""
    return "".join(dice.choice(alphabet) for _ in range(length))


def event_id(dice: Dice) -> str:
    """26 characters of base32hex, the form of ids that Google makes."""
    return word(dice, BASE32HEX, 26)


def calendar_id(dice: Dice) -> str:
    return f"c_{word(dice, HEX, 64)}@group.calendar.google.com"
