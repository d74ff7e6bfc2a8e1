"""What a page's envelope says of its calendar, against what we believed."""

from dataclasses import dataclass
from typing import Any

from calferry.core.model import Envelope
from calferry.core.sync_state import effective_mode


@dataclass(frozen=True, slots=True)
class FactsChange:
    """Columns to write, and whether the mirror has to be listed anew."""

    values: dict[str, Any]
    relist: bool


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


def shape_changed(known: Envelope, told: Envelope) -> bool:
    """Whether the role on the page asks for the other mode, so that the page does not fit its projection."""
    role = told.access_role or known.access_role
    return effective_mode("series", role) != effective_mode("series", known.access_role)
