"""Series whose other rows a delta leaves in doubt.

Google does not send every exception again when a master is removed, revived, or moved in time, so the rows of
such a series are compared with one listing of its UID (or, where Google expands, with its instances).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from calferry.core.model import ObservedEvent, StoredEvent, UnreadableItem


@dataclass(frozen=True, slots=True)
class Doubt:
    """A series to be listed by itself."""

    series_id: str
    ical_uid: str | None


@dataclass(frozen=True, slots=True)
class SeriesTruth:
    """What Google lists for one series now."""

    series_id: str
    items: Sequence[ObservedEvent]
    unreadable: Sequence[UnreadableItem] = ()
    """What the listing held besides: it is there, though nobody can say how."""
    in_pieces: bool = False
    """Master and exceptions may be of different moments."""

    @property
    def ids(self) -> frozenset[str | None]:
        """Of everything listed; None stands for what has no readable id."""
        named = (item.event_id for item in self.items)
        return frozenset([*named, *(item.event_id for item in self.unreadable)])


def still_there(items: Iterable[ObservedEvent], truths: Iterable[SeriesTruth]) -> list[ObservedEvent]:
    """Items of a page without the exceptions that their series, listed after it, no longer has.

    The next delta brings the master as it is stored by then, and so no doubt about them.
    """
    listed = {truth.series_id: truth.ids for truth in truths}
    return [
        item
        for item in items
        if item.status == "cancelled"
        or (ids := listed.get(item.series_id or "")) is None
        or ids.intersection((item.event_id, None))
    ]


def doubtful_masters(
    items: Iterable[ObservedEvent],
    masters: Mapping[str, StoredEvent],
    children: Mapping[str, Sequence[StoredEvent]],
    *,
    in_pieces: bool = False,
) -> list[Doubt]:
    """Masters of a delta after which stored exceptions may be wrong.

    `masters` are the rows of the items' ids, `children` the stored exceptions by series id. While one asks for page
    after page, Google shows the newest version of what is on later ones: a master may be stored as it is now beside
    exceptions as they were, so on a later page, and in the first delta after such a pass, the rows prove nothing
    (`in_pieces`).
    """
    doubts: dict[str, Doubt] = {}
    for item in items:
        own, row = children.get(item.event_id), masters.get(item.event_id)
        if item.series_id is None and own and (in_pieces or is_upset(item, row)):
            doubts[item.event_id] = Doubt(item.event_id, uid_of(item, row, own))
    return list(doubts.values())


def unreadable_masters(
    ids: Iterable[str], children: Mapping[str, Sequence[StoredEvent]], items: Iterable[ObservedEvent]
) -> list[Doubt]:
    """Masters of which nobody can say how they have changed. Those whose UID neither their rows nor the page's other
    `items` tell cannot be listed."""
    told = {item.series_id: item.i_cal_uid for item in items if item.i_cal_uid}
    found = [(key, uid_of(None, None, own) or told.get(key)) for key in ids if (own := children.get(key))]
    return [Doubt(key, uid) for key, uid in found if uid]


def doubtful_instances(items: Iterable[ObservedEvent], far: Mapping[str, str]) -> list[Doubt]:
    """Series of a delta that may have lost instances unmentioned: Google only cancels some months ahead.

    Those of which it cancels an instance, and those of which it mentions some, but not all that lie `far` ahead
    (stored ids, each with its series).
    """
    by_id = {item.event_id: item for item in items if item.series_id}
    ids = {item.series_id for item in by_id.values() if item.status == "cancelled"}
    ids |= {series_id for event_id, series_id in far.items() if event_id not in by_id}
    return [Doubt(str(series_id), None) for series_id in sorted(ids, key=str)]


def series_of(items: Iterable[ObservedEvent]) -> set[str]:
    """Ids that are series now, as a listing of expanded events shows by a living instance."""
    living = (item.series_id for item in items if item.status != "cancelled")
    return {series_id for series_id in living if series_id is not None}


def is_upset(item: ObservedEvent, row: StoredEvent | None) -> bool:
    if row is None:
        return True
    if (item.status == "cancelled") != (row.status == "cancelled"):
        return True
    return item.status != "cancelled" and rhythm_of(item.raw) != rhythm_of(row.raw)


def rhythm_of(raw: str | bytes) -> tuple[Any, ...]:
    """Start, zone and recurrence, which decide when the occurrences are, and the number of their changes."""
    try:
        parsed = msgspec.json.decode(raw, type=Rhythm)
    except msgspec.DecodeError:
        return (raw,)
    return (parsed.start, parsed.recurrence, parsed.sequence)


class Rhythm(msgspec.Struct, frozen=True):
    """The part of an event that moves every occurrence of it; `sequence` tells of moves there and back."""

    start: Any = None
    recurrence: Any = None
    sequence: Any = None


def uid_of(
    item: ObservedEvent | None, row: StoredEvent | None, children: Sequence[StoredEvent]
) -> str | None:
    known = [
        item.i_cal_uid if item else None,
        row.ical_uid if row else None,
        *(child.ical_uid for child in children),
    ]
    return next((uid for uid in known if uid), None)
