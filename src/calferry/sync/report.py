"""What a run tells whoever asked for it."""

from dataclasses import dataclass
from typing import Literal

from calferry.core.failure import FailureInfo

Outcome = Literal["done", "incomplete", "held", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class Report:
    """`events`: items Google sent; `changes`: entries of the change log; `requests`: calls to Google; `covers`: the
    dirty number that a finished pass has made clean."""

    outcome: Outcome
    events: int = 0
    changes: int = 0
    pages: int = 0
    requests: int = 0
    error: FailureInfo | None = None
    covers: int | None = None
