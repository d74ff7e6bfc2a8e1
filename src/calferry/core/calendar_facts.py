"""What a page's envelope says of its calendar, against what we believed."""

from dataclasses import dataclass
from typing import Any

from calferry.core.model import Envelope, Pass
from calferry.core.sync_state import effective_mode


@dataclass(frozen=True, slots=True)
class FactsChange:
    """Columns to write, and whether what was read before was read under another role or zone."""

    values: dict[str, Any]
    moved: bool


def compare_facts(known: Envelope, told: Envelope, shown: str) -> FactsChange:
    """Role, zone, title and default reminders do not come as deltas of the calendar list, only with pages.

    `shown` is the name people see; it follows the calendar's own title unless they gave it another.
    """
    values: dict[str, Any] = {}
    if told.access_role and told.access_role != known.access_role:
        values["access_role"] = told.access_role
    if told.time_zone and told.time_zone != known.time_zone:
        values["time_zone"] = told.time_zone
    if told.summary and told.summary != known.summary:
        values["title"] = told.summary
        if shown == known.summary:
            values["summary"] = told.summary
    if told.default_reminders is not None and told.default_reminders != known.default_reminders:
        values["default_reminders"] = told.default_reminders
    moved = "access_role" in values or ("time_zone" in values and known.time_zone is not None)
    return FactsChange(values, moved)


def must_begin_again(known: Envelope, told: Envelope, walk: Pass) -> bool:
    """Whether a page does not fit the pass that it belongs to.

    A role may ask for the other mode. A role or zone that is new gives every event another form, and no delta
    sends them again: everything is listed anew, unless this is the first page of such a listing.
    """
    if effective_mode("series", told.access_role or known.access_role) != effective_mode(
        "series", known.access_role
    ):
        return True
    is_listed_anew = walk.request.full and walk.pages == 0
    return not is_listed_anew and compare_facts(known, told, "").moved
