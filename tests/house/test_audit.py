"""The audit of pinned packages fails on a bad pin, and says so where it could not look."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from scripts.audit import main
from tests.house.tree import ROOT, read

BAD = f"jinja2==2.4.1 --hash=sha256:{'0' * 64}\n"
GOOD = f"idna==3.20 --hash=sha256:{'0' * 64}\n"
KNOWN = {
    "id": "KNOWN-2014-1",
    "summary": "made up for this test",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.7.2"}]}],
        }
    ],
}


class Knows(BaseHTTPRequestHandler):
    """A service that knows one vulnerability."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {"vulns": [KNOWN]} if asked["package"]["name"] == "jinja2" else {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Knows) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "pins.txt"


def test_a_pin_with_a_known_vulnerability_fails(
    service: str, pins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pins.write_text(GOOD + BAD)
    assert main(["--service", service, str(pins)]) == 1
    assert "jinja2 2.4.1 has KNOWN-2014-1; cured by 2.7.2" in capsys.readouterr().err


def test_pins_without_one_pass(service: str, pins: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pins.write_text(GOOD)
    assert main(["--service", service, str(pins)]) == 0
    assert "1 packages, no known vulnerability" in capsys.readouterr().err


def test_a_pin_without_a_hash_fails(service: str, pins: Path) -> None:
    pins.write_text("idna==3.20\n")
    assert main(["--service", service, str(pins)]) == 1


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--required"], 1)])
def test_a_service_out_of_reach_is_said_and_fails_where_an_audit_is_required(
    pins: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: int
) -> None:
    pins.write_text(BAD)
    assert main([*options, "--service", "http://127.0.0.1:9/v1/query", str(pins)]) == code
    assert "NOT DONE" in capsys.readouterr().err


def test_the_checks_include_the_audit() -> None:
    assert "check python -m scripts.audit" in read(ROOT / "scripts" / "check")
