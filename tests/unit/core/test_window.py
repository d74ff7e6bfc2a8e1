"""The span of an instances projection."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from calferry.core.limits import WEEK_MS
from calferry.core.window import LATE_MS, is_outgrown, same_day, window_at

DAY_MS = 86_400_000
moments = st.integers(0, 4_000_000_000_000)
spreads = st.integers(0, WEEK_MS - 1)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_three_months_back_and_twelve_ahead_of_the_week() -> None:
    thursday = at("2026-02-26")
    window = window_at(thursday + 12 * 3_600_000)
    assert (window.start_at, window.end_at) == (at("2025-11-26"), at("2027-03-05") + LATE_MS)
    assert window_at(thursday + WEEK_MS - 1) == window


def test_shorter_months_end_on_their_last_day() -> None:
    assert same_day(at("2026-05-31T23:59:59"), -3) == at("2026-02-28")
    assert same_day(at("2028-02-29"), 12) == at("2029-02-28")


@given(moments, spreads)
def test_it_reaches_far_enough_for_longer_than_its_week(now_ms: int, spread_ms: int) -> None:
    window = window_at(now_ms, spread_ms=spread_ms)
    assert window.start_at <= same_day(now_ms, -3)
    assert window.start_at >= same_day(now_ms - WEEK_MS, -3)
    assert same_day(now_ms + DAY_MS, 12) <= window.end_at <= same_day(now_ms, 12) + WEEK_MS + 3 * DAY_MS


@given(moments, spreads)
def test_it_is_outgrown_when_its_week_is_over_and_not_before(now_ms: int, spread_ms: int) -> None:
    window = window_at(now_ms, spread_ms=spread_ms)
    week_ends = now_ms + WEEK_MS - (now_ms - spread_ms) % WEEK_MS
    assert not is_outgrown(window, week_ends - 1, spread_ms=spread_ms)
    assert is_outgrown(window, week_ends, spread_ms=spread_ms)
    assert not is_outgrown(window, now_ms - 40 * DAY_MS, spread_ms=spread_ms)
