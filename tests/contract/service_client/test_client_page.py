"""The examples of README and of the page about the client run as they stand there, but for the address."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Person, Site, running_site
from tests.house.tree import ROOT

ALICE = "alice@example.com"
SERVICE = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"print\(.*# → (.*)$", re.MULTILINE)


@pytest.fixture
def person(google: RunningGoogle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """With push and the worker: what is edited comes back as a change."""
    with running_site(google, tmp_path, push=True, worker=True) as site:
        alice = site.person(ALICE)
        monkeypatch.setenv("CALFERRY_TOKEN", alice.token)
        plant(site)
        yield alice


def plant(site: Site) -> None:
    dinner = {"summary": "Dinner", "start": {"date": "2026-12-03"}, "end": {"date": "2026-12-04"}}
    site.google_client(ALICE).post(f"/calendars/{ALICE}/events", json=dinner).raise_for_status()


def run(program: str, person: Person) -> None:
    exec(compile(program.replace(SERVICE, person.site.url), "example", "exec"), {"__name__": "__main__"})


def test_the_examples_of_the_page_print_what_their_arrows_say(
    person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    program = "\n".join(BLOCK.findall((ROOT / "docs" / "client.md").read_text("utf-8")))
    run(program, person)
    expected = PRINTS.findall(program)
    assert len(expected) == program.count("print(")
    assert capsys.readouterr().out.splitlines() == expected


def test_the_twelve_lines_of_the_readme_sync_edit_and_follow(
    person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = [
        text for text in BLOCK.findall((ROOT / "README.md").read_text("utf-8")) if "calferry.Client" in text
    ]
    assert len([line for line in program.splitlines() if line]) <= 12
    endless = 'print(change.kind, change.event["summary"])'
    assert endless in program
    run(program.replace(endless, f"{endless}; break"), person)
    told = capsys.readouterr().out.splitlines()
    assert told[-1] == "created Ferry"
    assert any(line.startswith("Synced(") for line in told)
