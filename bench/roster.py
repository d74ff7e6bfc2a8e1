"""Who takes part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contestant:
    """`module` is a program of bench.contestants; `arguments` follow the task."""

    name: str
    label: str
    module: str
    arguments: tuple[str, ...] = ()
    on_postgres: bool = False


BARE_WAL = "bare-wal"
BARE_COPY = "bare-copy"
ROSTER = (
    Contestant("calferry", "calferry's engine on SQLite, everything on", "calferry_engine"),
    Contestant("google-client", "google-api-python-client loop, json, sqlite3", "google_client"),
    Contestant("httpx-loop", "httpx + orjson + sqlite3 WAL, 5 calendars at once", "httpx_loop"),
    Contestant(BARE_WAL, "bare limit: msgspec slices, SQLite WAL, commit a page", "bare_limit", ("wal",)),
    Contestant("bare-unsafe", "bare limit: one transaction, no journal", "bare_limit", ("unsafe",)),
    Contestant("calferry-postgres", "calferry's engine on PostgreSQL", "calferry_engine", on_postgres=True),
    Contestant(BARE_COPY, "bare limit: COPY, its key, commit a page", "bare_copy", on_postgres=True),
)
NAMES = tuple(contestant.name for contestant in ROSTER)
