"""The mails that Google would send, kept instead of sent."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Mail:
    """`kind` is `invitation`, `update`, `cancellation`, `response` or `sharing`; `at` is unix seconds."""

    to: str
    kind: str
    calendar_id: str
    event_id: str
    at: float

    def resource(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class PostOffice:
    """Who would have got which mail, oldest first."""

    mails: deque[Mail] = field(default_factory=lambda: deque(maxlen=KEPT))

    def send(self, mail: Mail) -> None:
        self.mails.append(mail)
