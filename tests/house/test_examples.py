"""No block of a page is there without a test that runs it or holds it against what is printed."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

import pytest
import typer.main

from calferry.cli import app
from scripts.reference import commands
from tests.house.tree import ROOT, own_files, read, relative

PAGES = [
    path
    for path in own_files()
    if relative(path) == "README.md" or (path.suffix == ".md" and relative(path).startswith("docs/"))
]
GENERATED = "docs/reference/"
DRAWINGS = {"README.md Google"}
FENCED = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
COMMANDS = "tests/system/test_command_examples.py"
INSTALLING = "tests/system/test_installing.py"
DEMO = "tests/system/test_demo.py"
PAGE_EXAMPLES = "tests/system/test_page_examples.py"
DOCUMENTS = "tests/house/test_documents.py"
LISTEN = "tests/contract/service_client/test_listen_command.py"
AGENTS = "tests/contract/agents/test_agents_page.py"
CLIENT = "tests/contract/service_client/test_client_page.py"
LOCAL_GOOGLE = "tests/contract/emulator/test_page.py"
SQL = "tests/contract/web/test_sql.py"
EXAMPLES = "tests/house/test_examples.py"
INLINE = [(page, text) for page in PAGES for text in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", read(page))]
RUN_BY = {
    "README.md make": (DEMO, EXAMPLES),
    "README.md CALFERRY_KEYS": (PAGE_EXAMPLES,),
    "README.md export": (COMMANDS, INSTALLING),
    "README.md python": (DOCUMENTS, CLIENT),
    "docs/agents.md json": (AGENTS,),
    "docs/agents.md python": (AGENTS,),
    "docs/client.md python": (CLIENT,),
    "docs/command-line.md $": (COMMANDS,),
    "docs/editing.md curl": (PAGE_EXAMPLES,),
    "docs/editing.md python": ("tests/contract/web/test_editing_page.py",),
    "docs/feeds.md curl": (PAGE_EXAMPLES,),
    "docs/google-client.md python": ("tests/contract/google/test_client_page.py",),
    "docs/google-project.md CALFERRY_KEYS": (PAGE_EXAMPLES,),
    "docs/google-project.md http": (INSTALLING,),
    "docs/local-google.md PATH": (INSTALLING,),
    "docs/local-google.md calferry": (PAGE_EXAMPLES, "tests/unit/cli/test_trigger.py"),
    "docs/local-google.md curl": (PAGE_EXAMPLES,),
    "docs/local-google.md export": (INSTALLING,),
    "docs/local-google.md js": (LOCAL_GOOGLE,),
    "docs/local-google.md json": (DOCUMENTS, PAGE_EXAMPLES),
    "docs/local-google.md pip": (INSTALLING,),
    "docs/local-google.md python": (LOCAL_GOOGLE,),
    "docs/quickstart.md make": (DEMO,),
    "docs/quickstart.md the": (DEMO, PAGE_EXAMPLES),
    "docs/sql.md postgresql": (SQL,),
    "docs/sql.md postgresql setup": (SQL,),
    "docs/sql.md sql": (SQL,),
    "docs/sql.md sqlite": (SQL,),
    "docs/webhooks.md $": (LISTEN,),
    "docs/webhooks.md curl": (PAGE_EXAMPLES,),
    "docs/webhooks.md json": ("tests/unit/duties/test_deliver_webhooks.py",),
    "docs/webhooks.md python": ("tests/unit/core/test_subscription.py",),
}
"""What runs a page's blocks of one kind: of a language, or else of a first word."""


def blocks() -> Iterator[tuple[Path, str, str]]:
    for page in PAGES:
        if not relative(page).startswith(GENERATED):
            for _, language, text in FENCED.findall(read(page)):
                yield page, language, text


def kind(page: Path, language: str, text: str) -> str:
    return f"{relative(page)} {language or re.split('[ =:]', text.strip(), maxsplit=1)[0]}"


def test_every_block_of_a_page_is_run_by_a_test_and_every_entry_here_has_a_block() -> None:
    assert {kind(*block) for block in blocks()} - DRAWINGS == set(RUN_BY)


def test_the_tests_that_run_blocks_are_there_and_read_that_page() -> None:
    wrong = [
        (block, test)
        for block, tests in RUN_BY.items()
        for test in tests
        if not (ROOT / test).exists() or Path(block.split()[0]).name not in read(ROOT / test)
    ]
    assert wrong == []


def test_a_page_has_as_many_fences_as_blocks() -> None:
    uneven = [
        relative(page) for page in PAGES if read(page).count("```") != 2 * len(FENCED.findall(read(page)))
    ]
    assert uneven == []


def test_every_target_of_make_that_a_page_names_is_there() -> None:
    (targets,) = re.findall(r"^\.PHONY: (.*)$", read(ROOT / "Makefile"), re.MULTILINE)
    code = [*INLINE, *((page, text) for page, _, text in blocks())]
    named = [
        (relative(page), name)
        for page, text in code
        for name in re.findall(r"^make (\w+)", text, re.MULTILINE)
    ]
    assert len(named) >= 10
    assert [(page, name) for page, name in named if name not in targets.split()] == []


@pytest.mark.parametrize("line", sorted({text for _, text in INLINE if text.startswith("calferry ")}))
def test_a_command_that_a_sentence_names_is_there_with_its_options(line: str) -> None:
    group = typer.main.get_command(app)
    known = {"calferry": group, **dict(commands(group))}
    name = " ".join(takewhile(re.compile("[a-z]+").fullmatch, line.split()))
    assert [one for one in known if f"{one} ".startswith(f"{name} ")]
    options = set(re.findall(r" (--?[a-z-]+)", line)) - {"--help"}
    taken = {way for parameter in known[name].params for way in parameter.opts} if options else set()
    assert options <= taken


def test_a_module_that_a_sentence_runs_is_there() -> None:
    modules = {name for _, text in INLINE for name in re.findall(r"^python -m (\S+)", text)}
    assert len(modules) >= 4
    assert [name for name in sorted(modules) if find_spec(name) is None] == []
