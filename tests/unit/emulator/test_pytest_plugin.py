"""The fixture `google` is there wherever calferry is installed, and costs nothing where nobody asks for it."""

import json
import subprocess
import sys
from pathlib import Path

PROJECT = """
import urllib.request

CALENDARS = "/calendar/v3/users/me/calendarList"


def calendars(google):
    token = google.tokens("alice@example.com")["access_token"]
    request = urllib.request.Request(google.url + CALENDARS, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode()


def test_changes_a_lot(google):
    google.control("seed", {"people": [{"email": "carol@example.com"}]})
    google.control("clock", {"advance_s": 86400})
    google.control("faults", {"faults": [{"method": "*", "action": "return-503", "times": 99}]})
    google.tokens("carol@example.com")


def test_finds_a_fresh_google(google):
    assert "carol" not in str(google.emulator.world.people)
    assert google.control("faults") == {"faults": []}
    assert google.control("requests") == {"requests": []}
    assert google.emulator.world.clock_offset_s == 0
    assert "alice@example.com" in calendars(google)


def test_has_one_of_its_own(google, request):
    assert google.url.startswith("http://127.0.0.1:")
    assert google.emulator.world.oauth.access_tokens == {}
"""
HEAVY = ("uvicorn", "cryptography", "joserfc", "icalendar", "dateutil", "isal", "calferry.emulator.app")
IMPORTED = f"""
import json, sys
import pytest
import calferry.emulator.pytest_plugin
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_project_that_installed_calferry_has_the_fixture_fresh_for_every_test(tmp_path: Path) -> None:
    (tmp_path / "test_calendars.py").write_text(PROJECT)
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)
    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_loads_nothing_before_the_fixture_is_asked_for(tmp_path: Path) -> None:
    done = run("-c", IMPORTED, folder=tmp_path)
    assert json.loads(done.stdout) == [], done.stderr
