"""Webhooks from end to end: somebody's endpoint is told what happens at Google."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import select
from standardwebhooks import Webhook

from calferry.emulator.server import RunningGoogle
from calferry.store.subscriptions import PER_USER_MAX, SECRETS_MAX
from calferry.store.tables import subscription_secrets
from tests.contract.web.site import Person, Site, running_site, sync
from tests.waiting import until

ALICE = "alice@example.com"
TIMES = {"start": {"dateTime": "2027-03-01T09:00:00Z"}, "end": {"dateTime": "2027-03-01T10:00:00Z"}}
LATER = {"start": {"dateTime": "2027-03-02T09:00:00Z"}, "end": {"dateTime": "2027-03-02T10:00:00Z"}}
PLACE = "/calendar/subscriptions"


@dataclass
class Receiver:
    """Takes everything, or answers as it is told."""

    url: str = ""
    answers: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def of(self, kind: str) -> list[Any]:
        return [message for message in (json.loads(body) for _, body in self.got) if message["type"] == kind]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.answers)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


def test_an_endpoint_is_told_what_happens_at_google(google: RunningGoogle, tmp_path: Path) -> None:
    settings = {"push": True, "worker": True, "allow_private_webhooks": True}
    with running_site(google, tmp_path, **settings) as site, receiving() as receiver:
        alice = site.person(ALICE)
        sync(alice.http, alice.calendars[ALICE])
        made = alice.http.post(PLACE, json={"url": receiver.url, "name": "mine"})
        assert made.status_code == 201, made.text
        hook = f"{PLACE}/{made.json()['id']}"
        events = f"/calendars/{ALICE}/events"
        google_client = site.google_client(ALICE)
        for event_id in ("moves000", "changes0", "goes0000"):
            new = {"id": event_id, "summary": "Tea", **TIMES}
            google_client.post(events, json=new).raise_for_status()
        until(lambda: len(receiver.of("event.created")) == 3)
        google_client.patch(f"{events}/moves000", json=LATER).raise_for_status()
        google_client.patch(f"{events}/changes0", json={"summary": "Cake"}).raise_for_status()
        google_client.delete(f"{events}/goes0000").raise_for_status()
        until(
            lambda: (
                receiver.of("event.moved") and receiver.of("event.updated") and receiver.of("event.deleted")
            )
        )
        assert receiver.of("event.updated")[0]["data"]["event"]["summary"] == "Cake"
        for headers, body in receiver.got:
            Webhook(made.json()["secret"]).verify(body, headers)
            assert headers["content-type"] == "application/json"
        check_log(alice, hook, receiver)
        check_failing(site, alice, hook, receiver)
        assert alice.http.delete(hook).status_code == 204
        assert alice.http.get(hook).status_code == alice.http.get(f"{hook}/deliveries").status_code == 404
        assert site.read(lambda conn: conn.execute(select(subscription_secrets)).all()) == []


def check_log(alice: Person, hook: str, receiver: Receiver) -> None:
    until(lambda: not listed(alice, hook, status="pending"))
    log = listed(alice, hook)
    assert {(row["status"], row["attempts"], row["answer"], row["error"]) for row in log} == {
        ("delivered", 1, 204, None)
    }
    assert len(log) == 6
    deleted = next(row["id"] for row in log if row["kind"] == "event.deleted")
    first = alice.http.get(f"{hook}/deliveries", params={"maxResults": 1}).json()
    following = {"pageToken": first["nextPageToken"], "maxResults": 1}
    assert alice.http.get(f"{hook}/deliveries", params=following).json()["deliveries"] == [log[1]]
    sent_again = alice.http.post(f"{hook}/deliveries/{deleted}/replay")
    assert (sent_again.status_code, sent_again.json()["status"]) == (202, "pending")
    until(lambda: len(receiver.of("event.deleted")) == 2)
    assert [headers["webhook-id"] for headers, _ in receiver.got].count(deleted) == 2


def check_failing(site: Site, alice: Person, hook: str, receiver: Receiver) -> None:
    """It answers 410, is left alone, and is told again when its owner says so; a new secret beside the old one."""
    fresh = alice.http.post(f"{hook}/secrets", json={}).json()
    old = alice.http.get(hook).json()["secrets"][1]
    assert old["expires_at"] is not None
    receiver.answers = 410
    assert alice.http.post(f"{hook}/test").status_code == 202
    until(lambda: alice.http.get(hook).json()["status"] == "failing")
    assert alice.http.get(hook).json()["last_error"] == "answered 410"
    receiver.answers = 204
    assert alice.http.patch(hook, json={"status": "active"}).json()["status"] == "active"
    until(lambda: len(receiver.of("test")) == 2)
    headers, body = receiver.got[-1]
    assert len(headers["webhook-signature"].split()) == 2
    Webhook(fresh["secret"]).verify(body, headers)
    assert alice.http.delete(f"{hook}/secrets/{old['id']}").status_code == 204
    assert alice.http.delete(f"{hook}/secrets/{old['id']}").status_code == 404
    assert alice.http.delete(f"{hook}/secrets/{fresh['id']}").json()["code"] == "last_secret"
    metrics = site.run(site.app.state.service.render_metrics).decode()
    assert 'calferry_webhook_deliveries_total{outcome="refused"} 1.0' in metrics
    assert 'calferry_subscriptions{status="active"} 1.0' in metrics


def listed(alice: Person, hook: str, **query: str) -> list[Any]:
    answer = alice.http.get(f"{hook}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    rows: list[Any] = answer.json()["deliveries"]
    return rows


def test_what_will_not_do_is_refused_in_words(site: Site, alice: Person) -> None:
    for url in ("http://example.com/", "https://127.0.0.1/", "https://localhost/", "https://[::ffff:10.0.0.1]/",
                "https://169.254.169.254/latest/meta-data", "file:///etc/passwd", "https://u:p@example.com/"):  # fmt: skip
        answer = alice.http.post(PLACE, json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_url"), url
        assert answer.json()["detail"].startswith("The address ")
    public = {"url": "https://8.8.8.8/hook"}
    for body in (
        {},
        {"url": 7},
        {**public, "kinds": []},
        {**public, "kinds": ["event.exploded"]},
        {**public, "x": 1},
    ):
        assert alice.http.post(PLACE, json=body).status_code == 400, body
    made = [alice.http.post(PLACE, json={**public, "kinds": ["event.moved"]}) for _ in range(PER_USER_MAX)]
    hook = f"{PLACE}/{made[0].json()['id']}"
    assert {answer.status_code for answer in made} == {201}
    assert made[0].json()["kinds"] == ["event.moved"]
    assert alice.http.post(PLACE, json=public).json()["code"] == "too_many_subscriptions"
    assert "secret" not in alice.http.get(PLACE).json()["subscriptions"][0]
    assert alice.http.patch(hook, json={}).status_code == 400
    assert alice.http.patch(hook, json={"url": "https://10.0.0.1/"}).json()["code"] == "invalid_url"
    paused = alice.http.patch(hook, json={"status": "paused", "name": "Nights", "kinds": ["sync.stale"]})
    assert (paused.json()["status"], paused.json()["name"], paused.json()["kinds"]) == (
        "paused",
        "Nights",
        ["sync.stale"],
    )
    for _ in range(SECRETS_MAX - 1):
        assert alice.http.post(f"{hook}/secrets", json={}).status_code == 201
    assert alice.http.post(f"{hook}/secrets", json={}).json()["code"] == "too_many_secrets"
    assert alice.http.post(f"{hook}/secrets", json={"keep_old_s": 0}).status_code == 201
    assert len(alice.http.get(hook).json()["secrets"]) == 1
    assert alice.http.get(f"{hook}/deliveries", params={"pageToken": "x"}).status_code == 400
    assert alice.http.post(f"{hook}/deliveries/none/replay").status_code == 404
