"""Listing single series that a delta leaves in doubt, before the page is stored."""

from collections import defaultdict

from sqlalchemy import Connection

from calferry.core.failure import Cause, SourceFailure
from calferry.core.model import Page, Pass, StoredEvent, Window
from calferry.core.series import Doubt, SeriesTruth, doubtful_instances, doubtful_masters, unreadable_masters
from calferry.ports import CalendarSource
from calferry.store import events
from calferry.sync.engine import Engine

CANCELLED_AHEAD_MS = 150 * 86_400_000
"""So far ahead Google certainly says which instances a series has lost; half a year has been observed."""


async def settle(
    engine: Engine, source: CalendarSource, google_id: str, walk: Pass, page: Page, settled: set[str]
) -> list[SeriesTruth]:
    """What Google lists now for each series in doubt. Raises `SourceFailure`.

    `settled` are series listed since the pass began, which need no second listing for what lies far ahead.
    """
    if walk.request.full or not (page.items or page.unreadable):
        return []
    if walk.request.mode == "instances":
        after_ms = engine.clock.now_ms() + CANCELLED_AHEAD_MS
        doubts = await engine.store.read(lambda tx: find_untold(tx, walk, page, after_ms, settled))
    else:
        doubts = await engine.store.read(lambda tx: find_doubts(tx, walk, page))
    settled.update(doubt.series_id for doubt in doubts)
    return [await list_series(source, google_id, walk, doubt) for doubt in doubts]


def find_untold(
    connection: Connection, walk: Pass, page: Page, after_ms: int, settled: set[str]
) -> list[Doubt]:
    ids = {item.series_id for item in page.items if item.series_id} - settled
    far = events.far_ahead(connection, walk.projection_id, ids, after_ms) if ids else {}
    return doubtful_instances(page.items, far)


def find_doubts(connection: Connection, walk: Pass, page: Page) -> list[Doubt]:
    candidates = [item for item in page.items if item.series_id is None]
    unread = [item.event_id for item in page.unreadable if item.event_id is not None]
    ids = [*(item.event_id for item in candidates), *unread]
    children: dict[str, list[StoredEvent]] = defaultdict(list)
    for row in events.of_series(connection, walk.projection_id, ids).values():
        children[str(row.series_id)].append(row)
    if not children:
        return []
    masters = events.of_ids(connection, walk.projection_id, children)
    in_pieces = walk.after_pieces or walk.pages > 0
    doubts = doubtful_masters(candidates, masters, children, in_pieces=in_pieces)
    return [*doubts, *unreadable_masters(unread, children, page.items)]


async def list_series(source: CalendarSource, google_id: str, walk: Pass, doubt: Doubt) -> SeriesTruth:
    if walk.request.window is not None:
        return await expanded(source, google_id, walk.request.window, doubt)
    if doubt.ical_uid is None:
        return SeriesTruth(doubt.series_id, [])
    page = await source.series(google_id, doubt.ical_uid)
    own = [item for item in page.items if doubt.series_id in (item.event_id, item.series_id)]
    return SeriesTruth(doubt.series_id, own, page.unreadable, page.in_pieces)


async def expanded(source: CalendarSource, google_id: str, window: Window, doubt: Doubt) -> SeriesTruth:
    """What Google does not find may be the whole calendar as well: asking for a UID that no event has tells."""
    try:
        page = await source.instances(google_id, doubt.series_id, window)
    except SourceFailure as failure:
        if failure.cause not in (Cause.NOT_FOUND, Cause.ALREADY_DELETED):
            raise
        if failure.cause is Cause.NOT_FOUND:
            await source.series(google_id, doubt.series_id)
        return SeriesTruth(doubt.series_id, [])
    return SeriesTruth(doubt.series_id, page.items, page.unreadable, page.in_pieces)
