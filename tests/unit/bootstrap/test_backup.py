"""A backup taken while the service runs, put in the place of the database."""

import sqlite3
from contextlib import closing
from pathlib import Path

from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Site, running_site, sync

ALICE = "alice@example.com"
DAY = {"start": {"date": "2026-03-01"}, "end": {"date": "2026-03-02"}}


def put(site: Site, event_id: str) -> None:
    body = {"id": event_id, "summary": event_id} | DAY
    assert site.google_client(ALICE).post(f"/calendars/{ALICE}/events", json=body).status_code == 200


def test_a_restored_backup_goes_on_where_it_was(google: RunningGoogle, tmp_path: Path) -> None:
    copy = tmp_path / "restored" / "calferry.sqlite3"
    copy.parent.mkdir()
    with running_site(google, tmp_path / "first") as site:
        alice = site.person()
        mine = alice.calendars[ALICE]
        put(site, "before0")
        sync(alice.http, mine)
        with (
            closing(sqlite3.connect(site.settings.database_path)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
        put(site, "after00")
        site.clock.advance(6)
        sync(alice.http, mine)
        newest = alice.http.get("/calendar/changes").json()["cursor"]
    with running_site(google, copy.parent) as restored:
        http = restored.client(alice.token)
        assert [item["id"] for item in http.get("/calendar/events").json()["items"]] == ["before0"]
        expired = http.get("/calendar/changes", params={"cursor": newest})
        assert (expired.status_code, expired.json()["code"]) == (410, "cursor_expired")
        restored.clock.advance(6)
        stream = sync(http, mine)
        assert ([event["id"] for event in stream.events()], stream.words()[-1]) == (["after00"], "complete")
        listed = [one for one in restored.google_requests() if one["api_method"] == "events.list"]
        assert "syncToken" in listed[-1]["query"]
