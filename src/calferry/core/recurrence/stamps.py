"""Days and times as text: each is written once and remembered, since the instances of a year share them."""

from collections.abc import Callable

from calferry.core.recurrence.days import date_of

TEXTS_KEPT = 86_400


class Remembered(dict[int, str]):
    """The text of a number, until there are too many of them."""

    def __init__(self, write: Callable[[int], str]) -> None:
        super().__init__()
        self.write = write

    def __missing__(self, number: int) -> str:
        if len(self) >= TEXTS_KEPT:
            self.clear()
        text = self[number] = self.write(number)
        return text


def compact_day(day: int) -> str:
    at = date_of(day)
    return f"{at.year:04}{at.month:02}{at.day:02}"


def compact_time(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


def plain_time(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def offset_text(offset: int) -> str:
    """As Google writes it: `Z` for none, otherwise `+01:00`."""
    if offset == 0:
        return "Z"
    minutes = abs(offset) // 60
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


day_stamps = Remembered(compact_day)
time_stamps = Remembered(compact_time)
days = Remembered(lambda day: date_of(day).isoformat())
times = Remembered(plain_time)
offsets = Remembered(offset_text)
