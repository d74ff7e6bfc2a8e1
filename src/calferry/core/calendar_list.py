"""What a listing of the calendar list changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from calferry.core.google_calendar import CalendarListEntry
from calferry.core.limits import SWEEP_GUARD_WAIT_MS


@dataclass(frozen=True, slots=True)
class KnownCalendar:
    """One of our calendars; times are UTC milliseconds."""

    id: str
    google_id: str
    raw: str
    removed_at: int | None
    missing_since: int | None


@dataclass(slots=True)
class Listing:
    """Decisions by calendar. `revived` are among neither `added` nor `updated`."""

    added: list[CalendarListEntry] = field(default_factory=list)
    updated: list[tuple[str, CalendarListEntry]] = field(default_factory=list)
    revived: list[tuple[str, CalendarListEntry]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Not listed, but not believed to be gone either."""


def plan_listing(
    entries: Iterable[CalendarListEntry], known: Mapping[str, KnownCalendar], now_ms: int, *, full: bool
) -> Listing:
    """Compare entries with our calendars, by Google's id.

    Every account has a primary calendar, so a full listing without any entry is not believed until another one,
    fifteen minutes later, says the same.
    """
    listing = Listing()
    listed = set()
    for entry in entries:
        listed.add(entry.google_id)
        plan_entry(listing, entry, known.get(entry.google_id))
    if full:
        absent = [row for row in known.values() if row.google_id not in listed and row.removed_at is None]
        plan_absence(listing, absent, now_ms, believed=bool(listed))
    return listing


def plan_entry(listing: Listing, entry: CalendarListEntry, row: KnownCalendar | None) -> None:
    if entry.is_deleted:
        if row is not None and row.removed_at is None:
            listing.removed.append(row.id)
    elif row is None:
        listing.added.append(entry)
    elif row.removed_at is not None:
        listing.revived.append((row.id, entry))
    elif row.raw != entry.raw or row.missing_since is not None:
        listing.updated.append((row.id, entry))


def plan_absence(listing: Listing, absent: Iterable[KnownCalendar], now_ms: int, *, believed: bool) -> None:
    for row in absent:
        waited = row.missing_since is not None and now_ms - row.missing_since >= SWEEP_GUARD_WAIT_MS
        (listing.removed if believed or waited else listing.missing).append(row.id)
