"""The loop of Google's own quickstart: google-api-python-client, json, sqlite3."""

import json
import sqlite3
from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build  # type: ignore[import-untyped]

from bench.contestants.plain_table import KEEP_TOKEN, ROWS, SCHEMA, split, sync_token, write
from bench.contestants.stopwatch import run_phases, task_from_arguments
from bench.task import Task


def connect(task: Task) -> Any:
    credentials = Credentials("bench")  # type: ignore[no-untyped-call]
    options = {"api_endpoint": f"{task.base_url}/calendar/v3/"}
    return build("calendar", "v3", credentials=credentials, cache_discovery=False, client_options=options)


def sync_calendar(service: Any, connection: sqlite3.Connection, calendar_id: str, page_size: int) -> int:
    events, asked = 0, {"calendarId": calendar_id, "maxResults": page_size}
    if token := sync_token(connection, calendar_id):
        asked["syncToken"] = token
    while True:
        page = service.events().list(**asked).execute()
        events += write(connection, *split(calendar_id, page.get("items", []), json.dumps))
        if "nextPageToken" not in page:
            connection.execute(KEEP_TOKEN, (calendar_id, page["nextSyncToken"]))
        connection.commit()
        if "nextPageToken" not in page:
            return events
        asked["pageToken"] = page["nextPageToken"]


def main() -> None:
    task = task_from_arguments()
    connection = sqlite3.connect(task.database)
    connection.executescript(SCHEMA)
    service = connect(task)

    def sync() -> int:
        return sum(sync_calendar(service, connection, key, task.page_size) for key in task.calendars)

    run_phases(task, sync, ROWS)


if __name__ == "__main__":
    main()
