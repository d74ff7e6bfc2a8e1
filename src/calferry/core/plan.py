"""From one page and the rows it touches to what has to be written."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from calferry.core.content import same_content
from calferry.core.model import ChangeKind, ObservedEvent, Page, Pass, StoredEvent, UnreadableItem
from calferry.core.window import is_outside


class Write(msgspec.Struct, frozen=True, gc=False):
    """Store this version; `last_raw` is the full JSON to keep beside a tombstone."""

    item: ObservedEvent
    kind: ChangeKind | None
    """None: nothing a reader would notice, so the change log stays silent."""
    last_raw: str | None = None
    moved: bool = False
    """It takes place at another time than before."""


@dataclass(slots=True)
class PagePlan:
    """Operations of one page."""

    writes: list[Write] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    """Rows that only take the generation of the pass."""
    leave: list[str] = field(default_factory=list)
    """Rows that moved out of the projection's window."""
    quarantine: list[UnreadableItem] = field(default_factory=list)
    unread: bool = False


def plan_page(walk: Pass, page: Page, stored: Mapping[str, StoredEvent]) -> PagePlan:
    """Decide what one page changes.

    `stored` holds the rows, of the pass's projection, whose ids stand on the page.
    """
    plan, window = PagePlan(unread=walk.unread), walk.request.window
    for item in newest_of_each(page.items):
        row = stored.get(item.event_id)
        if window is not None and is_outside(item, window, page.envelope.time_zone):
            if row is not None and row.status != "cancelled":
                plan.leave.append(item.event_id)
        else:
            plan_item(plan, walk, item, row)
    for poison in page.unreadable:
        plan.quarantine.append(poison)
        if poison.event_id is None:
            plan.unread = True
        else:
            plan.seen.append(poison.event_id)
    return plan


def newest_of_each(items: Iterable[ObservedEvent]) -> Iterable[ObservedEvent]:
    """One version per id: of duplicates on one page the last one sent."""
    by_id = {item.event_id: item for item in items}
    return by_id.values()


def plan_item(plan: PagePlan, walk: Pass, item: ObservedEvent, row: StoredEvent | None) -> None:
    if row is None:
        plan.writes.append(Write(item, first_seen_as(item)))
        return
    if is_overtaken(walk, item, row):
        plan.seen.append(item.event_id)
        return
    write = plan_change(item, row)
    if write is None:
        plan.seen.append(item.event_id)
    else:
        plan.writes.append(write)


def first_seen_as(item: ObservedEvent) -> ChangeKind | None:
    """A deletion of something nobody knew is no news; an occurrence cancelled before we looked is."""
    if item.status != "cancelled":
        return "created"
    return "cancelled" if item.series_id is not None else None


def plan_change(item: ObservedEvent, row: StoredEvent) -> Write | None:
    """Compare a sent item with its row; None when the row already holds exactly what was sent.

    A row whose columns are not those of its own JSON (something else wrote them, or an older version read them
    otherwise) is written anew, without news.
    """
    was_live = row.status != "cancelled"
    sent = item.raw.decode()
    if item.status == "cancelled":
        if was_live:
            return Write(item, "cancelled", last_raw=row.raw)
        return None if sent == row.raw and is_read_so(item, row) else Write(item, None, last_raw=row.last_raw)
    if not was_live:
        return Write(item, "created")
    if sent == row.raw:
        return None if is_read_so(item, row) else Write(item, None)
    if same_content(sent, row.raw):
        return Write(item, None)
    return Write(item, "updated", moved=not is_at_the_same_time(item, row))


def is_at_the_same_time(item: ObservedEvent, row: StoredEvent) -> bool:
    return (
        row.start_at == item.start_ms
        and row.end_at == item.end_ms
        and row.start_date == item.start_date
        and row.end_date == item.end_date
    )


def is_read_so(item: ObservedEvent, row: StoredEvent) -> bool:
    """Whether the columns of the row are those of the item; of a deleted one, those that readers go by."""
    same_place = row.series_id == item.series_id and row.original_start == item.original_start
    if item.status == "cancelled":
        return same_place
    return (
        same_place
        and row.status == item.status
        and row.updated_at == item.updated_ms
        and is_at_the_same_time(item, row)
        and row.etag == item.etag
        and row.ical_uid == item.i_cal_uid
        and row.recurring == item.is_recurring
    )


def is_overtaken(walk: Pass, item: ObservedEvent, row: StoredEvent) -> bool:
    """Whether the row is newer than what was sent.

    Within one lineage of sync tokens an older version never replaces a newer one.
    """
    sent, kept = item.updated_ms, row.updated_at
    older = sent is not None and kept is not None and sent < kept
    return older and not walk.request.full
