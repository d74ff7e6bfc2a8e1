"""Every secret of a real service's real day is looked for in its database, its logs and its command line."""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from calferry.emulator import Emulator
from calferry.emulator.server import RunningGoogle, run_in_thread
from tests.system.processes import DEADLINE_S, Site, announced, stop
from tests.waiting import until

EMAIL = "alice@example.com"
CRON_SECRET = "canary-cron-secret-0123456789abcdefgh"
PRIVATE = ("Canary of a title", "canary-guest@example.net", "Canary street", "canary of a description")
EVENT = {
    "summary": f"{PRIVATE[0]}\r\n\x1b[31mforged",
    "location": PRIVATE[2],
    "description": PRIVATE[3],
    "attendees": [{"email": PRIVATE[1]}],
    "start": {"dateTime": "2027-03-01T15:00:00+01:00"},
    "end": {"dateTime": "2027-03-01T16:00:00+01:00"},
}
SECRET_FIELDS = {
    "code", "code_verifier", "client_secret", "refresh_token", "access_token", "id_token", "token", "state",
}  # fmt: skip
MAY_BE_STORED = {"nextSyncToken", "nextPageToken"}


@dataclass
class Overheard:
    """What went between the service and Google, and is secret, by kind."""

    secrets: dict[str, set[str]] = field(default_factory=dict)

    def note(self, kind: str, value: Any) -> None:
        if isinstance(value, str) and len(value) >= 11:
            self.secrets.setdefault(kind, set()).add(value)

    def request(self, request: Any) -> None:
        fields = [*parse_qsl(request.query), *parse_qsl(request.body.decode("latin-1"))]
        if request.body.startswith(b"{"):
            fields += json.loads(request.body).items()
        for name, value in fields:
            if name in SECRET_FIELDS:
                self.note(name, value)
        for name, value in request.headers.items():
            if name.lower() == "authorization":
                self.note("authorization", value.partition(" ")[2])

    def response(self, response: Any) -> None:
        body = gzip.decompress(response.body) if response.body.startswith(b"\x1f\x8b") else response.body
        if body.startswith(b"{"):
            for name, value in json.loads(body).items():
                if name in SECRET_FIELDS | MAY_BE_STORED:
                    self.note(name, value)

    def all(self, *, but: set[str] = frozenset()) -> set[str]:  # type: ignore[assignment]
        return {secret for kind, found in self.secrets.items() if kind not in but for secret in found}


@pytest.fixture
def overheard(monkeypatch: pytest.MonkeyPatch) -> Overheard:
    overheard, handle = Overheard(), Emulator.handle

    def listening(self: Emulator, request: Any) -> Any:
        overheard.request(request)
        response = handle(self, request)
        overheard.response(response)
        return response

    monkeypatch.setattr(Emulator, "handle", listening)
    return overheard


@pytest.fixture
def google(overheard: Overheard) -> Iterator[RunningGoogle]:
    with run_in_thread(auto=True) as running:
        yield running


@dataclass
class Day:
    """One person's day with the service."""

    site: Site
    google: RunningGoogle
    overheard: Overheard
    browser: httpx.Client
    hook: str = ""

    def sign_in(self) -> None:
        """With a wrong code first; Google's first answer holds no refresh token then, and consent is asked for again."""
        login = self.browser.get("/auth/google/login")
        self.browser.get(self.consent(login).replace("code=", "code=wrong"))
        answer = self.browser.get(self.consent(self.browser.get("/auth/google/login")))
        callback = self.consent(answer)
        assert self.browser.get(callback).headers["location"] == "/"
        assert self.browser.get(callback).status_code == 400
        self.note_cookies()

    def consent(self, redirect: httpx.Response) -> str:
        """The address that Google leads back to."""
        self.note_cookies()
        with httpx.Client(trust_env=False) as other:
            callback = other.get(redirect.headers["location"]).headers["location"]
        for name in ("code", "state"):
            self.overheard.note(name, parse_qs(urlsplit(callback).query)[name][0])
        return str(callback)

    def note_cookies(self) -> None:
        for cookie in self.browser.cookies.values():
            self.overheard.note("cookie", cookie)

    def make_token(self) -> httpx.Client:
        own = {"Origin": self.site.address}
        answer = self.browser.post("/auth/tokens", json={"name": "x"}, headers=own)
        assert answer.status_code == 201, answer.text
        token = answer.json()["token"]
        self.overheard.note("bearer", token)
        return client(self.site, token)

    def sync(self, http: httpx.Client, calendar: str) -> None:
        stream = http.get(f"/calendar/sync?calendar_ids={calendar}").text
        assert "event: complete" in stream
        page = http.get(f"/calendar/events?calendar_ids={calendar}&maxResults=1").json()
        self.overheard.note("page token", page.get("nextPageToken"))

    def subscribe(self, http: httpx.Client) -> None:
        """At an endpoint that refuses what it is told."""
        answer = http.post("/calendar/subscriptions", json={"url": f"{self.google.url}/nowhere"})
        assert answer.status_code == 201, answer.text
        self.overheard.note("webhook secret", answer.json()["secret"])
        feed = http.post("/calendar/feeds", json={}).json()["url"]
        self.overheard.note("feed", feed.rpartition("/")[2].removesuffix(".ics"))
        assert self.browser.get(feed).status_code == 200
        self.hook = f"/calendar/subscriptions/{answer.json()['id']}"

    def edit(self, http: httpx.Client, calendar: str) -> None:
        address = f"/calendar/calendars/{calendar}/events"
        made = http.post(address, json=EVENT)
        assert made.status_code == 201, made.text
        self.google.control("faults", {"faults": [{"method": "events.patch", "action": "return-500"}]})
        http.patch(f"{address}/{made.json()['id']}", json={"location": f"{PRIVATE[2]} 2"})
        http.post(address, json={**EVENT, "start": PRIVATE[0]})

    def be_attacked(self) -> None:
        for path, bearer in (
            ("/calendar/accounts", "canary-of-a-wrong-token"),
            ("/api/cron/sync-calendars", "x"),
        ):
            with client(self.site, bearer) as http:
                http.get(path, headers={"Cookie": "calferry_session=canary-of-a-wrong-cookie"})
        for kind in ("canary-of-a-wrong-token", "canary-of-a-wrong-cookie"):
            self.overheard.note(kind, kind)
        wrong = {"X-Goog-Channel-ID": "unknown-channel", "X-Goog-Channel-Token": "canary-of-a-channel-token"}
        self.overheard.note("wrong", wrong["X-Goog-Channel-Token"])
        self.browser.post(
            "/api/webhooks/google-calendar", headers={**wrong, "X-Goog-Resource-State": "exists"}
        )

    def let_time_work(self, http: httpx.Client, calendar: str) -> None:
        for path in ("sync-calendars", "setup-channels", "renew-channels"):
            assert self.cron(path).status_code == 200
        until(lambda: "channel" in self.states(http, calendar)[0], DEADLINE_S)
        faults = [{"method": "events.list", "action": f"return-{code}"} for code in (401, 500, 403)]
        self.google.control("faults", {"faults": faults})
        self.google.control("clock", {"advance_s": 3_700})
        self.cron("sync-calendars")
        self.google.control("revoke", {"email": EMAIL})
        http.post(f"/calendar/accounts/{self.account(http)}/refresh-calendars")
        assert self.browser.delete(
            f"/calendar/accounts/{self.account(http)}", headers={"Origin": self.site.address}
        ).is_success

    def cron(self, path: str) -> httpx.Response:
        with client(self.site, CRON_SECRET) as http:
            return http.get(f"/api/cron/{path}")

    def states(self, http: httpx.Client, calendar: str) -> list[Any]:
        states = http.get("/calendar/sync-status").json()["calendars"]
        return [state for state in states if state["calendar_id"] == calendar and state["channel"]]

    def account(self, http: httpx.Client) -> str:
        return str(http.get("/calendar/accounts").json()["accounts"][0]["id"])


def client(site: Site, bearer: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {bearer}"}
    return httpx.Client(base_url=site.address, headers=headers, timeout=DEADLINE_S, trust_env=False)


def stored(site: Site) -> bytes:
    """The database, its write-ahead log and its index, as they are now."""
    files = [path for path in site.folder.iterdir() if path.name.startswith(site.database.name)]
    assert len(files) == 3
    return b"".join(path.read_bytes() for path in files)


def found(secrets: set[str], place: bytes) -> list[str]:
    return sorted(secret for secret in secrets if secret.encode() in place)


@contextmanager
def started(site: Site) -> Iterator["subprocess.Popen[str]"]:
    """`calferry serve` with a command line of its own until the block ends; it listens when the block begins."""
    command = [sys.executable, "-c", "from calferry.cli import main; main()"]
    with (site.folder / "serve.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [*command, "serve", "--port", str(site.port), "--json"],
            env=site.environment,
            cwd=site.folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert announced(process)["base_url"] == site.address
            yield process
        finally:
            stop(process)


def test_no_secret_is_stored_written_or_shown(
    tmp_path: Path, google: RunningGoogle, overheard: Overheard
) -> None:
    given = {
        "CALFERRY_LOG_LEVEL": "debug",
        "CRON_SECRET": CRON_SECRET,
        "CALFERRY_ALLOW_PRIVATE_WEBHOOKS": "1",
    }
    site = Site(tmp_path, google.url, environment=given)
    for setting in ("CALFERRY_KEYS", "CRON_SECRET", "GOOGLE_CLIENT_SECRET"):
        overheard.note(setting, site.environment[setting])
    with (
        started(site) as process,
        httpx.Client(base_url=site.address, timeout=DEADLINE_S, trust_env=False) as browser,
    ):
        day = Day(site, google, overheard, browser)
        day.sign_in()
        with day.make_token() as http:
            calendar = http.get("/calendar/calendars").json()["calendars"][0]["id"]
            day.sync(http, calendar)
            day.subscribe(http)
            day.edit(http, calendar)
            until(lambda: '"answer":404' in http.get(f"{day.hook}/deliveries").text, DEADLINE_S)
            day.be_attacked()
            while_full = stored(site)
            day.let_time_work(http, calendar)
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        in_the_end = stored(site)
    log = (site.folder / "serve.log").read_bytes()
    kinds = {
        "code",
        "code_verifier",
        "client_secret",
        "refresh_token",
        "access_token",
        "token",
        "state",
        "cookie",
    }
    assert (
        kinds | {"authorization", "bearer", "nextSyncToken", "webhook secret", "feed"}
        <= overheard.secrets.keys()
    )
    assert found(overheard.all(but=MAY_BE_STORED), while_full + in_the_end) == []
    assert found(overheard.all() | set(PRIVATE), log + shown) == []
    happened = {
        "account_connected",
        "sign_in_refused",
        "calendar_synced",
        "account_disconnecting",
        "duty_done",
    }
    assert all(word.encode() in log for word in happened)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", log)
    assert all(json.loads(line)["event"] for line in log.splitlines() if line.startswith(b"{"))
