import json
import subprocess
import sys
from pathlib import Path

from bench.mirror import differing, mirror_fingerprints
from bench.options import read_options
from bench.server import PROJECT, running_server

OPTIONS = read_options(["--calendars=2", "--events=20", "--changes=10"])


def test_an_outside_harness_gets_every_phase_and_a_right_mirror(tmp_path: Path) -> None:
    with running_server(OPTIONS) as server:
        expected = server.expected()
        (tmp_path / "calendars.txt").write_text(",".join(sorted(expected)))
        command = [sys.executable, str(PROJECT / "bench" / "stick_adapter.py"), server.base_url]
        environment = {"BENCH_WORKDIR": str(tmp_path), "BENCH_PHASES": "full,incremental,nochange"}
        ended = subprocess.run(
            [*command, f"@{tmp_path / 'calendars.txt'}"],
            capture_output=True,
            env=environment,
            cwd=tmp_path,
            check=True,
        )
        answer = json.loads(ended.stdout.splitlines()[-1])
    counted = {name: (phase["events"], phase["requests"]) for name, phase in answer["phases"].items()}
    assert counted == {"full": (40, 2), "incremental": (20, 2), "nochange": (0, 2)}
    assert answer["events"] == 40
    assert answer["store"]["kind"] == "sqlite"
    assert differing(mirror_fingerprints(answer["store"]["path"], answer["store"]["sql"]), expected) == []
