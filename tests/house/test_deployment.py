"""What deploys calferry says what is so. No container is built here: these files are read, not run."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import typer.main
import yaml

from calferry.cli import app
from calferry.settings import REQUIRED_BY_SERVE, Settings, setting_name
from tests.house.tree import ROOT, read

COMPOSE: dict[str, Any] = yaml.safe_load(read(ROOT / "compose.yaml"))
CONTAINERFILE = read(ROOT / "Containerfile")
UNIT = read(ROOT / "deploy" / "calferry.service")
NAMES = {setting_name(field) for field in Settings.model_fields}
SERVICE = COMPOSE["services"]["calferry"]


def refuse_unknown_options(arguments: list[str]) -> None:
    """Parses a command line of ours as far as it can be without running it."""
    name, *options = arguments
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    command.make_context(name, options)


def test_compose_sets_what_the_service_needs_and_nothing_unknown() -> None:
    given = set(SERVICE["environment"])
    assert given <= NAMES
    assert {setting_name(field) for field in REQUIRED_BY_SERVE} <= given
    required = [name for name, value in SERVICE["environment"].items() if ":?" in value]
    assert {setting_name(field) for field in REQUIRED_BY_SERVE} <= set(required)


def test_compose_keeps_what_has_to_be_kept_in_named_volumes() -> None:
    mounted = {volume.partition(":")[0] for one in COMPOSE["services"].values() for volume in one["volumes"]}
    assert mounted == set(COMPOSE["volumes"])


def test_the_container_may_do_little() -> None:
    assert (SERVICE["read_only"], SERVICE["cap_drop"], SERVICE["user"]) == (True, ["ALL"], "10001")
    assert re.search(r"^USER 10001$", CONTAINERFILE, re.MULTILINE)
    assert all(port.startswith("127.0.0.1:") for port in SERVICE["ports"])


def test_both_services_say_how_they_are_and_the_first_waits_for_the_second() -> None:
    assert all(one["healthcheck"]["test"] for one in COMPOSE["services"].values())
    assert SERVICE["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert "/readyz" in SERVICE["healthcheck"]["test"][-1]
    assert int(SERVICE["stop_grace_period"].removesuffix("s")) > 10


def test_the_commands_of_container_and_unit_exist() -> None:
    command = re.search(r"^CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    assert command is not None
    refuse_unknown_options(yaml.safe_load(command[1]))
    (start,) = re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)
    program, *arguments = shlex.split(start)
    assert Path(program).name == "calferry"
    refuse_unknown_options(arguments)


def test_the_container_is_made_of_what_is_here() -> None:
    copied = [
        line.split()[1:-1]
        for line in CONTAINERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
    ]
    missing = [source for sources in copied for source in sources if not (ROOT / source).exists()]
    assert missing == []
    allowed = [line[1:] for line in read(ROOT / ".containerignore").splitlines() if line.startswith("!")]
    assert {source.partition("/")[0] for sources in copied for source in sources} == set(allowed)


def test_settings_in_the_unit_are_settings() -> None:
    assert set(re.findall(r"^Environment=(\w+)=", UNIT, re.MULTILINE)) <= NAMES


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    """With a program that is there in the place of ours. Where there is no systemd, its own word is not asked."""
    unit = tmp_path / "calferry.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('sh')}", UNIT, flags=re.MULTILINE))
    keys = re.findall(r"^(\w+)=", UNIT, re.MULTILINE)
    assert {"NoNewPrivileges", "ProtectSystem", "DynamicUser", "TimeoutStopSec"} <= set(keys)
    verifier = shutil.which("systemd-analyze")
    if verifier is not None:
        done = subprocess.run([verifier, "verify", str(unit)], capture_output=True, text=True, check=False)
        assert [line for line in done.stderr.splitlines() if "calferry.service" in line] == []
