"""When people are busy, of the instances of their events."""

from collections.abc import Iterable
from datetime import date, datetime, time, tzinfo
from typing import Any

Span = tuple[datetime, datetime]


def busy(events: Iterable[dict[str, Any]], window: Span, zone: tzinfo) -> list[Span]:
    """Merged, in order, cut to the window. `zone` is the calendar's: its days are those of events of a whole day."""
    spans = ((moment(one["start"], zone), moment(one["end"], zone)) for one in events if takes_time(one))
    inside = ((max(start, window[0]), min(end, window[1])) for start, end in spans)
    return merged((start, end) for start, end in inside if start < end)


def takes_time(event: dict[str, Any]) -> bool:
    """As Google counts: not what is cancelled, shown as free, or declined."""
    if event.get("status") == "cancelled" or event.get("transparency") == "transparent":
        return False
    own = [guest for guest in event.get("attendees", ()) if guest.get("self")]
    return all(guest.get("responseStatus") != "declined" for guest in own)


def moment(when: dict[str, Any], zone: tzinfo) -> datetime:
    if "date" in when:
        return datetime.combine(date.fromisoformat(when["date"]), time(), zone)
    return datetime.fromisoformat(when["dateTime"])


def merged(spans: Iterable[Span]) -> list[Span]:
    """Overlapping and touching spans as one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
