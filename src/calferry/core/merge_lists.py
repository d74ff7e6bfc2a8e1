"""Lists of guests and of files, merged by entry and, within one entry, by field."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from calferry.core.event_fields import LISTS_BY_KEY
from calferry.core.event_json import Json
from calferry.core.event_values import by_key, says_entry, says_of_entry


@dataclass(slots=True)
class MergedList:
    """The whole list twice, which differ only where both sides changed the same to different ends."""

    theirs_first: list[Json] = field(default_factory=list)
    ours_first: list[Json] = field(default_factory=list)
    overlaps: bool = False

    def add(self, entry: Json | None, otherwise: Json | None) -> None:
        """An entry as it is if theirs prevails, and as it is if ours does; None for not at all."""
        self.theirs_first += [] if entry is None else [entry]
        self.ours_first += [] if otherwise is None else [otherwise]
        self.overlaps |= entry is not otherwise


def merged_list(name: str, base: Sequence[Json], ours: Sequence[Json], theirs: Sequence[Json]) -> MergedList:
    """Merge three versions of `attendees` or `attachments`, in our order, theirs' new entries last."""
    before, wanted, now = (by_key(name, list(entries)) for entries in (base, ours, theirs))
    merged = MergedList()
    for key in [*wanted, *(key for key in now if key not in wanted)]:
        merged.add(*merged_entry(before.get(key), wanted.get(key), now.get(key)))
    return merged


def merged_entry(
    before: Json | None, wanted: Json | None, now: Json | None
) -> tuple[Json | None, Json | None]:
    """As it is if theirs prevails, and if ours does: the same object wherever the two sides do not overlap."""
    if wanted is None:
        return removed_by_us(before, now)
    if now is None:
        return removed_by_them(before, wanted)
    return merged_fields(before or {}, wanted, now)


def removed_by_us(before: Json | None, now: Json | None) -> tuple[Json | None, Json | None]:
    """We only remove what we knew."""
    if before is None or now is None:
        return now, now
    is_unchanged = says_entry(now, before) and says_entry(before, now)
    return (None, None) if is_unchanged else (now, None)


def removed_by_them(before: Json | None, wanted: Json) -> tuple[Json | None, Json | None]:
    if before is None:
        return wanted, wanted
    return (None, None) if says_entry(before, wanted) else (None, wanted)


def merged_fields(before: Json, wanted: Json, now: Json) -> tuple[Json, Json]:
    """The entry as it is now, with the fields that we changed."""
    ours = [name for name in wanted if not says_of_entry(name, before, wanted)]
    left = [name for name in ours if not says_of_entry(name, now, wanted)]
    free = [name for name in left if says_of_entry(name, now, before) and name not in LISTS_BY_KEY.values()]
    settled = {**now, **{name: wanted[name] for name in free}}
    if len(free) == len(left):
        return settled, settled
    return settled, {**now, **{name: wanted[name] for name in left}}
