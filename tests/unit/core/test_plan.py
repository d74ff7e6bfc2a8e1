"""Planning a page: what is written, what is news, and that order and repetition do not matter."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.core.model import Pass, StoredEvent, Window
from calferry.core.plan import PagePlan, plan_page
from calferry.google.models import ObservedItem, UnreadableItem
from tests.unit.core.events import item, page, row, tombstone, walk

Mirror = dict[str, StoredEvent]


def planned(sent: ObservedItem, stored: StoredEvent | None = None, *, full: bool = False) -> PagePlan:
    return plan_page(walk(full=full), page(sent), {} if stored is None else {stored.event_id: stored})


def kinds(plan: PagePlan) -> list[tuple[str, str | None]]:
    return [(write.item.event_id, write.kind) for write in plan.writes]


def test_unknown_event_is_created() -> None:
    assert kinds(planned(item())) == [("lunch", "created")]


def test_deletion_of_an_unknown_event_is_stored_without_news() -> None:
    assert kinds(planned(tombstone())) == [("lunch", None)]


def test_occurrence_cancelled_before_we_looked_is_news() -> None:
    sent = tombstone("retro_20260101T100000Z", recurringEventId="retro")
    assert kinds(planned(sent)) == [("retro_20260101T100000Z", "cancelled")]


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"summary": "Late lunch"}, False),
        ({"start": {"dateTime": "2026-05-01T13:00:00Z"}}, True),
        ({"end": {"dateTime": "2026-05-01T15:00:00Z"}}, True),
        ({"start": {"dateTime": "2026-05-01T14:00:00+02:00", "timeZone": "Europe/Berlin"}}, False),
        ({"start": {"date": "2026-05-01"}, "end": {"date": "2026-05-02"}}, True),
    ],
    ids=str,
)
def test_an_event_at_another_time_is_moved(change: dict[str, Any], moved: bool) -> None:
    times = {"start": {"dateTime": "2026-05-01T12:00:00Z"}, "end": {"dateTime": "2026-05-01T14:00:00Z"}}
    plan = planned(item(at=2, **{**times, **change}), row(item(**times)))
    assert [(write.kind, write.moved) for write in plan.writes] == [("updated", moved)]


def test_same_bytes_only_stamp_the_row() -> None:
    plan = planned(item(), row(item()))
    assert (plan.writes, plan.seen) == ([], ["lunch"])


def test_row_that_was_missing_comes_back_without_news() -> None:
    plan = planned(item(), row(item(), missing=True), full=True)
    assert (plan.writes, plan.seen) == ([], ["lunch"])


@pytest.mark.parametrize(
    "damage",
    [
        {"status": "tentative"},
        {"updated_at": 4_000_000_000_000},
        {"series_id": "retro"},
        {"start_at": 1},
        {"end_date": "2026-01-01"},
        {"etag": None},
        {"recurring": True},
    ],
    ids=str,
)
def test_columns_that_are_not_those_of_their_json_are_written_anew_without_news(damage: Any) -> None:
    assert kinds(planned(item(), row(item(), **damage), full=True)) == [("lunch", None)]


def test_deleted_occurrence_that_lost_its_series_belongs_to_it_again() -> None:
    sent = tombstone("retro_20260101T100000Z", recurringEventId="retro")
    plan = planned(sent, row(sent, series_id=None, last_raw="{}"), full=True)
    assert kinds(plan) == [("retro_20260101T100000Z", None)]
    assert plan.writes[0].last_raw == "{}"


def test_deleted_row_keeps_the_times_it_had() -> None:
    plan = planned(tombstone(), row(tombstone(), start_at=1, end_at=2), full=True)
    assert (plan.writes, plan.seen) == ([], ["lunch"])


def test_new_etag_of_the_same_content_is_stored_without_news() -> None:
    assert kinds(planned(item(at=2), row(item(at=1)))) == [("lunch", None)]


def test_new_content_is_news() -> None:
    assert kinds(planned(item(at=2, summary="late"), row(item(at=1)))) == [("lunch", "updated")]


def test_tombstone_keeps_the_last_json() -> None:
    plan = planned(tombstone(), row(item()))
    assert kinds(plan) == [("lunch", "cancelled")]
    assert plan.writes[0].last_raw == item().raw.decode()


def test_second_tombstone_keeps_what_the_first_kept() -> None:
    stored = row(tombstone(at=2), last_raw="kept")
    plan = planned(tombstone(at=3), stored)
    assert (kinds(plan), plan.writes[0].last_raw) == ([("lunch", None)], "kept")


def test_event_that_lives_again_is_created() -> None:
    assert kinds(planned(item(at=3), row(tombstone(at=2)))) == [("lunch", "created")]


def test_older_version_never_replaces_a_newer_one_in_a_delta() -> None:
    plan = planned(item(at=1, summary="old"), row(item(at=2)))
    assert (plan.writes, plan.seen) == ([], ["lunch"])


def test_full_listing_may_go_back_in_time() -> None:
    assert kinds(planned(item(at=1, summary="old"), row(item(at=2)), full=True)) == [("lunch", "updated")]


def test_last_of_duplicates_counts() -> None:
    plan = plan_page(walk(), page(item(at=1), item(at=2, summary="newest")), {})
    assert [write.item.raw for write in plan.writes] == [item(at=2, summary="newest").raw]


HOUR = {"dateTime": "2026-01-01T10:00:00Z"}, {"dateTime": "2026-01-01T11:00:00Z"}
STARTS_AT = 1_767_261_600_000


def test_window_has_no_part_of_what_only_touches_it() -> None:
    sent = item(start=HOUR[0], end=HOUR[1])
    ends = STARTS_AT + 3_600_000
    inside = [Window(STARTS_AT - 1, STARTS_AT + 1), Window(ends - 1, ends + 1)]
    outside = [Window(STARTS_AT - 5, STARTS_AT), Window(ends, ends + 5)]
    assert [len(plan_page(walk(window=window), page(sent), {}).writes) for window in inside] == [1, 1]
    assert [len(plan_page(walk(window=window), page(sent), {}).writes) for window in outside] == [0, 0]


def test_row_that_moves_out_of_the_window_leaves_once() -> None:
    window, sent = Window(0, 10), item(at=2, start=HOUR[0], end=HOUR[1])
    live = plan_page(walk(window=window), page(sent), {"lunch": row(item())})
    gone = plan_page(walk(window=window), page(sent), {"lunch": row(tombstone())})
    assert (live.leave, gone.leave) == (["lunch"], [])
    assert (live.writes, gone.writes) == ([], [])


def test_poison_with_an_id_stamps_its_row_and_poison_without_forbids_the_sweep() -> None:
    named, nameless = UnreadableItem(b"{", "not JSON", "lunch"), UnreadableItem(b"{", "not JSON")
    plan = plan_page(walk(full=True), page(unreadable=(named,)), {"lunch": row(item())})
    assert (plan.seen, plan.unread, len(plan.quarantine)) == (["lunch"], False, 1)
    assert plan_page(walk(full=True), page(unreadable=(nameless,)), {}).unread


def applied(mirror: Mirror, plan: PagePlan) -> Mirror:
    """What the store holds after the plan."""
    after = dict(mirror)
    for write in plan.writes:
        after[write.item.event_id] = row(write.item, last_raw=write.last_raw)
    return after


def after_pages(pages: Iterable[Sequence[ObservedItem]], mirror: Mirror, how: Pass) -> Mirror:
    for items in pages:
        mirror = applied(mirror, plan_page(how, page(*items), mirror))
    return mirror


def visible(mirror: Mirror) -> dict[str, str]:
    return {event_id: one.raw for event_id, one in mirror.items() if one.status != "cancelled"}


ids = st.sampled_from(["lunch", "dinner", "retro", "feast"])
versions = st.builds(
    lambda event_id, at, summary, gone: (tombstone if gone else item)(event_id, at=at, summary=summary),
    ids,
    st.integers(1, 9),
    st.sampled_from(["a", "b"]),
    st.booleans(),
)
one_version_each = st.lists(versions, unique_by=lambda sent: (sent.event_id, sent.updated_ms))
pages = st.lists(versions, max_size=6)


@given(pages, pages)
def test_applying_a_page_twice_changes_nothing(before: list[ObservedItem], items: list[ObservedItem]) -> None:
    mirror = after_pages([before], {}, walk(full=True))
    once = after_pages([items], mirror, walk())
    again = plan_page(walk(), page(*items), once)
    assert [write for write in again.writes if write.kind] == []
    assert applied(once, again) == once


@given(pages, st.integers(0, 6))
def test_applying_a_prefix_again_changes_nothing_in_the_end(items: list[ObservedItem], cut: int) -> None:
    straight = after_pages([items[:cut], items[cut:]], {}, walk())
    repeated = after_pages([items[:cut], items[:cut], items[cut:], items[cut:]], {}, walk())
    assert visible(straight) == visible(repeated)


@given(one_version_each, st.randoms(use_true_random=False))
def test_order_of_pages_does_not_matter(items: list[ObservedItem], dice: st.DrawFn) -> None:
    """Of one lineage, with every version once, whatever is shown is the newest."""
    shuffled = list(items)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    forward = after_pages([[one] for one in items], {}, walk())
    backward = after_pages([[one] for one in shuffled], {}, walk())
    assert visible(forward) == visible(backward)


@given(pages, pages)
def test_every_sent_id_is_accounted_for(before: list[ObservedItem], items: list[ObservedItem]) -> None:
    mirror = after_pages([before], {}, walk(full=True))
    plan = plan_page(walk(full=True), page(*items), mirror)
    told = [write.item.event_id for write in plan.writes] + plan.seen
    assert sorted(told) == sorted({sent.event_id for sent in items})


@given(pages, pages)
def test_news_is_told_exactly_when_readers_see_a_difference(
    before: list[ObservedItem], items: list[ObservedItem]
) -> None:
    mirror = after_pages([before], {}, walk(full=True))
    plan = plan_page(walk(), page(*items), mirror)
    after = applied(mirror, plan)
    for write in plan.writes:
        event_id = write.item.event_id
        was, is_now = visible(mirror).get(event_id), visible(after).get(event_id)
        if write.kind == "created":
            assert was is None
            assert is_now is not None
        if write.kind == "cancelled":
            assert was is not None
            assert is_now is None
        if write.kind == "updated":
            assert None not in (was, is_now)
            assert was != is_now
