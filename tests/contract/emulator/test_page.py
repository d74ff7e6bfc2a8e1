"""The examples on the page about the local Google run as they stand there, but for the port."""

import gc
import re

import pytest

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.checked import checked
from tests.contract.emulator.node import ROOT, run_node

PAGE = (ROOT / "docs" / "local-google.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8001"
BLOCK = re.compile(r"^```(python|js)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = "google-api-python-client"
GOES_ON_FROM = {
    PYTHON: [],
    "gcsa": [PYTHON],
    "gcal_sync": [],
    "aiogoogle": [],
    "google-auth with a service account": [],
}
NODE = "Node's googleapis"


def example(heading: str, language: str) -> str:
    """The only example under a heading."""
    section = PAGE.partition(f"\n{heading}\n")[2].partition("\n#")[0]
    [(found, text)] = BLOCK.findall(section)
    assert found == language
    return str(text)


def test_every_example_of_the_page_is_run() -> None:
    run = [example("## Pointing a client at it", "python"), example(f"### {NODE}", "js")]
    run += [example(f"### {heading}", "python") for heading in GOES_ON_FROM]
    assert sorted(text for _, text in BLOCK.findall(PAGE)) == sorted(run)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("heading", GOES_ON_FROM)
def test_an_example_in_python_prints_the_calendars(
    local_google: RunningGoogle, heading: str, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = [example("## Pointing a client at it", "python")]
    blocks += [example(f"### {each}", "python") for each in (*GOES_ON_FROM[heading], heading)]
    program = "\n".join(blocks).replace(ADDRESS, local_google.url)
    assert local_google.url in program
    names = {"__name__": "__main__"}
    exec(compile(program, heading, "exec"), names)
    names.clear()
    gc.collect()  # the examples leave closing to the end of the program
    assert capsys.readouterr().out.splitlines()[-1] == "['alice@example.com', 'Team']"
    assert checked(local_google).checked["calendarList.list 200"] == len(blocks) - 1


def test_the_example_for_node_prints_the_calendars(local_google: RunningGoogle) -> None:
    program = example(f"### {NODE}", "js").replace(ADDRESS, local_google.url)
    assert run_node("-", program=program).strip() == "[ 'alice@example.com', 'Team' ]"
    assert checked(local_google).checked["calendarList.list 200"] == 1
