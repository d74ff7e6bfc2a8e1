"""What a full listing may remove, and when it is not believed."""

from hypothesis import given
from hypothesis import strategies as st

from calferry.core.limits import SWEEP_GUARD_WAIT_MS
from calferry.core.sweep import Sweep, SweepTerms, has_waited, plan_sweep

NOW = 10_000_000


def unseen(count: int, *, missing: int = 0) -> dict[str, bool]:
    return {f"event{n}": n < missing for n in range(count)}


def terms(live: int, *, waited: bool = False, confirmed: bool = False, guarded: bool = False) -> SweepTerms:
    guarded_at = NOW - SWEEP_GUARD_WAIT_MS if waited else NOW - 1 if guarded else None
    return SweepTerms(live, guarded_at, NOW, confirmed)


def test_a_few_missing_go_at_once() -> None:
    assert plan_sweep(unseen(3), terms(100)) == Sweep(["event0", "event1", "event2"], hold=False)


def test_half_is_still_believed_and_more_is_not() -> None:
    assert not plan_sweep(unseen(50), terms(100)).hold
    assert plan_sweep(unseen(51), terms(100)) == Sweep([], hold=True)


def test_small_calendars_are_not_guarded() -> None:
    assert plan_sweep(unseen(49), terms(49)) == Sweep(list(unseen(49)), hold=False)
    assert plan_sweep(unseen(50), terms(50)).hold


def test_second_listing_within_the_wait_is_not_enough() -> None:
    assert plan_sweep(unseen(60, missing=60), terms(60, guarded=True)) == Sweep([], hold=True)


def test_later_listing_or_a_person_removes_what_is_missing_again() -> None:
    for believed in (terms(60, waited=True), terms(60, guarded=True, confirmed=True)):
        assert plan_sweep(unseen(60, missing=60), believed) == Sweep(list(unseen(60)), hold=False)


def test_what_is_missing_for_the_first_time_is_guarded_anew() -> None:
    swept = plan_sweep(unseen(60, missing=20), terms(60, waited=True))
    assert (len(swept.remove), swept.hold) == (20, True)


def test_flagged_rows_wait_while_others_go() -> None:
    assert plan_sweep(unseen(10, missing=4), terms(100, guarded=True)).hold
    assert len(plan_sweep(unseen(10, missing=4), terms(100, guarded=True)).remove) == 6


def test_nothing_unseen_holds_nothing() -> None:
    assert plan_sweep({}, terms(100, guarded=True)) == Sweep([], hold=False)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.booleans(), max_size=200),
    st.integers(0, 200),
    st.booleans(),
    st.booleans(),
)
def test_never_removes_what_was_met_nor_most_at_once(
    missed: dict[str, bool], more: int, waited: bool, confirmed: bool
) -> None:
    live = len(missed) + more
    swept = plan_sweep(missed, terms(live, waited=waited, confirmed=confirmed))
    assert set(swept.remove) <= set(missed)
    assert swept.hold or set(swept.remove) == set(missed)
    fresh = [event_id for event_id in swept.remove if not missed[event_id]]
    assert live < 50 or len(fresh) * 2 <= live


def test_guard_set_by_a_clock_that_was_far_ahead_is_waited_out_at_once() -> None:
    assert has_waited(NOW + 86_400_000, NOW)
    assert not has_waited(NOW + 1_000, NOW)
    assert not has_waited(NOW - 1_000, NOW)
    assert not has_waited(None, NOW)
