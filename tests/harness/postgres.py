"""A PostgreSQL of our own for tests: its own data, its own port, gone with the process that it was started for.

`python -m tests.harness.postgres PID FILE` leaves one running until that process ends; the file tells its address.
"""

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import until

ROOT = Path(__file__).parents[2]
PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/bin")
ORDINARY_USER = "postgres"
READY_WITHIN_S = 60.0
ONE_DAY_S = 86_400.0
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "log_min_messages": "warning",
}


def programs() -> Path:
    """Where the newest server's programs are. Raises `FileNotFoundError`."""
    found = [path for place in PLACES for path in Path("/").glob(place) if (path / "initdb").exists()]
    if not found:
        raise FileNotFoundError("PostgreSQL's initdb is not installed: run scripts/setup dev")
    return max(found, key=lambda path: [int(part) for part in path.parts if part.isdecimal()])


def ordinary_user() -> str | None:
    """The server refuses to run as root; it then runs as the user that came with its package."""
    return ORDINARY_USER if os.geteuid() == 0 else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(folder: Path | None = None) -> Iterator[str]:
    """A running server with its files below `folder`; the address of its superuser, without the name of a database at its end."""
    place = Path(tempfile.mkdtemp(prefix="calferry-postgres-", dir=folder))
    user = ordinary_user()
    if user is not None:
        owner = pwd.getpwnam(user)
        os.chown(place, owner.pw_uid, owner.pw_gid)
    data, port = place / "data", free_port()
    made = [
        programs() / "initdb",
        "-D",
        data,
        "-U",
        "calferry",
        "--auth=trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run(made, check=True, capture_output=True, user=user, cwd=place)
    options = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
    with (place / "log").open("wb") as log:
        started = [programs() / "postgres", "-D", data, "-k", place, "-p", str(port), *options]
        process = subprocess.Popen(
            started, stdout=log, stderr=log, user=user, cwd=place, start_new_session=True
        )
    try:
        await_ready(process, port, place)
        yield f"postgresql://calferry@127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(place, ignore_errors=True)


def await_ready(process: subprocess.Popen[bytes], port: int, place: Path) -> None:
    ask = [programs() / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]

    def is_ready() -> bool:
        assert process.poll() is None, (place / "log").read_text()[-2000:]
        return subprocess.run(ask, check=False).returncode == 0

    until(is_ready, READY_WITHIN_S, "PostgreSQL is ready")


def address_for(folder: Path, pid: int) -> str:
    """The address of the one server that all processes of a test run share; the first to ask has it started."""
    noted = folder / "postgres"
    with (folder / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not noted.exists():
            keeper = [sys.executable, "-m", "tests.harness.postgres", str(pid), str(noted)]
            subprocess.run(keeper, cwd=ROOT, check=True)
            until(noted.exists, READY_WITHIN_S, "PostgreSQL has told its address")
    return noted.read_text()


def keep_until_end_of(pid: int, noted: Path) -> None:
    with server() as address:
        new = noted.with_suffix(".new")
        new.write_text(address)
        new.rename(noted)
        until(lambda: not is_running(pid), ONE_DAY_S, "the test run has ended")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    if os.fork() > 0:
        sys.exit()
    os.setsid()
    keep_until_end_of(int(sys.argv[1]), Path(sys.argv[2]))
