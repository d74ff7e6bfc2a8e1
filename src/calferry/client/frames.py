"""Reading server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

LINE_END = re.compile(rb"\r\n|\n|\r(?!$)")


@dataclass(frozen=True, slots=True)
class Frame:
    event: str
    data: str


@dataclass(slots=True)
class FrameReader:
    """Takes bytes as they come; `last_id` is where to go on after a lost connection."""

    last_id: str | None = None
    """Of the last frame that was whole: one that was cut off comes again."""
    coming_id: str | None = None
    rest: bytes = b""
    event: str = ""
    data: list[str] = field(default_factory=list)

    def feed(self, received: bytes) -> Iterator[Frame]:
        """The frames that are complete by now."""
        *lines, self.rest = LINE_END.split(self.rest + received)
        for line in lines:
            if line:
                self.take(line.decode("utf-8", "replace"))
                continue
            self.last_id = self.coming_id or self.last_id
            whole = Frame(self.event or "message", "\n".join(self.data)) if self.data else None
            self.event, self.data = "", []
            if whole is not None:
                yield whole

    def take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self.data.append(value)
        elif name == "event":
            self.event = value
        elif name == "id" and "\0" not in value:
            self.coming_id = value

    def begin_again(self) -> None:
        """A new connection: what was half received will come again."""
        self.rest, self.event, self.data, self.coming_id = b"", "", [], None
