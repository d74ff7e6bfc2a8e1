"""`kill -9` at twenty random moments of a serving process, on both databases: each time the database is whole, and in the
end the mirror is equal."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.harness import databases
from tests.system import forked
from tests.system.editors import Editor, person, world
from tests.system.fleet import UNSETTLED, ask, execute
from tests.system.processes import DEADLINE_S, Site
from tests.waiting import until

pytestmark = databases.ON_BOTH

CALENDARS, EVENTS = 2, 40
POLLED = {"CALFERRY_POLL_WITH_PUSH_S": "3", "CALFERRY_POLL_WITHOUT_PUSH_S": "3"}
LIVES_S = (0.0, 0.6)
"""How long a process may live once it listens; every other is killed while it starts."""
STARTS_S = (0.1, 1.5)


class Victim:
    """The one site whose process is killed."""

    def __init__(self, folder: Path, google: RunningGoogle) -> None:
        self.database = databases.new_database() if databases.is_postgres() else ""
        address = {"CALFERRY_DATABASE_URL": self.database} if self.database else {}
        self.site = Site(folder, google.url, environment=POLLED | address)
        if self.database:
            execute(self.database, "CREATE EXTENSION IF NOT EXISTS amcheck")

    def start(self) -> Any:
        arguments = ["serve", "--port", str(self.site.port)]
        return forked.start(arguments, self.site.environment, self.site.folder / "serve.log")

    def assert_whole(self) -> None:
        if self.database:
            checked = (
                "SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
                "JOIN pg_am a ON a.oid = c.relam WHERE a.amname = 'btree' AND c.relpersistence = 'p' "
                "AND c.relnamespace = 'public'::regnamespace"
            )
            assert len(ask(self.database, checked)) > 30
        else:
            with closing(sqlite3.connect(self.site.database)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def unsettled(self, since_ms: int) -> list[Any]:
        if self.database:
            return ask(self.database, UNSETTLED, since_ms)
        return self.site.rows(UNSETTLED.replace("$1", "?"), since_ms)


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    with run_in_thread(seeds=[world(1, CALENDARS, EVENTS)]) as running:
        yield running


def suffer(folder: Path, google: RunningGoogle, seed: int, kills: int) -> None:
    victim, dice = Victim(folder, google), random.Random(seed)
    someone = person(0, CALENDARS, 0)
    email = someone["email"]
    token = victim.site.connect(email, google.tokens(email)["refresh_token"])
    editor = Editor(google, email, [c["id"] for c in someone["calendars"]], random.Random(seed + 1))
    process = victim.start()
    until(lambda: forked.listens(victim.site.port), DEADLINE_S, "the service listens")
    for calendar in victim.site.ask("GET", "/calendar/calendars", token)["calendars"]:
        victim.site.ask("PATCH", f"/calendar/calendars/{calendar['id']}", token, {"selected": True})
    pace = threading.Event()
    for number in range(kills):
        editor.edit()
        if number % 2:
            until(lambda: forked.listens(victim.site.port), DEADLINE_S, "the service listens")
        pace.wait(dice.uniform(*(LIVES_S if number % 2 else STARTS_S)))
        editor.edit()
        forked.kill(process)
        victim.assert_whole()
        process = victim.start()
    editor.close()
    until(lambda: forked.listens(victim.site.port), DEADLINE_S, "the service listens")
    until(lambda: not victim.unsettled(0), DEADLINE_S, "every calendar is up to date")
    code, outcome, said = victim.site.run("verify", email)
    forked.stop(process)
    assert code == 0, (seed, outcome, said)
    assert len(outcome["calendars"]) == CALENDARS
    victim.assert_whole()


@pytest.mark.timeout(400)
def test_twenty_kills_leave_the_database_whole_and_the_mirror_equal(
    google: RunningGoogle, tmp_path: Path
) -> None:
    suffer(tmp_path, google, seed=1, kills=20)


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_two_hundred_kills_leave_the_database_whole_and_the_mirror_equal(
    google: RunningGoogle, tmp_path: Path
) -> None:
    suffer(tmp_path, google, seed=2, kills=200)
