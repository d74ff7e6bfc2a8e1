"""`calferry emulator trigger`: what it makes happen at a running local Google."""

import re
from collections import Counter
from typing import Any

import pytest

from calferry.cli import trigger as trigger_command
from calferry.emulator.server import RunningGoogle
from calferry.emulator.wire import Request
from tests.house.tree import ROOT, read
from tests.system.processes import free_port
from tests.unit.cli.conftest import Installation
from tests.unit.cli.test_commands import ALICE, TEAM

PAGE = read(ROOT / "docs" / "local-google.md")


def trigger(installation: Installation, *arguments: str, code: int = 0) -> Any:
    return installation.outcome("emulator", "trigger", *arguments, code=code)


def google_of(installation: Installation) -> RunningGoogle:
    assert installation.google is not None
    return installation.google


def listed(google: RunningGoogle, calendar: str = ALICE) -> int:
    headers = {"Authorization": f"Bearer {google.tokens(ALICE)['access_token']}"}
    return google.handle(Request.of("GET", f"/calendar/v3/calendars/{calendar}/events", headers)).status


def test_random_edits_are_made_in_the_named_calendar(installation: Installation) -> None:
    done = trigger(installation, "edits", "--count", "30", "--calendar", TEAM)["edits"]
    assert len(done) == 30
    assert {edit["calendar_id"] for edit in done} == {TEAM}
    assert len(Counter(edit["kind"] for edit in done)) >= 5
    known = google_of(installation).emulator.world.calendars[TEAM].shelf
    assert all(known.stored(edit["event_id"].partition("_")[0]) for edit in done)


def test_many_edits_leave_room_for_other_requests(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[int] = []
    asked = trigger_command.asked

    async def counted(google: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        counts.append(body["count"])
        return await asked(google, name, body)

    monkeypatch.setattr(trigger_command, "asked", counted)
    assert len(trigger(installation, "edits", "--count", "45")["edits"]) == 45
    assert counts == [20, 20, 5]


def test_people_are_told_how_many_of_which(installation: Installation) -> None:
    said = installation.run("emulator", "trigger", "edits", "--count", "2").stdout
    assert re.fullmatch(r"Edited: \d x .+\.\n", said), said


def test_a_dead_sync_token_is_410(installation: Installation) -> None:
    installation.connect()
    installation.outcome("sync", ALICE, "--calendar", "primary")
    trigger(installation, "edits", "--calendar", ALICE)
    assert trigger(installation, "expire-sync-tokens", "--calendar", ALICE) == {"calendars": [ALICE]}
    installation.outcome("sync", ALICE, "--calendar", "primary")
    statuses = [request["status"] for request in google_of(installation).control("requests")["requests"]]
    assert 410 in statuses


def test_a_fault_strikes_as_often_as_ordered(installation: Installation) -> None:
    google = google_of(installation)
    trigger(installation, "fault", "events.list", "return-503", "--times", "2", "--calendar", TEAM)
    assert [listed(google), *(listed(google, TEAM) for _ in range(3))] == [200, 503, 503, 200]


def test_a_revoked_person_signs_in_again(installation: Installation) -> None:
    installation.connect()
    trigger(installation, "revoke", ALICE)
    installation.outcome("sync", ALICE, code=4)


def test_the_clock_quota_and_push_are_set_and_reset_ends_it_all(installation: Installation) -> None:
    world = google_of(installation).emulator.world
    assert trigger(installation, "push", "drop", "--times", "3") == {"mode": "drop"}
    assert (world.channels.weather.mode, world.channels.weather.times) == ("drop", 3)
    trigger(installation, "push", "delay", "--times", "0", "--delay-s", "2.5")
    assert (world.channels.weather.delay_s, world.channels.weather.times) == (2.5, None)
    trigger(installation, "clock", "3600")
    assert world.clock_offset_s == 3600
    assert trigger(installation, "quota", "--per-minute", "1")["per_minute"] == 1
    assert [listed(google_of(installation)) for _ in range(2)] == [200, 403]
    trigger(installation, "reset")
    assert [listed(google_of(installation)) for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("revoke", "nobody@example.com"), "alice@example.com"),
        (("edits", "--calendar", "none"), TEAM),
        (("fault", "events.list", "return-503", "--calendar", "none"), TEAM),
        (("fault", "events.list", "explode"), "return-<status>"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(
    installation: Installation, arguments: tuple[str, ...], told: str
) -> None:
    error = trigger(installation, *arguments, code=1)["error"]
    assert error.startswith("The local Google refuses: ")
    assert told in error


def test_where_nobody_listens_it_is_said_how_to_start_one(bare: Installation) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    error = trigger(bare, "edits", "--google", address, code=1)["error"]
    assert error.startswith(f"No local Google at {address}: ")
    assert "`calferry emulator` starts one" in error


def test_the_examples_on_the_page_run(installation: Installation) -> None:
    lines = re.findall(r"^calferry (emulator trigger .*)$", PAGE, re.MULTILINE)
    assert len(lines) >= 7
    for line in lines:
        assert installation.outcome(*line.split()) is not None


def test_what_is_no_local_google_is_said_to_be_none(installation: Installation) -> None:
    url = google_of(installation).url
    assert (
        "is no local Google"
        in trigger(installation, "edits", "--google", f"{url}/calendar/v3", code=1)["error"]
    )


@pytest.mark.parametrize(
    "command",
    [
        ("emulator", "trigger", "edits", "--google"),
        ("listen", "--forward-to"),
        ("listen", "--url"),
        ("events", "list", "primary", "--url"),
    ],
)
@pytest.mark.parametrize(
    "address", ["127.0.0.1:9", "ftp://127.0.0.1/", "http://", "http://[::1", "http://a:99999", "http://a:0"]
)
def test_an_address_that_is_not_whole_is_refused_in_the_same_words(
    bare: Installation, command: tuple[str, ...], address: str
) -> None:
    done = bare.run(*command, address)
    assert done.exit_code == 2
    said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.output).split())
    assert f"Invalid value for '{command[-1]}'" in said
    assert f"{address} is no whole address: give it as http://127.0.0.1:" in said


def test_options_of_the_command_that_runs_one_are_refused_before_trigger(installation: Installation) -> None:
    done = installation.run("emulator", "--port", "9001", "trigger", "reset")
    assert done.exit_code == 2
    assert "--google" in done.output
