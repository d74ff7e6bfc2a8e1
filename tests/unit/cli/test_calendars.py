"""Commands about single calendars."""

from tests.unit.cli.conftest import Installation

ALICE = "alice@example.com"
TEAM = "alice-team@group.calendar.google.com"


def health(installation: Installation) -> dict[str, str]:
    rows = installation.outcome("status")["calendars"]
    return {row["google_id"]: row["health"] for row in rows}


def test_mirrored_calendars_are_paused_and_resumed(installation: Installation) -> None:
    installation.connect()
    installation.outcome("sync", ALICE)
    paused = installation.outcome("calendars", "pause", ALICE)["calendars"]
    assert sorted((row["google_id"], row["changed"]) for row in paused) == [(TEAM, True), (ALICE, True)]
    assert set(health(installation).values()) == {"halted"}
    refused = installation.outcome("sync", ALICE, code=1)
    assert {row["error"]["code"] for row in refused["calendars"]} == {"409"}
    assert "resume" in installation.run("sync", ALICE).stderr
    installation.outcome("calendars", "resume", ALICE)
    assert installation.outcome("sync", ALICE)["events"] == 0
    assert set(health(installation).values()) == {"ok"}


def test_one_calendar_may_be_named(installation: Installation) -> None:
    installation.connect()
    installation.outcome("sync", ALICE)
    installation.outcome("calendars", "pause", ALICE, "--calendar", TEAM)
    assert health(installation) == {ALICE: "ok", TEAM: "halted"}
    again = installation.run("calendars", "pause", ALICE, "--calendar", TEAM)
    assert (again.exit_code, "as it was" in again.stdout) == (0, True)
    unknown = installation.run("calendars", "pause", ALICE, "--calendar", "cal_nowhere")
    assert (unknown.exit_code, "cal_nowhere" in unknown.stderr) == (1, True)


def test_nothing_mirrored_is_said(installation: Installation) -> None:
    installation.connect()
    assert "--calendar" in installation.run("calendars", "pause", ALICE).stdout
    assert installation.outcome("calendars", "pause", ALICE) == {"calendars": []}


def test_the_mode_is_changed_and_listed_anew_by_the_next_sync(installation: Installation) -> None:
    installation.connect()
    installation.outcome("sync", ALICE)
    (changed,) = installation.outcome("calendars", "mode", ALICE, "instances", "--calendar", "primary")[
        "calendars"
    ]
    assert (changed["google_id"], changed["changed"]) == (ALICE, True)
    (synced,) = installation.outcome("sync", ALICE, "--calendar", ALICE)["calendars"]
    assert synced["outcome"] == "done"
    assert installation.google is not None
    asked = [one for one in installation.google.control("requests")["requests"] if "/events" in one["path"]]
    assert "singleEvents" in str(asked[-1]["query"])


def test_a_mode_that_does_not_exist_is_refused(installation: Installation) -> None:
    assert installation.run("calendars", "mode", ALICE, "yearly").exit_code == 2


def test_a_calendar_that_is_not_selected_never_runs_and_says_so(installation: Installation) -> None:
    installation.connect()
    done = installation.run("calendars", "mode", ALICE, "instances", "--calendar", TEAM)
    assert "not selected" in done.stdout
    assert "now" not in installation.run("status").stdout
    assert {row["next_due_at"] for row in installation.outcome("status")["calendars"]} == {None}
    assert set(health(installation).values()) == {"not_selected"}
