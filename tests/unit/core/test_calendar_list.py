"""What a listing of the calendar list changes."""

from calferry.core.calendar_list import KnownCalendar, Listing, plan_listing
from calferry.core.google_calendar import CalendarListEntry
from calferry.core.limits import SWEEP_GUARD_WAIT_MS

NOW = 10_000_000


def entry(google_id: str, raw: str = "{}", *, deleted: bool = False) -> CalendarListEntry:
    return CalendarListEntry(google_id, google_id, "UTC", "owner", False, False, deleted, raw)


def known(google_id: str, *, removed: bool = False, missing_since: int | None = None) -> KnownCalendar:
    return KnownCalendar(f"cal_{google_id}", google_id, "{}", 1 if removed else None, missing_since)


def plan(entries: list[CalendarListEntry], rows: list[KnownCalendar], *, full: bool) -> Listing:
    return plan_listing(entries, {row.google_id: row for row in rows}, NOW, full=full)


def test_new_changed_and_same_entries() -> None:
    listing = plan([entry("a"), entry("b", '{"x":1}'), entry("c")], [known("b"), known("c")], full=True)
    assert [one.google_id for one in listing.added] == ["a"]
    assert [calendar_id for calendar_id, _ in listing.updated] == ["cal_b"]
    assert listing.removed == []


def test_deleted_entry_removes_once() -> None:
    assert plan([entry("a", deleted=True)], [known("a")], full=False).removed == ["cal_a"]
    assert plan([entry("a", deleted=True)], [known("a", removed=True)], full=False).removed == []
    assert plan([entry("a", deleted=True)], [], full=False) == Listing()


def test_absence_removes_in_a_full_listing_only() -> None:
    assert plan([entry("a")], [known("a"), known("b")], full=True).removed == ["cal_b"]
    assert plan([entry("a")], [known("a"), known("b")], full=False) == Listing()


def test_listed_again_is_revived() -> None:
    listing = plan([entry("a")], [known("a", removed=True)], full=True)
    assert [calendar_id for calendar_id, _ in listing.revived] == ["cal_a"]
    assert (listing.added, listing.updated) == ([], [])


def test_empty_full_listing_is_believed_later_only() -> None:
    assert plan([], [known("a")], full=True) == Listing(missing=["cal_a"])
    recently = known("a", missing_since=NOW - SWEEP_GUARD_WAIT_MS + 1)
    assert plan([], [recently], full=True).missing == ["cal_a"]
    long_ago = known("a", missing_since=NOW - SWEEP_GUARD_WAIT_MS)
    assert plan([], [long_ago], full=True).removed == ["cal_a"]


def test_calendar_that_was_missing_and_is_listed_is_written() -> None:
    assert len(plan([entry("a")], [known("a", missing_since=1)], full=True).updated) == 1
