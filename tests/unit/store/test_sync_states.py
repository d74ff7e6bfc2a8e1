"""Marks, leases, fences and the statement that ends a run."""

from typing import Any

import pytest
from sqlalchemy import Connection

from calferry.core.failure import DEAD_GRANT, FailureInfo, LeaseLost
from calferry.core.limits import LEASE_MS, RUN_SPACING_MS, WAIT_MAX_MS
from calferry.store import sync_states
from calferry.store.sync_states import Done, Listed, change, failed_values, keep, mark, release_values, take
from tests.harness.databases import ON_BOTH
from tests.unit.store.memory import NOW, database, lease

pytestmark = [ON_BOTH, pytest.mark.greenlet]

CAL = "cal_1"
POLL = NOW + 6 * 3_600_000
ERROR = FailureInfo("503", "Backend Error", True)


def facts(connection: Connection) -> Any:
    return sync_states.facts(connection, CAL)


def finish(
    connection: Connection, fence: int, clean: int, now_ms: int = NOW, *, resumed: bool = False
) -> None:
    sync_states.finish(connection, CAL, fence, Done(now_ms, "token", clean, POLL, resumed))


def test_lease_is_taken_once() -> None:
    with database(CAL) as tx:
        first = take(tx, CAL, lease("one"), NOW)
        assert first is not None
        assert first.fence == 1
        assert take(tx, CAL, lease("two", now=LEASE_MS - 1), NOW + LEASE_MS - 1) is None
        assert facts(tx).status == "syncing"


def test_expired_lease_and_lease_of_an_earlier_boot_are_free() -> None:
    with database(CAL) as tx:
        take(tx, CAL, lease("one"), NOW)
        second = take(tx, CAL, lease("two", now=LEASE_MS), NOW + LEASE_MS)
        assert second is not None
        third = take(tx, CAL, lease("three", now=5, boot="boot-2"), NOW + LEASE_MS + 2_000)
        assert third is not None
        assert third.fence == 3


def test_heartbeat_keeps_it() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease("one"), NOW)
        assert state is not None
        keep(tx, CAL, state.fence, lease("one", now=20_000))
        assert take(tx, CAL, lease("two", now=LEASE_MS + 1), NOW + LEASE_MS + 1) is None


def test_old_fence_writes_nothing() -> None:
    with database(CAL) as tx:
        old = take(tx, CAL, lease("one"), NOW)
        new = take(tx, CAL, lease("two", now=LEASE_MS), NOW + LEASE_MS)
        assert old is not None
        assert new is not None
        for write in (
            lambda: change(tx, CAL, old.fence, {"sync_token": "stale"}),
            lambda: keep(tx, CAL, old.fence, lease("one")),
            lambda: sync_states.lock(tx, CAL, old.fence),
        ):
            with pytest.raises(LeaseLost):
                write()
        assert facts(tx).sync_token is None
        sync_states.lock(tx, CAL, new.fence)


def test_runs_begin_a_second_apart_whatever_the_clock_does() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        finish(tx, state.fence, 0)
        assert take(tx, CAL, lease(), NOW + RUN_SPACING_MS - 1) is None
        back = take(tx, CAL, lease(), NOW - 86_400_000)
        assert back is not None


@pytest.mark.parametrize("status", ["blocked", "halted", "removed"])
def test_stopped_states_are_not_run(status: str) -> None:
    with database(CAL) as tx:
        change(tx, CAL, 0, {"status": status})
        assert take(tx, CAL, lease(), NOW) is None


def test_backoff_holds_and_one_from_a_wrong_clock_does_not() -> None:
    with database(CAL) as tx:
        change(tx, CAL, 0, {"not_before_at": NOW + 1})
        assert take(tx, CAL, lease(), NOW) is None
        change(tx, CAL, 0, {"not_before_at": NOW + WAIT_MAX_MS + 1})
        assert take(tx, CAL, lease(), NOW) is not None


def test_mark_makes_due_and_counts() -> None:
    with database(CAL, "cal_2") as tx:
        change(tx, CAL, 0, {"next_due_at": POLL})
        assert mark(tx, [CAL, "cal_2"], NOW) == {CAL: 1, "cal_2": 1}
        assert mark(tx, [CAL], NOW) == {CAL: 2}
        assert facts(tx).next_due_at == NOW
        assert mark(tx, [], NOW) == {}
        assert mark(tx, ["cal_unknown"], NOW) == {}


def test_mark_just_after_a_run_waits_for_the_spacing() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        finish(tx, state.fence, 0)
        mark(tx, [CAL], NOW + 300)
        assert facts(tx).next_due_at == NOW + RUN_SPACING_MS


def test_mark_leaves_an_earlier_due_time_and_the_backoff() -> None:
    with database(CAL) as tx:
        change(tx, CAL, 0, {"next_due_at": NOW - 5_000, "not_before_at": NOW + 60_000})
        mark(tx, [CAL], NOW)
        assert (facts(tx).next_due_at, facts(tx).not_before_at) == (NOW - 5_000, NOW + 60_000)


@pytest.mark.parametrize("status", ["blocked", "halted", "removed"])
def test_mark_makes_nothing_due_that_cannot_run(status: str) -> None:
    with database(CAL) as tx:
        change(tx, CAL, 0, {"status": status, "next_due_at": None})
        assert mark(tx, [CAL], NOW) == {CAL: 1}
        assert facts(tx).next_due_at is None


def test_end_of_a_run_looks_at_the_marks_again() -> None:
    with database(CAL) as tx:
        mark(tx, [CAL], NOW)
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        mark(tx, [CAL], NOW + 10)
        finish(tx, state.fence, state.dirty_seq, NOW + 20)
        row = facts(tx)
        assert (row.clean_seq, row.dirty_seq) == (1, 2)
        assert row.next_due_at == NOW + RUN_SPACING_MS
        assert (row.status, row.lease_owner) == ("idle", None)


def test_clean_calendar_is_due_at_its_poll() -> None:
    with database(CAL) as tx:
        mark(tx, [CAL], NOW)
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        finish(tx, state.fence, state.dirty_seq)
        row = facts(tx)
        assert (row.next_due_at, row.sync_token, row.generation, row.last_full_at) == (POLL, "token", 0, None)


def test_full_listing_notes_its_generation() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        done = Done(NOW, "token", 0, POLL, listed=Listed(4, guarded_at=NOW))
        sync_states.finish(tx, CAL, state.fence, done)
        row = facts(tx)
        assert (row.generation, row.last_full_at, row.guarded_at) == (4, NOW, NOW)


def test_resumed_pass_raises_the_mark() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        finish(tx, state.fence, state.dirty_seq, resumed=True)
        row = facts(tx)
        assert (row.clean_seq, row.dirty_seq) == (0, 1)
        assert row.next_due_at == NOW + RUN_SPACING_MS


def test_release_without_an_end_keeps_what_is_owed() -> None:
    with database(CAL) as tx:
        mark(tx, [CAL], NOW)
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        change(tx, CAL, state.fence, release_values(NOW, POLL))
        assert facts(tx).next_due_at == NOW + RUN_SPACING_MS
        assert facts(tx).status == "idle"


def test_end_of_a_run_does_not_wake_what_was_stopped_meanwhile() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        change(tx, CAL, state.fence, {"status": "blocked"})
        finish(tx, state.fence, 0)
        assert facts(tx).status == "blocked"


def test_failure_counts_waits_and_ends_with_success() -> None:
    with database(CAL) as tx:
        for n in range(3):
            state = take(tx, CAL, lease(), NOW + n * 100_000)
            assert state is not None
            change(tx, CAL, state.fence, failed_values(NOW + n * 100_000, ERROR, 50_000))
        row = facts(tx)
        assert (row.failures, row.failed_runs, row.last_error_code) == (3, 3, "503")
        assert row.not_before_at == NOW + 250_000
        state = take(tx, CAL, lease(), NOW + 300_000)
        assert state is not None
        assert state.failures == 3
        finish(tx, state.fence, 0)
        row = facts(tx)
        assert (row.failures, row.failed_runs, row.last_error_code, row.not_before_at) == (0, 3, None, None)


def test_invalidation_throws_out_the_run_and_forgets_both_tokens() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        change(tx, CAL, state.fence, {"sync_token": "s", "page_token": "p", "page_request": "{}"})
        sync_states.invalidate(tx, [CAL], NOW)
        row = facts(tx)
        assert (row.sync_token, row.page_token, row.page_request, row.lease_owner) == (None,) * 4
        assert (row.dirty_seq, row.next_due_at) == (1, NOW)
        with pytest.raises(LeaseLost):
            finish(tx, state.fence, 0)


def test_account_blocks_and_resumes_its_calendars() -> None:
    with database(CAL, "cal_2") as tx:
        change(tx, "cal_2", 0, {"status": "removed", "next_due_at": None})
        sync_states.block_account(tx, "acc_1", DEAD_GRANT, NOW)
        assert (facts(tx).status, facts(tx).next_due_at, facts(tx).last_error_code) == (
            "blocked",
            None,
            "401",
        )
        sync_states.resume_account(tx, "acc_1", NOW + 5)
        assert (facts(tx).status, facts(tx).next_due_at, facts(tx).last_error_code) == ("idle", NOW + 5, None)
        assert sync_states.facts(tx, "cal_2").status == "removed"


def test_resumed_account_ends_backoffs_too() -> None:
    with database(CAL) as tx:
        change(tx, CAL, 0, failed_values(NOW, ERROR, WAIT_MAX_MS))
        sync_states.resume_account(tx, "acc_1", NOW)
        assert (facts(tx).not_before_at, facts(tx).next_due_at, facts(tx).failures) == (None, NOW, 0)


def test_fenced_off_account_runs_no_more() -> None:
    with database(CAL) as tx:
        state = take(tx, CAL, lease(), NOW)
        assert state is not None
        sync_states.fence_off(tx, "acc_1")
        assert take(tx, CAL, lease(), NOW + 60_000) is None
        with pytest.raises(LeaseLost):
            finish(tx, state.fence, 0)
