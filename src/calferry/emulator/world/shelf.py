"""All events of one calendar, in the order of their last change."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from calferry.emulator.world.event import Event, instance

_INSTANCE_ID = re.compile(r"(.+)_(\d{8}(?:T\d{6}Z)?)\Z", re.DOTALL)
HISTORY_LENGTH = 50


class Former(NamedTuple):
    """A version of a series, and the number of the change that took its occurrences away."""

    event: Event
    until: int


class EventShelf:
    """Events by id; iteration follows change numbers, so that a delta is the end of the list.

    `history` keeps former versions of series whose occurrences changed: an expanded delta derives from
    them which instances have gone. It tells everything since change `history_from`.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._exceptions: dict[str, dict[str, str]] = {}
        self.history: dict[str, list[Former]] = {}
        self.history_from = 0

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events.values())

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._events

    def stored(self, event_id: str) -> Event | None:
        return self._events.get(event_id)

    def put(self, event: Event) -> None:
        """Stores a version in place of the one before it, as the latest change."""
        self._events.pop(event.id, None)
        self._events[event.id] = event
        if event.recurring_event_id and "originalStartTime" in event.resource:
            siblings = self._exceptions.setdefault(event.recurring_event_id, {})
            siblings[event.original_suffix()] = event.id

    def forget(self, event_id: str) -> None:
        """Removes an event without a trace: no tombstone, no entry in any delta."""
        event = self._events.pop(event_id)
        if event.recurring_event_id:
            self._exceptions.get(event.recurring_event_id, {}).pop(event.original_suffix(), None)

    def remember(self, former: Event, until: int) -> None:
        versions = self.history.setdefault(former.id, [])
        versions.append(Former(former, until))
        for forgotten in versions[:-HISTORY_LENGTH]:
            self.history_from = max(self.history_from, forgotten.until)
        del versions[:-HISTORY_LENGTH]

    def since(self, number: int) -> list[Event]:
        """Every event changed after `number`, oldest change first."""
        found: list[Event] = []
        for event in reversed(self._events.values()):
            if event.number <= number:
                break
            found.append(event)
        found.reverse()
        return found

    def exceptions(self, master_id: str) -> dict[str, Event]:
        """The stored exceptions of a series by the suffix of their original start."""
        ids = self._exceptions.get(master_id, {})
        return {suffix: self._events[event_id] for suffix, event_id in ids.items()}

    def is_orphaned(self, event: Event) -> bool:
        """Whether the series of this exception has been deleted."""
        if not event.recurring_event_id:
            return False
        master = self._events.get(event.recurring_event_id)
        return master is not None and master.is_cancelled

    def as_seen(self, event: Event) -> Event:
        """The event as readers see it: an exception of a deleted series is cancelled with its series."""
        if event.is_cancelled or not self.is_orphaned(event):
            return event
        return Event({**event.resource, "status": "cancelled"}, event.number)

    def find(self, event_id: str, calendar_id: str, calendar_zone: str) -> Event | None:
        """A stored event, or the computed instance that an instance id names, or None."""
        return self._events.get(event_id) or self._computed(event_id, calendar_id, calendar_zone)

    def _computed(self, event_id: str, calendar_id: str, calendar_zone: str) -> Event | None:
        match = _INSTANCE_ID.match(event_id)
        master = self._events.get(match.group(1)) if match else None
        if not match or master is None or not master.is_series or master.is_cancelled:
            return None
        suffix = match.group(2)
        exception = self._exceptions.get(master.id, {}).get(suffix)
        if exception:
            return self._events[exception]
        for occurrence in master.occurrences(calendar_zone):
            if occurrence.suffix == suffix:
                return instance(master, occurrence, calendar_id, calendar_zone)
            if occurrence.suffix > suffix:
                return None
        return None
