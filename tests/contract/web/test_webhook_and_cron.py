"""Google's notifications and the cron endpoints, line by line of their specification."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from calferry.core.limits import RUN_SPACING_MS
from calferry.emulator.server import RunningGoogle
from calferry.store.tables import channels, sync_states
from tests.contract.web.shared import ON_SHARED_SITE, site_for
from tests.contract.web.site import CRON_SECRET, OLDER_CRON_SECRET, Person, Site, running_site, sync
from tests.waiting import until

ALICE = "alice@example.com"
WEBHOOK = "/api/webhooks/google-calendar"
AT = {"start": {"dateTime": "2026-05-01T10:00:00Z"}, "end": {"dateTime": "2026-05-01T11:00:00Z"}}


@pytest.fixture
def watched(request: pytest.FixtureRequest):
    """A site with push and without a worker, and Alice's primary calendar with its channel."""
    with site_for(request, push=True) as site:
        yield site, *site.once(alice_and_her_channel)


def alice_and_her_channel(site: Site) -> tuple[Person, dict[str, str]]:
    alice = site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    site.google.control("push", {"mode": "drop"})
    return alice, channel_headers(site)


def channel_headers(site: Site) -> dict[str, str]:
    """What Google sends for the only channel; its token is known to Google alone."""
    delivery = until(lambda: site.google.control("deliveries")["deliveries"])[0]
    sent = {name.lower(): value for name, value in delivery["headers"].items()}
    return {name: value for name, value in sent.items() if name.startswith("x-goog-")} | {
        "x-goog-resource-state": "exists",
        "x-goog-message-number": "2",
    }


def marks(site: Site, calendar_id: str) -> int:
    query = select(sync_states.c.dirty_seq).where(sync_states.c.id == calendar_id)
    return site.read(lambda conn: conn.execute(query).scalar_one())


def assert_acknowledged(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert answer.content == b""


def test_a_change_is_marked_before_it_is_acknowledged(watched) -> None:
    site, alice, headers = watched
    before = marks(site, alice.calendars[ALICE])
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers))
    assert marks(site, alice.calendars[ALICE]) == before + 1
    assert_acknowledged(site.client().post("/calendar/webhook", headers=headers))
    assert marks(site, alice.calendars[ALICE]) == before + 2


@ON_SHARED_SITE
def test_a_sync_message_confirms_the_channel_and_marks_nothing(watched) -> None:
    site, alice, headers = watched
    before = marks(site, alice.calendars[ALICE])
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers | {"x-goog-resource-state": "sync"}))
    assert marks(site, alice.calendars[ALICE]) == before


@ON_SHARED_SITE
def test_not_exists_is_acknowledged_and_the_calendar_checked(watched) -> None:
    site, _alice, headers = watched
    assert_acknowledged(
        site.client().post(WEBHOOK, headers=headers | {"x-goog-resource-state": "not_exists"})
    )


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "change",
    [
        {"x-goog-channel-id": "00000000-0000-4000-8000-000000000000"},
        {"x-goog-channel-id": ""},
        {"x-goog-channel-id": "x" * 20_000},
        {"x-goog-channel-token": "wrong"},
        {"x-goog-channel-token": ""},
        {"x-goog-channel-token": "t" * 60_000},
        {"x-goog-channel-token": b"t\xc3\xb6ken"},
        {"x-goog-resource-id": "other"},
        {"x-goog-channel-token": "wrong", "x-goog-resource-state": "sync"},
    ],
)
def test_a_stranger_gets_the_same_answer_and_changes_nothing(watched, change: dict) -> None:
    site, alice, headers = watched
    before, asked = marks(site, alice.calendars[ALICE]), len(site.google_requests())
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers | change))
    assert marks(site, alice.calendars[ALICE]) == before
    assert len(site.google_requests()) == asked


@ON_SHARED_SITE
def test_no_headers_at_all_are_acknowledged(site: Site) -> None:
    assert_acknowledged(site.client().post(WEBHOOK))
    assert_acknowledged(site.client().post(WEBHOOK, headers={"X-Goog-Channel-ID": "x"}))
    assert_acknowledged(site.client().post(WEBHOOK, headers={"X-Goog-Channel-Token": "x"}))


@ON_SHARED_SITE
@pytest.mark.parametrize("number", ["", "-1", "1e9", str(2**64), "x", "2", "1"])
def test_the_message_number_decides_nothing(watched, number: str) -> None:
    site, alice, headers = watched
    before = marks(site, alice.calendars[ALICE])
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers | {"x-goog-message-number": number}))
    assert marks(site, alice.calendars[ALICE]) == before + 1


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("state", "marked"),
    [("exists", 1), ("SYNC", 1), ("exist", 1), ("add", 1), ("", 1), ("exists,sync", 1), ("sync", 0)],
)
def test_any_word_but_sync_means_that_something_may_have_changed(watched, state: str, marked: int) -> None:
    site, alice, headers = watched
    before = marks(site, alice.calendars[ALICE])
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers | {"x-goog-resource-state": state}))
    assert marks(site, alice.calendars[ALICE]) == before + marked


@ON_SHARED_SITE
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(site: Site, method: str) -> None:
    for path in (WEBHOOK, "/calendar/webhook"):
        answer = site.client().request(method, path)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"


@ON_SHARED_SITE
def test_a_body_is_never_waited_for(watched) -> None:
    """It announces ten megabytes and sends none."""
    site, _alice, headers = watched
    lines = [
        f"POST {WEBHOOK} HTTP/1.1",
        "Host: x",
        "Content-Length: 10000000",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    parts = urlsplit(site.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as wire:
        wire.sendall("\r\n".join([*lines, "", ""]).encode())
        assert wire.recv(65_536).startswith(b"HTTP/1.1 200")


@ON_SHARED_SITE
def test_a_large_body_is_acknowledged_unread(watched) -> None:
    site, _alice, headers = watched
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers, content=b"{" * 200_000))


def test_a_push_of_a_disconnected_account_is_inert(watched) -> None:
    site, alice, headers = watched
    assert alice.http.delete(f"/calendar/accounts/{alice.account_id}").status_code == 204
    asked = len(site.google_requests())
    assert_acknowledged(site.client().post(WEBHOOK, headers=headers))
    assert len(site.google_requests()) == asked


def test_a_flood_is_acknowledged_and_marked_few_times(watched) -> None:
    site, alice, headers = watched
    before = marks(site, alice.calendars[ALICE])
    with (
        httpx.Client(base_url=site.url, trust_env=False, timeout=30) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(lambda _: client.post(WEBHOOK, headers=headers).status_code, range(200)))
    assert answers == [200] * 200
    assert before < marks(site, alice.calendars[ALICE]) <= before + 200


def test_a_change_at_google_arrives_by_push(push_site: Site) -> None:
    alice = push_site.person(ALICE)
    sync(alice.http, alice.calendars[ALICE])
    made = (
        push_site.google_client(ALICE)
        .post(f"/calendars/{ALICE}/events", json=AT | {"summary": "Pushed"})
        .json()
    )
    items = until(lambda: alice.http.get("/calendar/events").json()["items"], what="the pushed event")
    assert [item["id"] for item in items] == [made["id"]]


# Cron


def cron(
    site: Site, name: str, authorization: str | None = f"Bearer {CRON_SECRET}", **options: object
) -> httpx.Response:
    headers = {"Authorization": authorization} if authorization is not None else {}
    return site.client().get(f"/api/cron/{name}", headers=headers, **options)


NAMES = ("sync-calendars", "setup-channels", "renew-channels")


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer None",
        "Bearer undefined",
        "Bearer null",
        f"bearer {CRON_SECRET}",
        f"Bearer  {CRON_SECRET}",
        f"Bearer {CRON_SECRET}x",
        f"Bearer {CRON_SECRET[:-1]}",
        f"Basic {CRON_SECRET}",
        CRON_SECRET,
        f"Bearer {CRON_SECRET},{OLDER_CRON_SECRET}",
        "Bearer sécret".encode(),
        "Bearer " + "x" * 15_000,
    ],
)
def test_anything_but_the_exact_header_is_401(site: Site, authorization) -> None:
    asked = len(site.google_requests())
    for name in NAMES:
        assert cron(site, name, authorization).status_code == 401
    assert len(site.google_requests()) == asked


def test_both_secrets_are_accepted_for_rotation(site: Site) -> None:
    assert cron(site, "sync-calendars", f"Bearer {OLDER_CRON_SECRET}").status_code == 200


@ON_SHARED_SITE
def test_two_headers_a_query_and_a_cookie_do_not_authorize(site: Site, alice: Person) -> None:
    twice = [("Authorization", f"Bearer {CRON_SECRET}")] * 2
    assert site.client().get("/api/cron/sync-calendars", headers=twice).status_code == 401
    assert cron(site, f"sync-calendars?secret={CRON_SECRET}", None).status_code == 401
    assert alice.http.get("/api/cron/sync-calendars").status_code == 401


def test_without_a_secret_the_routes_are_closed(google: RunningGoogle, tmp_path: Path) -> None:
    with running_site(google, tmp_path, cron_secret="") as site:
        for name in NAMES:
            for authorization in (None, "Bearer", "Bearer None", f"Bearer {CRON_SECRET}"):
                assert cron(site, name, authorization).status_code == 503


@ON_SHARED_SITE
@pytest.mark.parametrize("name", NAMES)
def test_only_get_is_taken(site: Site, name: str) -> None:
    answer = site.client().post(f"/api/cron/{name}", headers={"Authorization": f"Bearer {CRON_SECRET}"})
    assert answer.status_code == 405


def test_sync_calendars_answers_counts_that_add_up(site: Site, alice: Person) -> None:
    assert cron(site, "sync-calendars").json() == {
        "success": True,
        "data": {"total": 0, "successful": 0, "incomplete": 0, "failed": 0},
    }
    sync(alice.http, *alice.calendars.values())
    assert cron(site, "sync-calendars").json()["data"]["total"] == 0
    site.clock.advance(301)
    assert cron(site, "sync-calendars").json() == {
        "success": True,
        "data": {"total": 2, "successful": 2, "incomplete": 0, "failed": 0},
    }


def test_setup_channels_opens_the_missing_ones(google: RunningGoogle, tmp_path: Path) -> None:
    with running_site(google, tmp_path) as site:
        alice = site.person(ALICE)
        sync(alice.http, *alice.calendars.values())
        answer = cron(site, "setup-channels").json()
        assert answer["success"] is False
        assert "WEBHOOK_BASE_URL" in answer["error"]
        assert answer["data"] == {"created": 0, "failed": 0}
    database = site.settings.database_address
    with running_site(google, tmp_path, push=True, database_url=database) as site:
        assert cron(site, "setup-channels").json() == {"success": True, "data": {"created": 2, "failed": 0}}
        assert cron(site, "setup-channels").json() == {"success": True, "data": {"created": 0, "failed": 0}}


def test_renew_channels_replaces_those_that_end_soon(watched) -> None:
    site, _alice, headers = watched
    assert cron(site, "renew-channels").json() == {"success": True, "data": {"renewed": 0, "failed": 0}}
    site.clock.advance(6 * 86_400 + 12 * 3_600)
    assert cron(site, "renew-channels").json() == {"success": True, "data": {"renewed": 1, "failed": 0}}
    live = site.read(
        lambda conn: conn.execute(select(channels.c.id).where(channels.c.state == "active")).scalars().all()
    )
    assert len(live) == 1
    assert live != [headers["x-goog-channel-id"]]


def test_cron_calls_at_the_same_moment_share_the_work(site: Site, alice: Person) -> None:
    for calendar in alice.calendars.values():
        alice.http.patch(f"/calendar/calendars/{calendar}", json={"selected": True})
    before, began = len(site.google_requests("/events")), time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: cron(site, "sync-calendars", f"Bearer {CRON_SECRET}"), range(12)))
    for answer in answers:
        counts = answer.json()["data"]
        assert counts["total"] == counts["successful"] + counts["incomplete"] + counts["failed"]
        assert counts["failed"] == 0
    assert sum(answer.json()["data"]["successful"] for answer in answers) >= 2
    # After the spacing of runs a calendar may be read again, which a slow machine lives to see.
    rounds = 1 + int((time.monotonic() - began) * 1000 / RUN_SPACING_MS)
    assert 2 <= len(site.google_requests("/events")) - before <= 2 * rounds
