"""Three workers and two servers on one PostgreSQL, one of them killed every moment: the mirror is equal in the end."""

import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.harness.databases import new_database
from tests.system.editors import Editor, world
from tests.system.fleet import WATCHED, Chaos, Fleet, ask, execute
from tests.system.processes import Site
from tests.waiting import until

PEOPLE, CALENDARS, EVENTS = 2, 3, 60
POLLED = {"CALFERRY_POLL_WITH_PUSH_S": "6", "CALFERRY_POLL_WITHOUT_PUSH_S": "6"}
SETTLES_WITHIN_S = 90.0
NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"


@pytest.fixture
def google() -> Iterator[RunningGoogle]:
    with run_in_thread(seeds=[world(PEOPLE, CALENDARS, EVENTS)]) as running:
        yield running


@pytest.fixture
def fleet(google: RunningGoogle, tmp_path: Path, on_postgres: str) -> Fleet:
    database = new_database()
    execute(database, WATCHED)
    settings = {"CALFERRY_DATABASE_URL": database, **POLLED}
    return Fleet(Site(tmp_path, google.url, environment=settings), database)


def is_listening(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def mirror_everything(fleet: Fleet, google: RunningGoogle, emails: list[str]) -> None:
    until(lambda: is_listening(fleet.site.port), SETTLES_WITHIN_S, "a server that listens")
    tokens = {email: fleet.site.connect(email, google.tokens(email)["refresh_token"]) for email in emails}
    for token in tokens.values():
        for calendar in fleet.site.ask("GET", "/calendar/calendars", token)["calendars"]:
            fleet.site.ask("PATCH", f"/calendar/calendars/{calendar['id']}", token, {"selected": True})


def endure(fleet: Fleet, google: RunningGoogle, seed: int, rounds: int, every_s: float) -> None:
    """Chaos for so many rounds, then peace, and a look at everything."""
    dice = random.Random(seed)
    people = world(PEOPLE, CALENDARS, 0)["people"]
    emails = [person["email"] for person in people]
    editors = [
        Editor(google, person["email"], [c["id"] for c in person["calendars"]], random.Random(f"{seed} {n}"))
        for n, person in enumerate(people)
    ]
    with fleet.up():
        mirror_everything(fleet, google, emails)
        Chaos(google, fleet, editors, dice).reign(rounds, every_s)
        ended_ms = ask(fleet.database, NOW)[0]["now"]
        until(
            lambda: not fleet.unsettled(ended_ms), SETTLES_WITHIN_S, f"settled: {fleet.unsettled(ended_ms)}"
        )
        for email in emails:
            code, outcome, said = fleet.site.run("verify", email)
            assert code == 0, (seed, outcome, said)
            assert len(outcome["calendars"]) == CALENDARS
    for editor in editors:
        editor.close()
    assert fleet.kills == rounds
    assert sum(editor.edits for editor in editors) > rounds
    assert_nothing_ran_twice_at_once(fleet)


def assert_nothing_ran_twice_at_once(fleet: Fleet) -> None:
    """By a look of the database's own at every change of a lease."""
    assert ask(fleet.database, "SELECT * FROM lease_overlaps") == []
    taken = ask(
        fleet.database, "SELECT count(*) AS n, count(DISTINCT (id, fence)) AS distinct_n FROM takings"
    )
    assert taken[0]["n"] == taken[0]["distinct_n"] >= PEOPLE * CALENDARS


@pytest.mark.timeout(400)
def test_killing_and_cutting_off_loses_and_doubles_nothing(fleet: Fleet, google: RunningGoogle) -> None:
    endure(fleet, google, seed=1, rounds=10, every_s=1.2)


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(2, 8))
def test_killing_and_cutting_off_for_long_loses_and_doubles_nothing(
    fleet: Fleet, google: RunningGoogle, seed: int
) -> None:
    endure(fleet, google, seed, rounds=150, every_s=1.0)


def test_the_watch_sees_a_lease_that_is_taken_from_its_holder(fleet: Fleet) -> None:
    held = "lease_owner = 'one', lease_boot = 'b', lease_until = 99999999999999"
    execute(
        fleet.database,
        "INSERT INTO sync_states (id, user_id, account_id, kind, status) VALUES ('cal', 1, 'acc', 'events', 'idle');"
        f"UPDATE sync_states SET {held}, fence = 1; UPDATE sync_states SET lease_owner = 'two', fence = 2;",
    )
    assert len(ask(fleet.database, "SELECT * FROM lease_overlaps")) == 1
