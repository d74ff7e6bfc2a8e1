"""`calferry listen` over the real service: what it shows, and what an endpoint on this machine is sent."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from calferry.cli import app
from calferry.cli import listen as listen_command
from calferry.client import Unreachable
from tests.contract.web.site import Person
from tests.house.tree import ROOT, read
from tests.system.processes import free_port

ALICE = "alice@example.com"
PAGE = read(ROOT / "docs" / "webhooks.md")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DAY = {"start": {"date": "2027-01-02"}, "end": {"date": "2027-01-03"}}
ONE_DAY_ON = {"start": {"date": "2027-01-03"}, "end": {"date": "2027-01-04"}}


class Endpoint(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers with `answer`."""

    taken: list[tuple[bytes, dict[str, str]]]
    answer = 204

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((body, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(self.answer)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[tuple[str, type[Endpoint]]]:
    handler = type("One", (Endpoint,), {"taken": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", handler
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def surroundings(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALFERRY_BASE_URL", alice.site.url)
    monkeypatch.setenv("CALFERRY_TOKEN", alice.token)


@pytest.fixture
def cursor(alice: Person) -> str:
    """Where the log is before an event is made, moved, renamed and deleted at Google; each is pulled by itself."""
    pull(alice)
    before: str = alice.http.get("/calendar/changes").json()["cursor"]
    google = alice.site.google_client(ALICE)
    path = f"/calendars/{ALICE}/events"
    made = google.post(path, json={"summary": "Ferry", **DAY}).json()["id"]
    pull(alice)
    google.patch(f"{path}/{made}", json=ONE_DAY_ON).raise_for_status()
    pull(alice)
    google.patch(f"{path}/{made}", json={"summary": "Boat"}).raise_for_status()
    pull(alice)
    google.delete(f"{path}/{made}").raise_for_status()
    pull(alice)
    return before


def pull(alice: Person) -> None:
    alice.site.clock.advance(6)
    alice.http.get("/calendar/sync", params={"calendar_ids": alice.calendars[ALICE]}).raise_for_status()


def listen(*arguments: str, code: int = 0) -> list[Any]:
    done = CliRunner().invoke(app, ["listen", *arguments, "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    return [json.loads(line) for line in done.stdout.splitlines()]


ALL_FOUR = ["event.created", "event.moved", "event.updated", "event.deleted"]


def test_every_change_arrives_in_order_and_verifies(
    cursor: str, endpoint: tuple[str, type[Endpoint]]
) -> None:
    url, handler = endpoint
    told = listen("--from", cursor, "--count", "4", "--forward-to", url, "--secret", SECRET)
    assert [one["type"] for one in told] == ALL_FOUR
    assert [one["answer"] for one in told] == [204] * 4
    messages = [Webhook(SECRET).verify(body, headers) for body, headers in handler.taken]
    assert [message["type"] for message in messages] == ALL_FOUR
    assert [message["data"]["change_id"] for message in messages] == [one["change_id"] for one in told]
    assert {message["data"]["event_id"] for message in messages} == {told[0]["event_id"]}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_bm90IHRoaXMgb25l").verify(*handler.taken[0])


def test_the_same_change_has_the_same_id_again(cursor: str, endpoint: tuple[str, type[Endpoint]]) -> None:
    url, handler = endpoint
    for _ in range(2):
        listen("--from", cursor, "--count", "1", "--forward-to", url)
    assert len({headers["webhook-id"] for _, headers in handler.taken}) == 1


def test_only_the_kinds_that_were_named_are_told(cursor: str) -> None:
    told = listen("--from", cursor, "--count", "2", "--kind", "event.moved", "--kind", "event.deleted")
    assert [one["type"] for one in told] == ["event.moved", "event.deleted"]
    assert {one["answer"] for one in told} == {None}


def test_a_redirect_is_not_followed_and_a_dead_endpoint_ends_nothing(
    cursor: str, endpoint: tuple[str, type[Endpoint]]
) -> None:
    url, handler = endpoint
    handler.answer = 302
    assert [one["answer"] for one in listen("--from", cursor, "--count", "2", "--forward-to", url)] == [
        302
    ] * 2
    nobody = f"http://127.0.0.1:{free_port()}/hook"
    told = listen("--from", cursor, "--count", "2", "--forward-to", nobody)
    assert len(told) == 2
    assert all("refused" in one["answer"] or "connect" in one["answer"] for one in told)


def test_people_see_a_line_for_each(cursor: str, endpoint: tuple[str, type[Endpoint]]) -> None:
    done = CliRunner().invoke(app, ["listen", "--from", cursor, "--count", "4", "--forward-to", endpoint[0]])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert [line.split()[2] for line in lines] == ALL_FOUR
    assert all(line.endswith("→ 204") for line in lines)
    assert "whsec_" in done.stderr


def test_the_page_shows_what_is_shown(cursor: str, endpoint: tuple[str, type[Endpoint]]) -> None:
    ((line, shown),) = re.findall(r"^\$ calferry (listen .*)\n((?:.+\n)+?)```", PAGE, re.MULTILINE)
    arguments = line.replace("http://127.0.0.1:3000/hook", endpoint[0]).split()
    done = CliRunner().invoke(app, [*arguments, "--from", cursor, "--kind", "event.moved", "--count", "1"])
    assert done.exit_code == 0, done.output
    assert masked(done.stderr + done.stdout) == masked(shown.replace("Tea", "Boat"))


def masked(lines: str) -> list[str]:
    """Without what is another one each time; columns stay where they are."""
    lines = re.sub(r"http://127\.0\.0\.1:\d+|(?<=change )\d+|whsec_\S+", "#", lines)
    lines = re.sub(r"^\S+Z +\d+", lambda when: "#" * len(when[0]), lines, flags=re.MULTILINE)
    return re.sub(r"(event\.moved +)\S+", r"\1#", lines).splitlines()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--kind", "event.exploded"), "event.created"),
        (("--forward-to", "localhost:3000"), "http://127.0.0.1:3000"),
        (("--secret", "hunter2"), "whsec_"),
        (("--secret", "whsec_"), "whsec_"),
        (("--secret", "whsec_ééé"), "whsec_"),
        (("--forward-to", "http://"), "http://127.0.0.1:3000"),
        (("--forward-to", "http://host:99999/"), "http://127.0.0.1:3000"),
        (("--from", "yesterday"), "number"),
        (("--from", "1\n2"), "number"),
        (("--from", ""), "number"),
    ],
)
def test_wrong_use_is_told_with_what_would_be_right(wrong: tuple[str, ...], told: str) -> None:
    done = CliRunner().invoke(app, ["listen", *wrong])
    assert done.exit_code == 2
    assert told in done.output


def test_a_cursor_that_the_log_does_not_reach_is_a_sentence(cursor: str) -> None:
    (said,) = listen("--from", "999999", "--count", "1", code=1)
    assert said["error"].startswith("The log does not go back to change 999999.")


def test_half_a_character_in_a_title_is_passed_on(
    alice: Person, cursor: str, endpoint: tuple[str, type[Endpoint]]
) -> None:
    url, handler = endpoint
    before = alice.http.get("/calendar/changes").json()["cursor"]
    body = b'{"summary": "half \\ud800", "start": {"date": "2027-01-02"}, "end": {"date": "2027-01-03"}}'
    made = alice.site.google_client(ALICE).post(f"/calendars/{ALICE}/events", content=body)
    made.raise_for_status()
    pull(alice)
    (told,) = listen("--from", before, "--count", "1", "--forward-to", url)
    assert (told["type"], told["answer"]) == ("event.created", 204)
    assert b"half \\ud800" in handler.taken[0][0]
    shown = CliRunner().invoke(app, ["events", "list", "--json"])
    assert json.loads(shown.stdout)["events"][-1]["summary"] == "half \ud800"
    assert CliRunner().invoke(app, ["events", "list"]).exit_code == 0


def test_a_title_neither_steers_the_terminal_nor_breaks_its_line(alice: Person, cursor: str) -> None:
    before = alice.http.get("/calendar/changes").json()["cursor"]
    title = "\x1b]0;owned\x07a\nb\u202etxt.exe :smile:"
    google = alice.site.google_client(ALICE)
    google.post(f"/calendars/{ALICE}/events", json={"summary": title, **DAY}).raise_for_status()
    pull(alice)
    for command in (["listen", "--from", before, "--count", "1"], ["events", "list", "--query", "owned"]):
        said = CliRunner().invoke(app, command).stdout
        assert not set(said) & {"\x1b", "\x07", "\u202e"}
        assert "owned" in said
        assert ":smile:" in said
        assert len(said.splitlines()) == (1 if command[0] == "listen" else 2)


def test_it_goes_on_when_the_service_was_away(
    cursor: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    follow, away = listen_command.Listener.follow, iter([True, True, False])

    async def interrupted(listener: listen_command.Listener) -> None:
        if next(away):
            raise Unreachable("the stream /calendar/stream was lost")
        await follow(listener)

    monkeypatch.setattr(listen_command.Listener, "follow", interrupted)
    done = CliRunner().invoke(app, ["listen", "--from", cursor, "--count", "4"])
    assert [line.split()[2] for line in done.stdout.splitlines()] == ALL_FOUR
    assert done.stderr.count(f"Trying again, from change {cursor} on.") == 2


def test_what_is_no_calferry_is_said_to_be_none(endpoint: tuple[str, type[Endpoint]]) -> None:
    done = CliRunner().invoke(app, ["listen", "--url", endpoint[0], "--json"])
    assert done.exit_code == 1
    assert "Traceback" not in done.output
