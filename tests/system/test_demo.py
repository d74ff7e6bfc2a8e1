"""The demo as people start it."""

import json
import re
import signal
import subprocess
from pathlib import Path

from tests.house.tree import ROOT, read
from tests.system.processes import DEADLINE_S, stop_all

README = read(ROOT / "README.md")
QUICKSTART = read(ROOT / "docs" / "quickstart.md")
ANY_PORTS = "--port 0 --google-port 0"


def test_demo_once_ends_with_a_mirror_equal_to_google(tmp_path: Path) -> None:
    (options,) = set(re.findall(r'`make demo ARGS="(.*?)"`', README + QUICKSTART))
    done = subprocess.run(
        ["make", "demo", f"ARGS={options} {ANY_PORTS} --data '{tmp_path}'"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S * 2,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    outcome = json.loads(line)
    assert (outcome["calendars"], outcome["events"], outcome["converged"]) == (5, 400, True)
    assert outcome["changes"] > 0
    assert outcome["pushes"] > 0
    assert (tmp_path / "calferry-demo.sqlite3").exists()


def test_demo_prints_what_the_quickstart_shows_and_stays_up_until_it_is_told() -> None:
    command, shown = re.findall(r"^```\n(.*?)^```", QUICKSTART, re.MULTILINE | re.DOTALL)
    process = subprocess.Popen(
        [*command.split(), f"ARGS={ANY_PORTS} --calendars 1 --events 20"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    printed = ""
    try:
        assert process.stderr is not None
        for line in process.stderr:
            printed += line
            if "Ctrl-C ends the demo." in line:
                break
        assert process.poll() is None
    finally:
        stop_all(process, signal.SIGINT)
    assert masked(shown) in masked(printed)


def masked(text: str) -> str:
    """Without ports, tokens and the place of the database."""
    return re.sub(r"(?<=127\.0\.0\.1:)\d+|(?<=_TOKEN=)\S+|\S+(?=/calferry-demo)", "…", text)
