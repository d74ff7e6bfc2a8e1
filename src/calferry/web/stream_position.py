"""What the id of a frame says: which request, and how far its reader has come."""

import re
from dataclasses import dataclass, replace

FRAME_ID = re.compile(
    r"(?P<request>[a-z]{1,8}_[a-z0-9]{1,40}):(?P<change>\d{1,18})\.(?P<events>\d{1,15})"
    r"\.(?P<synced>[0-9a-f]{1,5})\.(?P<failed>[0-9a-f]{1,5})(?:\.(?P<end>[ct]))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class StreamPosition:
    """`change` is the last change number dealt with; `synced` and `failed` are sets of calendars, as bits in the
    order of the request."""

    change: int
    events: int = 0
    synced: int = 0
    failed: int = 0
    end: str = ""
    """`c` after `complete`, `t` after the time was over."""

    @property
    def finished(self) -> int:
        return self.synced | self.failed

    def is_finished(self, index: int) -> bool:
        return bool(self.finished >> index & 1)

    def with_events(self, change: int, count: int) -> "StreamPosition":
        return replace(self, change=change, events=self.events + count)

    def with_synced(self, index: int) -> "StreamPosition":
        return replace(self, synced=self.synced | 1 << index)

    def with_failed(self, index: int) -> "StreamPosition":
        return replace(self, failed=self.failed | 1 << index)

    def ended(self, end: str) -> "StreamPosition":
        return replace(self, end=end)

    def frame_id(self, request_id: str) -> str:
        end = f".{self.end}" if self.end else ""
        return f"{request_id}:{self.change}.{self.events}.{self.synced:x}.{self.failed:x}{end}"

    def within(self, head: int, calendars: int) -> "StreamPosition":
        """The position as far as it can belong to a request that began at `head` with that many calendars."""
        known = (1 << calendars) - 1
        return replace(
            self,
            change=max(self.change, head),
            synced=self.synced & known,
            failed=self.failed & known & ~self.synced,
        )


def read_frame_id(text: str | None) -> tuple[str, StreamPosition] | None:
    """The request's id and the position; None for anything that is not an id of ours."""
    found = FRAME_ID.fullmatch(text) if text and len(text) <= 128 else None
    if found is None:
        return None
    position = StreamPosition(
        change=int(found["change"]),
        events=int(found["events"]),
        synced=int(found["synced"], 16),
        failed=int(found["failed"], 16),
        end=found["end"] or "",
    )
    return found["request"], position
