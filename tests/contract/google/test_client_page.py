"""The examples on the page about the client run as they stand there, but for the port, and print what they say."""

import ast
import gc
import inspect
import re
from pathlib import Path
from types import FunctionType

import pytest

from calferry import google
from calferry.emulator.server import run_in_thread
from calferry.google.calls import Request
from tests.contract.google.test_inventory import REQUESTS

PAGE = (Path(__file__).parents[3] / "docs" / "google-client.md").read_text("utf-8")
ADDRESS = "http://127.0.0.1:8001"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"print\(.*# → (.*)$", re.MULTILINE)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_the_examples_print_what_their_arrows_say(capsys: pytest.CaptureFixture[str]) -> None:
    program = "\n".join(BLOCK.findall(PAGE))
    with run_in_thread(auto=True) as local_google:
        here = program.replace(ADDRESS, local_google.url)
        assert here != program
        code = compile(here, "google-client.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert code.co_flags & inspect.CO_COROUTINE
        await FunctionType(code, {"__name__": "__main__"})()
    gc.collect()  # the examples leave closing to the end of the program
    expected = PRINTS.findall(program)
    assert len(expected) == program.count("print(")
    assert capsys.readouterr().out.splitlines() == expected


def test_the_page_names_every_request() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE.partition("## Every method")[2].partition("\n## ")[0]))
    requests = {type(request).__name__ for request in REQUESTS}
    assert requests <= named
    assert all(hasattr(google, name) for name in named)


def test_a_request_is_anything_that_asks_and_reads() -> None:
    asked: list[Request[object]] = list(REQUESTS)
    assert all(callable(request.read) for request in asked)
