"""Windows of a reading: instants, and days that belong to a calendar's zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from calferry.core.event_window import Bound, in_zone, is_empty, read_bound, zone_of

BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-10T08:00:00Z", "2026-03-10T08:00:00+00:00"),
        ("2026-03-10T08:00:00+01:00", "2026-03-10T07:00:00+00:00"),
        ("2026-03-10T08:00:00 01:00", "2026-03-10T07:00:00+00:00"),
        ("2026-03-10T08:00:00.5-03:30", "2026-03-10T11:30:00.500+00:00"),
    ],
)
def test_an_instant_needs_its_offset(text: str, instant: str) -> None:
    assert read_bound(text) == Bound(at_ms=ms(instant))


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-03-10T08:00:00", "2026-02-30", "2026-13-01T00:00:00Z", "2026-03-10T25:00:00Z", "20260310",
     "2026-3-1", "10000-01-01", "2026-03-10T08:00:00Zx", "2026-W10-2", "２０２６-03-10"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an instant such as"):
        read_bound(text)


def test_a_day_begins_at_midnight_of_its_zone() -> None:
    bound = in_zone(read_bound("2026-03-29"), BERLIN)
    assert (bound.at_ms, bound.day, bound.is_midnight) == (
        ms("2026-03-29T00:00:00+01:00"),
        "2026-03-29",
        True,
    )
    after = in_zone(read_bound("2026-03-30"), BERLIN)
    assert after.at_ms == ms("2026-03-30T00:00:00+02:00")


def test_an_instant_has_a_day_in_every_zone() -> None:
    bound = read_bound("2026-03-10T23:30:00Z")
    assert in_zone(bound, BERLIN).day == "2026-03-11"
    assert in_zone(bound, UTC).day == "2026-03-10"
    assert not in_zone(bound, UTC).is_midnight


@pytest.mark.parametrize(
    "text", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"])
def test_the_ends_of_time_are_bounds_too(text: str, zone: str) -> None:
    assert in_zone(read_bound(text), ZoneInfo(zone)).day


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd", "\0", "x" * 300])
def test_an_unknown_zone_counts_as_utc(name: str | None) -> None:
    assert zone_of(name) is UTC


def test_a_window_must_begin_before_it_ends() -> None:
    day = read_bound("2026-03-10")
    assert is_empty(day, day)
    assert is_empty(read_bound("2026-03-10T00:00:01Z"), day)
    assert not is_empty(day, read_bound("2026-03-11"))
    assert not is_empty(day, None)
    assert not is_empty(None, None)
