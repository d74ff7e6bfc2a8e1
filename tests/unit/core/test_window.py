"""The span of an instances projection."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from calferry.core.window import is_outgrown, window_at

DAY_MS = 86_400_000
moments = st.integers(0, 4_000_000_000_000)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_three_months_back_and_twelve_ahead() -> None:
    window = window_at(at("2026-02-28T12:00:00"))
    assert (window.start_at, window.end_at) == (at("2025-11-01"), at("2027-03-01"))


def test_same_month_same_window() -> None:
    assert window_at(at("2026-02-01")) == window_at(at("2026-02-28T23:59:59"))


@given(moments)
def test_it_always_reaches_far_enough(now_ms: int) -> None:
    window = window_at(now_ms)
    assert window.start_at <= now_ms - 88 * DAY_MS
    assert now_ms + 364 * DAY_MS <= window.end_at <= now_ms + 398 * DAY_MS


@given(moments, st.integers(0, 7 * DAY_MS))
def test_it_is_outgrown_by_the_next_month_only(now_ms: int, spread_ms: int) -> None:
    window = window_at(now_ms)
    assert not is_outgrown(window, now_ms, spread_ms=spread_ms)
    assert is_outgrown(window, now_ms + 39 * DAY_MS, spread_ms=spread_ms)
