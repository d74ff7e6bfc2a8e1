"""The examples of the page about agents are true; what is missing is said in a sentence."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import mcp.client.stdio
import pytest
from typer.testing import CliRunner

from calferry.cli import app
from calferry.cli import mcp as mcp_command
from calferry.cli.agent_tools import AgentTools
from tests.contract.web.site import Person, sync
from tests.house.tree import ROOT

# Its client writes to the standard error that stands when it is imported, which has to be a file.
assert mcp.client.stdio
PAGE = (ROOT / "docs" / "agents.md").read_text("utf-8")
PRINTS = re.compile(r"print\(.*# → (.*)$", re.MULTILINE)


def block(kind: str) -> str:
    (found,) = re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_example_prints_what_its_arrows_say(
    alice: Person, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(alice.http, *alice.calendars.values())
    monkeypatch.setenv("CALFERRY_TOKEN", alice.token)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    program = block("python").replace("http://127.0.0.1:8000", alice.site.url)
    exec(compile(program, "example", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out.splitlines() == PRINTS.findall(program)
    assert program.count("print(") == 2


def test_the_configuration_names_a_command_and_the_variables_it_reads() -> None:
    server = json.loads(block("json"))["mcpServers"]["calferry"]
    assert (server["command"], server["args"]) == ("calferry", ["mcp"])
    shown = CliRunner().invoke(app, ["mcp", "--help"]).output
    assert [name for name in server["env"] if name not in shown] == []


def test_the_page_names_every_tool() -> None:
    tools = {name for name in vars(AgentTools) if not name.startswith("_")}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == tools


def test_without_a_token_the_command_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    ended = CliRunner().invoke(app, ["mcp"], env={"CALFERRY_TOKEN": None})
    assert (ended.exit_code, ended.stderr.strip()) == (3, mcp_command.TOKENLESS)


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_command, "find_spec", lambda _: None)
    with pytest.raises(mcp_command.CommandFailed, match=r"pip install 'calferry\[mcp\]'"):
        asyncio.run(mcp_command.serve("http://127.0.0.1:1", "token"))
