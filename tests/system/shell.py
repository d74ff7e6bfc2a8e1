"""Lines as a person types them, in a shell whose `calferry` starts as a copy of one that has imported everything."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread

from tests.system import forked
from tests.system.processes import DEADLINE_S, Site

CALFERRY = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = [os.getpid(), os.getcwd(), dict(os.environ), sys.argv[1:]]
    server.sendall(json.dumps(asked).encode() + b"\\n")
    sys.exit(int(server.recv(16)))
"""


class Typed(StreamRequestHandler):
    """One command: it has the folder, the environment and the standard streams of whoever asks, who gets its exit code."""

    def handle(self) -> None:
        process_id, folder, environment, arguments = json.loads(self.rfile.readline())
        typed, printed, said = (Path(f"/proc/{process_id}/fd/{number}") for number in range(3))
        process = forked.start(
            arguments, environment, said, folder=Path(folder), printed=printed, typed=typed
        )
        self.wfile.write(str(forked.ended(process, DEADLINE_S)).encode())


@contextmanager
def calferry_in(folder: Path) -> Iterator[Path]:
    """A folder for PATH, with the command in it, until the block ends."""
    place = folder / "bin"
    place.mkdir()
    address = str(place / "socket")
    with ThreadingUnixStreamServer(address, Typed) as server:
        (place / "calferry").write_text(CALFERRY.format(python=sys.executable, address=address), "utf-8")
        (place / "calferry").chmod(0o700)
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield place
        finally:
            server.shutdown()
            thread.join()


def shell(site: Site, folder: Path, lines: list[str]) -> tuple[int, list[tuple[str, str]], str]:
    """Run lines until one fails: the exit code, each line with what it printed, and what was said."""
    script = folder / "lines.sh"
    marked = [f"printf '\\n=== {number}\\n'\n{line}" for number, line in enumerate(lines)]
    script.write_text("\n".join(["set -euo pipefail", *marked]), "utf-8")
    with calferry_in(folder) as place:
        done = subprocess.run(
            ["bash", str(script)],
            env=site.environment | {"PATH": f"{place}{os.pathsep}{site.environment['PATH']}"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=4 * DEADLINE_S,
            check=False,
        )
    parts = re.split(r"^=== (\d+)\n", done.stdout, flags=re.MULTILINE)[1:]
    printed = list(zip([lines[int(number)] for number in parts[::2]], parts[1::2], strict=True))
    return done.returncode, printed, done.stderr
