"""The examples on the page about editing run as they stand there, but for the ports, and print what they say."""

import gc
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from calferry.duties.flush_intents import flush_intents
from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import Site, sync
from tests.house.tree import ROOT

ALICE = "alice@example.com"
PAGE = (ROOT / "docs" / "editing.md").read_text("utf-8")
SERVICE, GOOGLE = "http://127.0.0.1:8000", "http://127.0.0.1:8001"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"print\(.*# → (.*)$", re.MULTILINE)
CODE = re.compile(r"^\| (\d{3}|Google's) \| ([^|]*) \|", re.MULTILINE)


@contextmanager
def sending(site: Site) -> Iterator[None]:
    """What the worker does about edits, and nothing else of what it does."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            site.run(lambda: flush_intents(site.engine))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join(30)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_examples_print_what_their_arrows_say(
    google: RunningGoogle, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    monkeypatch.setenv("CALFERRY_TOKEN", alice.token)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    program = "\n".join(BLOCK.findall(PAGE))
    here = program.replace(SERVICE, site.url).replace(GOOGLE, google.url)
    with sending(site):
        exec(compile(here, "editing.md", "exec"), names := {"__name__": "__main__"})
    names.clear()
    gc.collect()  # the examples leave closing to the end of the program
    expected = PRINTS.findall(program)
    assert len(expected) == program.count("print(")
    assert capsys.readouterr().out.splitlines() == expected


def test_the_page_names_every_route_of_edits(site: Site) -> None:
    document = site.client().get("/openapi.json").json()["paths"]
    routes = [
        f"`{method.upper()} {path}`"
        for path, methods in document.items()
        for method, operation in methods.items()
        if "event edits" in operation.get("tags", ())
    ]
    assert len(routes) >= 8
    assert [route for route in routes if route not in PAGE] == []


def test_the_page_names_every_refusal_of_an_edit() -> None:
    named = set(re.findall(r"`(\w+)`", " ".join(codes for _, codes in CODE.findall(PAGE))))
    folder = ROOT / "src" / "calferry"
    sources = [folder / "sync" / name for name in ("edit.py", "accept_edit.py")]
    sources += [folder / "core" / "write_rules.py"]
    sources += [folder / "web" / name for name in ("sent_edits.py", "intents.py", "conflicts.py")]
    text = "\n".join(source.read_text("utf-8") for source in sources)
    given = set(re.findall(r'(?:\(\s*\d{3},|Refusal\()\s*"(\w+)"', text))
    assert len(given) >= 15
    assert given - named - {"invalid_page_token"} == set()
