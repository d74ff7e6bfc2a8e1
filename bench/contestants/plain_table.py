"""The table that the plain loops fill: a few columns and the event's JSON."""

import sqlite3
from collections.abc import Iterable
from typing import Any

SCHEMA = """
CREATE TABLE events (calendar_id TEXT NOT NULL, id TEXT NOT NULL, etag TEXT, status TEXT, summary TEXT, start TEXT,
  "end" TEXT, updated TEXT, raw TEXT, PRIMARY KEY (calendar_id, id));
CREATE TABLE sync_tokens (calendar_id TEXT PRIMARY KEY, token TEXT NOT NULL);
"""
UPSERT = "INSERT OR REPLACE INTO events VALUES (?,?,?,?,?,?,?,?,?)"
DELETE = "DELETE FROM events WHERE calendar_id = ? AND id = ?"
KEEP_TOKEN = "INSERT OR REPLACE INTO sync_tokens VALUES (?,?)"
ROWS = "SELECT calendar_id, id, summary FROM events"

Row = tuple[str | None, ...]


def moment(value: dict[str, Any] | None) -> str | None:
    return (value.get("dateTime") or value.get("date")) if value else None


def split(
    calendar_id: str, items: Iterable[dict[str, Any]], dump: Any
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Return the rows to write and the keys to delete; `dump` turns an event into text again."""
    rows: list[Row] = []
    gone = []
    for item in items:
        if item["status"] == "cancelled":
            gone.append((calendar_id, item["id"]))
            continue
        times = moment(item.get("start")), moment(item.get("end"))
        head = calendar_id, item["id"], item.get("etag"), item["status"], item.get("summary")
        rows.append((*head, *times, item.get("updated"), dump(item)))
    return rows, gone


def write(connection: sqlite3.Connection, rows: list[Row], gone: list[tuple[str, str]]) -> int:
    connection.executemany(UPSERT, rows)
    connection.executemany(DELETE, gone)
    return len(rows) + len(gone)


def sync_token(connection: sqlite3.Connection, calendar_id: str) -> str | None:
    found = connection.execute(
        "SELECT token FROM sync_tokens WHERE calendar_id = ?", (calendar_id,)
    ).fetchone()
    return found[0] if found else None
