"""What set-up says on machines that lack something. Everything it could call is replaced by a stub."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.tree import ROOT, read

SCRIPTS = sorted(
    path
    for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run"]
    if path.suffix != ".py" and path.is_file()
)
LOGS = 'echo "$(basename "$0") $*" >>"$STUB_LOG"\n'
BORROWED = ("bash", "basename", "cat", "cksum", "cp", "dirname", "env", "flock", "mkdir", "rm")

PYTHON_WITHOUT_ENSUREPIP = """
case "$*" in
    *version_info\\ *) exit 0 ;;
    *'"%d.%d"'*) echo 3.11 ;;
    *ensurepip*) exit 1 ;;
esac
"""
PYTHON = """
case "$*" in
    *'"%d.%d"'*) echo 3.11 ;;
    *realpath*) echo "$STUB_PREFIX" ;;
esac
"""
OLD_PYTHON = 'case "$*" in *version_info*) exit 1 ;; *--version*) echo "Python 3.9.2" ;; esac\n'


class Machine:
    """A copy of the project's set-up on a machine that has only the commands it is given."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.bin = folder / "bin"
        self.log = folder / "log"
        self.log.touch()
        self.bin.mkdir()
        for part in ("scripts", "requirements", "tests/node"):
            shutil.copytree(ROOT / part, self.project / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", self.project)
        for name in BORROWED:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)

    def has(self, command: str, script: str = "") -> None:
        path = self.bin / command
        path.write_text(f"#!{shutil.which('bash')}\n{LOGS}{script}")
        path.chmod(0o755)

    def has_python_packages(self) -> None:
        """A virtual environment with everything in it, so that only Node's part is left to do."""
        made = self.project / ".venv" / "bin"
        made.mkdir(parents=True)
        self.has("python3", PYTHON)
        for name in ("python", "calferry"):
            shutil.copy(self.bin / "python3", made / name)

    def set_up(self, level: str = "runtime", **environment: str) -> subprocess.CompletedProcess[str]:
        prefix = self.project.resolve() / ".venv"
        return subprocess.run(
            [str(self.project / "scripts" / "setup"), level],
            env={
                "PATH": str(self.bin),
                "STUB_LOG": str(self.log),
                "STUB_PREFIX": str(prefix),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, command: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.startswith(f"{command} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_ensurepip_or_root_it_names_the_package_and_the_line_to_type(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_ENSUREPIP)
    machine.has("apt-get")
    machine.has("id", "echo 1000\n")
    machine.has("sudo", "exit 1\n")
    done = machine.set_up()
    assert done.returncode == 3
    assert "sudo apt-get install --yes python3.11-venv" in done.stderr
    assert done.stdout == ""
    assert machine.calls("apt-get") == []


def test_root_installs_the_missing_package(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_ENSUREPIP)
    machine.has("apt-get")
    machine.has("id", "echo 0\n")
    machine.set_up()
    assert [call.split()[1] for call in machine.calls("apt-get")] == ["update", "install"]
    assert machine.calls("apt-get")[1].endswith("python3.11-venv")


def test_a_package_that_cannot_be_installed_ends_the_set_up(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_ENSUREPIP)
    machine.has("apt-get", "exit 100\n")
    machine.has("id", "echo 0\n")
    machine.has("true")
    done = machine.set_up()
    assert done.returncode == 3
    assert "python3.11-venv could not be installed" in done.stderr


def test_sudo_without_a_password_installs_the_missing_package(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_ENSUREPIP)
    machine.has("apt-get")
    machine.has("id", "echo 1000\n")
    machine.has("sudo", 'shift; "$@"\n')
    machine.has("true")
    machine.set_up()
    assert [call.split()[1] for call in machine.calls("apt-get")] == ["update", "install"]


def test_an_old_python_is_named_with_what_is_needed(machine: Machine) -> None:
    machine.has("python3", OLD_PYTHON)
    done = machine.set_up()
    assert done.returncode == 3
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "found: Python 3.9.2" in done.stderr


def test_a_chosen_python_that_is_too_old_is_refused(machine: Machine) -> None:
    machine.has("python3", PYTHON_WITHOUT_ENSUREPIP)
    machine.has("python3.9", OLD_PYTHON)
    done = machine.set_up(PYTHON="python3.9")
    assert done.returncode == 3
    assert "PYTHON=python3.9 is not" in done.stderr


def test_the_packages_of_node_are_installed_once_and_for_developing_only(machine: Machine) -> None:
    machine.has_python_packages()
    machine.has("node", "echo v18.20.4\n")
    machine.has("npm")
    assert machine.set_up("runtime").returncode == 0
    assert machine.calls("npm") == []
    for _ in range(2):
        done = machine.set_up("dev")
        assert done.returncode == 0, done.stderr
    [call] = machine.calls("npm")
    assert "--ignore-scripts" in call
    assert "--no-package-lock" in call
    machine.has("node", "echo v22.1.0\n")
    machine.set_up("dev")
    assert len(machine.calls("npm")) == 2


def test_without_node_or_root_it_names_the_packages_and_the_line_to_type(machine: Machine) -> None:
    machine.has_python_packages()
    machine.has("apt-get")
    machine.has("id", "echo 1000\n")
    machine.has("sudo", "exit 1\n")
    done = machine.set_up("dev")
    assert done.returncode == 3
    assert "sudo apt-get install --yes nodejs npm" in done.stderr


def test_an_old_node_is_named_with_what_is_needed(machine: Machine) -> None:
    machine.has_python_packages()
    machine.has("node", "echo v12.22.9\n")
    machine.has("npm")
    done = machine.set_up("dev")
    assert done.returncode == 3
    assert "Node 18 or newer; found: v12.22.9" in done.stderr


def test_packages_of_node_that_cannot_be_installed_end_the_set_up(machine: Machine) -> None:
    machine.has_python_packages()
    machine.has("node", "echo v20.1.0\n")
    machine.has("npm", "echo no way there\nexit 1\n")
    for _ in range(2):
        done = machine.set_up("dev")
        assert done.returncode == 1
        assert "no way there" in done.stderr
        assert "Node's packages for the tests could not be installed" in done.stderr


def test_packages_of_node_are_wanted_in_exact_versions() -> None:
    wanted = json.loads(read(ROOT / "tests" / "node" / "package.json"))["dependencies"]
    assert {name: version for name, version in wanted.items() if not re.fullmatch(r"[\d.]+", version)} == {}
    assert "package-lock.json" in read(ROOT / ".gitignore").splitlines()


def test_it_refuses_an_unknown_level(machine: Machine) -> None:
    done = subprocess.run(
        [str(ROOT / "scripts" / "setup"), "everything"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "runtime or dev" in done.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_executable_and_say_how_they_are_used(script: Path) -> None:
    text = script.read_text()
    assert os.access(script, os.X_OK)
    assert text.startswith(("#!/usr/bin/env bash\n# ", '#!/usr/bin/env python3\n"""'))


@pytest.mark.parametrize(
    "script", [s for s in SCRIPTS if "bash" in s.read_text()[:40]], ids=lambda path: path.name
)
def test_shell_scripts_parse(script: Path) -> None:
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_make_prints_nothing_of_its_own_on_stdout() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert ".SILENT:" in makefile
    assert "$(MAKE)" not in makefile
