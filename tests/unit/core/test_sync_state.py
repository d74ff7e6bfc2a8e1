"""The table of states, and which pass comes next."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from calferry.core.limits import SWEEP_GUARD_WAIT_MS, WEEK_MS
from calferry.core.model import ListRequest, ProjectionId, UserId, Window
from calferry.core.sync_state import (
    TRANSITIONS,
    Active,
    IllegalTransition,
    Status,
    SyncState,
    choose_pass,
    effective_mode,
    incremental,
    listing,
    moved,
    read_request,
    resume,
    runs_in_one_go,
    window_spread,
    write_request,
)
from calferry.core.window import window_at

NOW = 1_790_000_000_000
EVENTS = sorted({event for _, event in TRANSITIONS})
HOUR_MS = 3_600_000
WINDOW = window_at(NOW, spread_ms=window_spread("cal_1"))
FRESH = SyncState(
    id="cal_1",
    user_id=UserId(1),
    account_id="acc_1",
    fence=1,
    sync_token="token",
    page_token=None,
    page_request=None,
    page_dirty_seq=None,
    pass_generation=3,
    pass_projection_id=ProjectionId(1),
    pass_pages=0,
    pass_restarts=0,
    pass_unread=False,
    pass_fresh=False,
    dirty_seq=7,
    failures=0,
    guarded_at=None,
    last_full_at=None,
)
SERIES = Active(ProjectionId(1), "series", None, "series")
INSTANCES = Active(ProjectionId(1), "instances", WINDOW, "instances")


def paging(request: ListRequest, projection_id: int = 1) -> SyncState:
    return replace(
        FRESH,
        page_token="page",
        page_request=write_request(request),
        page_dirty_seq=5,
        pass_projection_id=ProjectionId(projection_id),
        pass_pages=2,
    )


FULL = ListRequest("series", 2500)


@pytest.mark.parametrize(("status", "event"), list(product(get_args(Status), EVENTS)))
def test_every_pair_leads_somewhere_or_is_refused(status: Status, event: str) -> None:
    if (status, event) in TRANSITIONS:
        assert moved(status, event) in get_args(Status)
    else:
        with pytest.raises(IllegalTransition, match=event):
            moved(status, event)


def test_every_status_can_be_left() -> None:
    assert {status for status, _ in TRANSITIONS} == set(get_args(Status))


def test_removed_calendar_only_returns() -> None:
    assert [event for status, event in TRANSITIONS if status == "removed"] == ["calendar_returned"]


def test_sync_token_leads_to_an_incremental_pass() -> None:
    assert choose_pass(FRESH, SERIES, NOW, full=False) == "incremental"


def test_no_token_or_an_order_leads_to_a_full_one() -> None:
    assert choose_pass(replace(FRESH, sync_token=None), SERIES, NOW, full=False) == "full"
    assert choose_pass(FRESH, SERIES, NOW, full=True) == "full"


def test_page_token_is_gone_on_with_unless_everything_is_ordered() -> None:
    assert choose_pass(paging(FULL), SERIES, NOW, full=False) == "resume"
    assert choose_pass(paging(FULL), SERIES, NOW, full=True) == "full"


def test_no_projection_or_another_mode_leads_to_a_rebuild() -> None:
    assert choose_pass(FRESH, Active(None, None, None, "series"), NOW, full=False) == "rebuild"
    assert choose_pass(FRESH, replace(SERIES, wanted="instances"), NOW, full=False) == "rebuild"


def test_page_of_the_old_mode_is_not_gone_on_with() -> None:
    wants_instances = replace(SERIES, wanted="instances")
    assert choose_pass(paging(FULL), wants_instances, NOW, full=False) == "rebuild"
    beside = paging(ListRequest("instances", 250, None, WINDOW), projection_id=2)
    assert choose_pass(beside, wants_instances, NOW, full=False) == "resume"
    assert choose_pass(beside, wants_instances, NOW, full=True) == "rebuild"


def test_guarded_sweep_is_confirmed_after_the_wait() -> None:
    guarded = replace(FRESH, guarded_at=NOW)
    assert choose_pass(guarded, SERIES, NOW + SWEEP_GUARD_WAIT_MS - 1, full=False) == "incremental"
    assert choose_pass(guarded, SERIES, NOW + SWEEP_GUARD_WAIT_MS, full=False) == "full"


def hours_until_it_rolls(calendar_id: str, window: Window) -> int:
    state, active = replace(FRESH, id=calendar_id), replace(INSTANCES, window=window)
    hours = range(8 * 24)
    rolls = [h for h in hours if choose_pass(state, active, NOW + h * HOUR_MS, full=False) == "rebuild"]
    assert rolls == list(hours[rolls[0] :])
    return rolls[0]


def test_window_rolls_every_week_at_a_time_of_the_calendars_own() -> None:
    ids = [f"cal_{n}" for n in range(30)]
    rolls = {one: hours_until_it_rolls(one, window_at(NOW, spread_ms=window_spread(one))) for one in ids}
    assert all(0 < hour <= 7 * 24 for hour in rolls.values())
    assert len(set(rolls.values())) > 15
    for one, hour in rolls.items():
        rolled = window_at(NOW + hour * HOUR_MS, spread_ms=window_spread(one))
        again = choose_pass(
            replace(FRESH, id=one),
            replace(INSTANCES, window=rolled),
            NOW + hour * HOUR_MS + WEEK_MS - HOUR_MS,
            full=False,
        )
        assert again == "incremental"


def test_resumed_pass_keeps_its_question_its_number_and_its_generation() -> None:
    walk = resume(paging(ListRequest("series", 2500, "token")))
    assert (walk.request.sync_token, walk.page_token, walk.dirty_seq) == ("token", "page", 5)
    assert (walk.generation, walk.pages, walk.resumed) == (3, 2, True)
    with pytest.raises(IllegalTransition):
        resume(FRESH)


def test_only_the_listing_of_an_empty_projection_is_fresh() -> None:
    was_fresh = {"pass_fresh": True}
    assert resume(replace(paging(FULL), **was_fresh)).fresh  # type: ignore[arg-type]
    assert not resume(replace(paging(ListRequest("series", 2500, "token")), **was_fresh)).fresh  # type: ignore[arg-type]


def test_listing_takes_a_generation_of_its_own_and_todays_number() -> None:
    walk = listing(FRESH, ProjectionId(2), "instances", WINDOW)
    assert (walk.generation, walk.dirty_seq, walk.request.full) == (4, 7, True)
    assert walk.request.page_size == 250


def test_incremental_pass_needs_a_projection() -> None:
    assert incremental(FRESH, INSTANCES).request == ListRequest("instances", 250, "token", WINDOW)
    with pytest.raises(IllegalTransition):
        incremental(FRESH, Active(None, None, None, "series"))


def test_pass_that_died_twice_runs_in_one_go() -> None:
    assert [runs_in_one_go(replace(FRESH, pass_restarts=n)) for n in range(4)] == [False, False, True, True]


def test_free_busy_readers_get_instances_whatever_is_wanted() -> None:
    assert effective_mode("series", "freeBusyReader") == "instances"
    assert effective_mode("series", "reader") == "series"
    assert effective_mode("series", None) == "series"


def test_question_survives_being_stored() -> None:
    for request in (FULL, ListRequest("instances", 250, "token", WINDOW)):
        assert read_request(write_request(request)) == request
