"""What a contestant is asked and what it answers; both travel as one JSON line."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

PHASES = ("full", "changes", "unchanged")


@dataclass(frozen=True, slots=True)
class Task:
    """`base_url` is Google's root, before /calendar/v3; `calendars` are Google's ids."""

    base_url: str
    calendars: list[str]
    directory: str
    phases: list[str] = field(default_factory=lambda: list(PHASES))
    page_size: int = 2500
    postgres: str = ""
    """The address of an empty database for contestants on PostgreSQL, the others have none."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Task":
        return cls(**json.loads(text))

    @property
    def database(self) -> Path:
        return Path(self.directory) / "mirror.sqlite3"

    @property
    def database_url(self) -> str:
        return self.postgres or f"sqlite:///{self.database}"


@dataclass(frozen=True, slots=True)
class Phase:
    """CPU counts every thread and child of the contestant; the peak is the highest so far."""

    events: int
    seconds: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """`rows` is the query for (calendar, event id, summary) of the live events in `database`, an address."""

    phases: dict[str, Phase]
    database: str
    rows: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Outcome":
        fields = json.loads(text)
        phases = {name: Phase(**phase) for name, phase in fields.pop("phases").items()}
        return cls(phases=phases, **fields)
