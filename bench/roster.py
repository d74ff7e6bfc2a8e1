"""Who takes part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contestant:
    """`module` is a program of bench.contestants; `arguments` follow the task."""

    name: str
    label: str
    module: str
    arguments: tuple[str, ...] = ()


BARE_WAL = "bare-wal"
ROSTER = (
    Contestant("calferry", "calferry's engine on SQLite, everything on", "calferry_engine"),
    Contestant("google-client", "google-api-python-client loop, json, sqlite3", "google_client"),
    Contestant("httpx-loop", "httpx + orjson + sqlite3 WAL, 5 calendars at once", "httpx_loop"),
    Contestant(BARE_WAL, "bare limit: msgspec slices, SQLite WAL, commit a page", "bare_limit", ("wal",)),
    Contestant("bare-unsafe", "bare limit: one transaction, no journal", "bare_limit", ("unsafe",)),
)
NAMES = tuple(contestant.name for contestant in ROSTER)
