"""What `events.list` has to answer for a calendar, in few words and without a line of the local Google's code."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

WEEK_S = 7 * 86_400
Window = tuple[float, float]
ALWAYS: Window = (float("-inf"), float("inf"))
Told = dict[str, str | None]


@dataclass(frozen=True)
class Entry:
    """An event, a weekly series of `count`, or an exception of `parent`. `changed` is the number of its last write."""

    title: str
    start: int
    length: int
    live: bool = True
    count: int = 0
    parent: str = ""
    original: int = 0
    changed: int = 0

    def starts(self, window: Window = ALWAYS) -> set[int]:
        every = {self.start + number * WEEK_S for number in range(self.count or 1)}
        return {start for start in every if start < window[1] and start + self.length > window[0]}


def instance_id(series: str, start: int) -> str:
    return f"{series}_{datetime.fromtimestamp(start, UTC):%Y%m%dT%H%M%SZ}"


class ReferenceModel:
    """`writes` is what a sync token remembers. An answer maps ids to titles, and what is cancelled to None."""

    def __init__(self) -> None:
        self.writes = 0
        self.entries: dict[str, Entry] = {}
        self.past: list[tuple[int, str, set[int]]] = []

    def put(self, event_id: str, entry: Entry) -> None:
        self.writes += 1
        old = self.entries.get(event_id)
        if old and old.count and old.live:
            self.past.append((self.writes, event_id, old.starts()))
        self.entries[event_id] = replace(entry, changed=self.writes)
        if old and not old.live and entry.live:
            self.entries |= {
                key: replace(one, changed=self.writes)
                for key, one in self.entries.items()
                if one.parent == event_id
            }
        for key, one in list(self.entries.items()):
            if entry.live and one.parent == event_id and one.original not in entry.starts():
                del self.entries[key]

    def answer(self, expanded: bool, token: int | None, deleted: bool, window: Window = ALWAYS) -> Told:
        found: Told = {}
        for key, one in self.entries.items():
            above = self.entries.get(one.parent, one)
            if expanded and one.count:
                found |= self.instances(key, one, token, window)
                continue
            if token is not None:
                shown = one.changed > token or (expanded and above.live and above.changed > token)
            else:
                kept = deleted and (above.live or above is one) if expanded else deleted or above.live
                shown = bool(one.starts(window)) and ((one.live and above.live) or kept)
            if shown:
                found[key] = one.title if one.live and above.live else None
        return found

    def instances(self, series: str, one: Entry, token: int | None, window: Window) -> Told:
        now = one.starts() if one.live else set()
        then = [starts for at, key, starts in self.past if key == series and token is not None and at > token]
        found: Told = {instance_id(series, start): None for start in set[int]().union(*then) - now}
        moved = {other.original for other in self.entries.values() if other.parent == series}
        if token is None or one.changed > token:
            found |= {instance_id(series, start): one.title for start in now & one.starts(window) - moved}
        return found
