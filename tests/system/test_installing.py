"""The lines of the pages that install calferry, find its command and start the service, as they stand there."""

import http.client
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from calferry.emulator.server import RunningGoogle
from tests.house.tree import ROOT, read
from tests.system.processes import DEADLINE_S, announced, free_port, stop, stop_all

README = read(ROOT / "README.md")
LOCAL_GOOGLE = read(ROOT / "docs" / "local-google.md")
GOOGLE_PROJECT = read(ROOT / "docs" / "google-project.md")
FROM_HERE = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_COMPILE": "1"}
"""pip fetches nothing. It reads the 0 as: build with what is installed."""


def blocks(page: str, beginning: str) -> list[str]:
    return re.findall(rf"^```\n({re.escape(beginning)}.*?)^```", page, re.MULTILINE | re.DOTALL)


def in_shell(lines: str, folder: Path, **environment: str) -> str:
    """What they print; a line that fails, fails the test."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", lines],
        env=os.environ | {"PATH": path} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_pip_installs_calferry_from_its_folder_with_its_command(tmp_path: Path) -> None:
    (block,) = blocks(LOCAL_GOOGLE, "pip install path/to/calferry")
    install, start = block.splitlines()
    (tmp_path / "path" / "to").mkdir(parents=True)
    (tmp_path / "path" / "to" / "calferry").symlink_to(ROOT)
    site = tmp_path / "site"
    in_shell(install, tmp_path, PIP_TARGET=str(site), **FROM_HERE)
    (entry_points,) = site.glob("calferry-*.dist-info/entry_points.txt")
    assert "[pytest11]" in read(entry_points)
    process = subprocess.Popen(
        [sys.executable, site / "bin" / start.split()[0], *start.split()[1:], "--port", "0", "--json"],
        env=os.environ | {"PYTHONPATH": str(site)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert announced(process)["url"].startswith("http://127.0.0.1:")
    finally:
        stop(process)


@pytest.mark.parametrize(
    "line",
    [*blocks(LOCAL_GOOGLE, "PATH="), *re.findall(r"^export PATH=.*$", README, re.MULTILINE)],
)
def test_the_shell_finds_the_command_of_a_checkout(line: str) -> None:
    found = in_shell(f"{line}\ncommand -v calferry", ROOT)
    assert found.strip() == str(ROOT / ".venv" / "bin" / "calferry")


def test_the_service_starts_over_the_local_google_as_the_page_says(
    google: RunningGoogle, tmp_path: Path
) -> None:
    (block,) = blocks(LOCAL_GOOGLE, "export CALFERRY_KEYS=")
    (redirect,) = blocks(GOOGLE_PROJECT, "http://127.0.0.1:8000/auth/")
    port = free_port()
    lines = block.replace("http://127.0.0.1:8001", google.url).replace(":8000", f":{port}")
    assert lines.endswith("\nmake serve\n")
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("CALFERRY_", "GOOGLE_"))
    }
    process = subprocess.Popen(
        ["bash", "-euc", f'{lines.rstrip()} ARGS="--port {port} --json"'],
        env=kept | {"CALFERRY_DATA": str(tmp_path)},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert announced(process)["base_url"] == f"http://127.0.0.1:{port}"
        consent = urlsplit(sent_to(port, "/auth/google/login"))
        assert f"{consent.scheme}://{consent.netloc}{consent.path}" == f"{google.url}/o/oauth2/v2/auth"
        asked = parse_qs(consent.query)
        assert asked["redirect_uri"] == [redirect.strip().replace(":8000", f":{port}")]
    finally:
        stop_all(process)


def sent_to(port: int, path: str) -> str:
    """Where an answer leads on to."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().headers["Location"]
    finally:
        connection.close()
