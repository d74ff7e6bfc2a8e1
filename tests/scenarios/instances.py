"""What a reader of instances gets from the mirror."""

import json
from typing import Any

from calferry.core.event_window import read_bound
from calferry.store.event_reads import EventQuery
from calferry.web.expanded_events import ExpandedPage, page
from tests.scenarios.stage import Stage


async def instances(stage: Stage, low: str, high: str, *, at_most: int = 10_000) -> list[dict[str, Any]]:
    """Events with a part between two days or instants, in the order of their starts, in Google's JSON."""
    found = await instances_page(stage, low, high, at_most=at_most)
    assert (found.next_place, found.truncated, found.unexpanded) == (None, False, [])
    return [json.loads(text) for text in found.items]


async def instances_page(stage: Stage, low: str, high: str, *, at_most: int) -> ExpandedPage:
    calendar = await stage.calendar()
    bounds = read_bound(low), read_bound(high)
    query = EventQuery(
        calendar.user_id, (calendar.id,), *bounds, show_deleted=False, text="", at_most=at_most
    )
    return await stage.service.store.read(lambda conn: page(conn, query, None, None))


def start_of(event: dict[str, Any]) -> str:
    """`2026-10-01`, or `2026-10-01T10:00:00+02:00`."""
    return str(event["start"].get("date") or event["start"]["dateTime"])
