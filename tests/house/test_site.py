"""The site of the documentation: it builds, every link in it leads somewhere, and it loads nothing from elsewhere."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.house.tree import ROOT

LINK = re.compile(r'\b(href|src)="([^"]+)"')
ANCHOR = re.compile(r'\bid="([^"]+)"')


def test_the_site_builds_and_every_link_in_it_leads_somewhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "properdocs", "--quiet", "build", "--strict", "--no-directory-urls"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = [page for page in tmp_path.rglob("*.html") if page.name != "404.html"]
    links = [(page, *found) for page in pages for found in LINK.findall(page.read_text("utf-8"))]
    assert [link for link in links if not leads_somewhere(*link)] == []
    assert {kind for _, kind, target in links if "://" in target} == {"href"}
    assert (len(pages), len(links)) > (60, 1_000)


@cache
def anchors(page: Path) -> frozenset[str]:
    return frozenset(ANCHOR.findall(page.read_text("utf-8")))


def leads_somewhere(page: Path, _: str, target: str) -> bool:
    if "://" in target or target.startswith(("mailto:", "data:")) or target == "#":
        return True
    name, _, anchor = target.partition("#")
    path = (page.parent / name).resolve() if name else page
    return path.is_file() and (not anchor or anchor in anchors(path))
