"""The commands that pages show, in a shell, beside a service and a local Google that run."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from calferry.emulator.server import run_in_thread
from tests.house.tree import ROOT, read
from tests.system.processes import Site
from tests.system.shell import shell

ALICE = "alice@example.com"
GUIDE = re.findall(r"^\$ (.+)$", read(ROOT / "docs" / "command-line.md"), re.MULTILINE)
SYNCED = f"calferry sync {ALICE}"
(README,) = re.findall(r"^export PATH=.*\n((?:.+\n)+?)```", read(ROOT / "README.md"), re.MULTILINE)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Alice has connected, and the service runs."""
    with run_in_thread() as google:
        site = Site(tmp_path / "site", google.url)
        site.connect(ALICE, google.tokens(ALICE)["refresh_token"])
        with site.serving():
            yield site


def test_the_examples_of_the_guide_run_in_order(site: Site, tmp_path: Path) -> None:
    # A person types slowly. What is made and deleted before any run sees it is told to nobody, and here it is listened for.
    at = GUIDE.index(one("CURSOR=$("))
    lines = [*GUIDE[:at], SYNCED, *GUIDE[at:]]
    code, printed, said = shell(site, tmp_path, lines)
    last, text = printed[-1]
    assert code == 0, (last, text, said)
    assert len(printed) == len(lines) > len(GUIDE) >= 24
    shown = dict(printed)
    assert "Ferry to Bern" in shown[one("events list --from")]
    assert '"location": "Track 3"' in shown[one("events show")]
    listed = shown[one("events list --instances")]
    assert (listed.count("Stand-up"), listed.count("Shorter stand-up")) == (2, 3)
    assert "event.deleted" in shown[one("calferry listen")]
    assert "equal" in shown[one("verify")] + said


def one(words: str) -> str:
    """The line of the guide with these words."""
    (line,) = (line for line in GUIDE if words in line)
    return line


def test_the_first_commands_of_the_readme_run_as_they_stand(site: Site, tmp_path: Path) -> None:
    lines = README.replace("you@example.com", ALICE).replace("http://127.0.0.1:8000", site.address)
    code, printed, said = shell(site, tmp_path, with_calendar(lines).splitlines())
    assert code == 0, (printed, said)
    answers = [text for line, text in printed if line.startswith("curl")]
    assert len(answers) == 3
    assert '"google_id"' in answers[0]
    assert "event: complete" in answers[1]
    assert '"cursor"' in answers[2]


def with_calendar(lines: str) -> str:
    """`cal_…` stands for an id that the line before has shown."""
    (listing,) = re.findall(r"^curl .*/calendar/calendars$", lines, re.MULTILINE)
    return lines.replace("cal_…", f"$({listing} | grep -o 'cal_[a-z0-9]*' | head -n 1)")
