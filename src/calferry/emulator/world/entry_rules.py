"""What Google demands of the fields that a person sets on an entry of the calendar list."""

import re
from typing import Any

from calferry.emulator import errors
from calferry.emulator.world.event_rules import check_reminders

Json = dict[str, Any]

COLORS_MAX = 24
_RGB = re.compile(r"#[0-9a-fA-F]{6}\Z")
_TYPES: dict[str, type] = {
    **dict.fromkeys(("colorId", "backgroundColor", "foregroundColor", "summaryOverride"), str),
    **dict.fromkeys(("hidden", "selected"), bool),
    "defaultReminders": list,
    "notificationSettings": dict,
}


def check_entry(fields: Json) -> None:
    """Refuses fields of the wrong JSON type, and colours, reminders and notifications that there are none of."""
    for name, kind in _TYPES.items():
        if not isinstance(fields.get(name), kind | None):
            raise errors.invalid(f"Invalid value for: {name}")
    color_id = fields.get("colorId") or "1"
    if not re.fullmatch(r"\d{1,2}", color_id, re.ASCII) or not 1 <= int(color_id) <= COLORS_MAX:
        raise errors.invalid("Invalid color id.")
    for name in ("backgroundColor", "foregroundColor"):
        if fields.get(name) and not _RGB.match(fields[name]):
            raise errors.invalid(f"Invalid value for: {name}")
    check_reminders({"overrides": fields.get("defaultReminders")})
    _check_notifications((fields.get("notificationSettings") or {}).get("notifications") or [])


def _check_notifications(notifications: Any) -> None:
    if not isinstance(notifications, list):
        raise errors.invalid("Invalid notification settings.")
    for each in notifications:
        named = each.values() if isinstance(each, dict) else [each]
        if not isinstance(each, dict) or not all(isinstance(value, str) for value in named):
            raise errors.invalid("Invalid notification settings.")
