"""The lines that pages show beside those of the guide: requests with curl, and ways to start the local Google."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from calferry.emulator.server import run_in_thread
from calferry.settings import REQUIRED_BY_SERVE, setting_name
from calferry.vault import read_keys
from tests.house.tree import ROOT, read
from tests.system import forked
from tests.system.processes import Site, free_port
from tests.system.shell import shell
from tests.system.test_command_examples import ALICE

PAGES = {path.name: read(path) for path in sorted((ROOT / "docs").glob("*.md"))}
LOCAL_GOOGLE = PAGES["local-google.md"]
CURL = re.compile(r"^ *(curl (?:.*\\\n)*.*)$", re.MULTILINE)
STARTS = re.findall(r"^calferry (emulator(?! trigger).*?) *(?:#.*)?$", LOCAL_GOOGLE, re.MULTILINE)
HOLIDAYS = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


def here(line: str, site: Site, calendar_id: str) -> str:
    """As it stands on the page, but for addresses and the ids of one's own; an error status fails it."""
    changed = line.replace("curl ", "curl -sS --fail-with-body ", 1).replace("cal_…", calendar_id)
    changed = changed.replace("https://example.com/hooks", f"http://127.0.0.1:{free_port()}")
    for address in ("https://calendar.example.com", "http://127.0.0.1:8000"):
        changed = changed.replace(address, site.address)
    return changed.replace("http://127.0.0.1:8001", site.google)


def test_every_request_on_the_pages_is_answered(tmp_path: Path) -> None:
    listed = [(name, line) for name, text in PAGES.items() for line in CURL.findall(text)]
    with run_in_thread() as google:
        site = Site(tmp_path / "site", google.url, environment={"CALFERRY_ALLOW_PRIVATE_WEBHOOKS": "1"})
        token = site.connect(ALICE, google.tokens(ALICE)["refresh_token"])
        site.environment |= {"TOKEN": token, "CALFERRY_TOKEN": token}
        assert site.run("sync", ALICE)[0] == 0
        with site.serving():
            calendars = site.ask("GET", "/calendar/calendars", token)["calendars"]
            mine = next(one["id"] for one in calendars if one["primary"])
            code, printed, said = shell(site, tmp_path, [here(line, site, mine) for _, line in listed])
    assert code == 0, (printed[-1:], said)
    known = {
        (name, key) for (name, _), (_, text) in zip(listed, printed, strict=True) for key in json.loads(text)
    }
    assert known >= {
        ("editing.md", "summary"),
        ("feeds.md", "url"),
        ("local-google.md", "access_token"),
        ("local-google.md", "faults"),
        ("local-google.md", "requests"),
        ("quickstart.md", "items"),
        ("webhooks.md", "secret"),
    }


@pytest.mark.parametrize("line", STARTS)
def test_the_local_google_starts_as_the_page_says(line: str, tmp_path: Path) -> None:
    (seed,) = re.findall(r"^```json\n(.*?)^```", LOCAL_GOOGLE, re.MULTILINE | re.DOTALL)
    (tmp_path / "people.json").write_text(seed, "utf-8")
    (tmp_path / "holidays.ics").write_text(HOLIDAYS, "utf-8", newline="")
    arguments = line.split() if "--port" in line else [*line.split(), "--port", "0"]
    if "--json" not in arguments:
        arguments.append("--json")
    printed = tmp_path / "printed"
    process = forked.start(arguments, os.environ, tmp_path / "said", printed=printed)
    try:
        assert forked.announced(process, printed)["url"].startswith("http://127.0.0.1:")
    finally:
        forked.stop(process)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs" / "google-project.md"], ids=lambda page: page.stem
)
def test_the_file_of_settings_holds_what_the_service_needs(page: Path) -> None:
    (block,) = re.findall(r"^```\n(CALFERRY_KEYS=.*?)^```", read(page), re.MULTILINE | re.DOTALL)
    assert {line.partition("=")[0] for line in block.splitlines()} == {
        setting_name(field) for field in REQUIRED_BY_SERVE
    }
    (make_key,) = re.findall(r"# from: (.*)$", block, re.MULTILINE)
    made = subprocess.run(["bash", "-c", make_key], capture_output=True, text=True, check=True)
    assert len(read_keys(made.stdout.strip())) == 1
