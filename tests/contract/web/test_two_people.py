"""Nothing of one person ever shows in an answer to another, whatever ids the other has got hold of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select

from calferry.emulator.server import RunningGoogle
from calferry.store.tables import conflicts, deliveries, metadata
from tests.contract.web.edits import edit
from tests.contract.web.routes import CLOSED, Answer, addresses, ask
from tests.contract.web.site import Person, Site, running_site, sync

ALICE, BOB = "alice@example.com", "bob@example.com"
TIMES = {"start": {"date": "2027-03-01"}, "end": {"date": "2027-03-02"}}
FITTING: dict[tuple[str, str], Any] = {
    ("PATCH", "/calendar/calendars/{calendar_id}"): {"selected": False},
    ("POST", "/calendar/conflicts/{conflict_id}/resolve"): {"keep": "theirs"},
    ("PATCH", "/calendar/subscriptions/{subscription_id}"): {"status": "paused"},
    ("POST", "/calendar/subscriptions/{subscription_id}/secrets"): {"keep_old_s": 0},
}
"""Bodies that the address takes: with them nothing but the id is wrong."""
TOUCHED_BY_ASKING = {"last_used_at", "seen_at"}


@dataclass
class Foreign:
    """Everything that Alice could know of Bob: ids by the name of the parameter that takes them."""

    ids: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    marks: set[str] = field(default_factory=set)
    """Texts that no answer to Alice may hold, unless she sent them."""


@dataclass
class Two:
    site: Site
    alice: Person
    bob: Person
    foreign: Foreign


@pytest.fixture
def two(google: RunningGoogle, tmp_path: Path) -> Iterator[Two]:
    with running_site(google, tmp_path) as site:
        yield two_people(site)


def two_people(site: Site) -> Two:
    """Each with events and a calendar that has been synced."""
    people = {email: site.person(email) for email in (ALICE, BOB)}
    for email, word in ((ALICE, "hers"), (BOB, "bobmark")):
        for title in ("tea", "lunch"):
            event = {"id": f"{word[:4]}{title}000", "summary": f"{word} {title}", **TIMES}
            site.google_client(email).post(f"/calendars/{email}/events", json=event).raise_for_status()
    sync(people[ALICE].http, people[ALICE].calendars[ALICE])
    return Two(site, people[ALICE], people[BOB], collect(site, people[BOB]))


def collect(site: Site, bob: Person) -> Foreign:
    calendar, foreign = bob.calendars[BOB], Foreign()
    stream = sync(bob.http, calendar)
    page = bob.http.get("/calendar/events?maxResults=1").json()
    token = bob.http.post("/auth/tokens", json={"name": "bobmark token"}).json()
    number = edit(site, bob, BOB, "insert", "bobmpending", {"summary": "bobmark pending", **TIMES})
    conflict = {
        "id": "conf_of_bob", "user_id": bob.user_id, "calendar_id": calendar, "event_id": "bobmtea000",
        "intent_id": f"int_{number}", "reason": "changed", "fields": '["summary"]', "base": '{"summary": "bobmark"}',
        "ours": '{"summary": "bobmark"}', "theirs": '{"summary": "bobmark"}', "outcome": "open", "created_at": site.clock.now_ms(),
    }  # fmt: skip
    site.write(lambda conn: conn.execute(insert(conflicts).values(**conflict)))
    etag = bob.http.get(f"/calendar/calendars/{calendar}/events/bobmtea000").headers["etag"]
    hook = subscribe(site, bob, calendar)
    feed = bob.http.post("/calendar/feeds", json={"calendar_id": calendar, "name": "bobmark feed"}).json()
    foreign.ids = {
        "feed_id": feed["id"],
        **{name: hook[name] for name in ("subscription_id", "secret_id", "delivery_id")},
        "calendar_id": calendar, "account_id": bob.account_id, "event_id": "bobmtea000", "token_id": token["id"],
        "intent_id": f"int_{number}", "conflict_id": "conf_of_bob",
    }  # fmt: skip
    foreign.parameters = {
        "calendar_ids": calendar, "pageToken": page["nextPageToken"], "cursor": str(page["cursor"]),
        "account_id": bob.account_id, "intent": "reconnect", "lastEventId": stream.frames[-1].id or "",
    }  # fmt: skip
    foreign.headers = {
        "Last-Event-ID": stream.frames[3].id or "",
        "If-Match": etag,
        "Idempotency-Key": "bobs-key",
    }
    foreign.marks = {"bobm", BOB, "bob-team", token["token"], bob.token, *foreign.ids.values()}
    foreign.marks |= {hook["secret"], feed["url"].rpartition("/")[2]}
    foreign.marks |= {request_id(frame.id) for frame in stream.frames if frame.id}
    return foreign


def subscribe(site: Site, bob: Person, calendar: str) -> dict[str, str]:
    """To his events, one of which has been told."""
    new = {"url": "https://8.8.8.8/bobmark", "name": "bobmark hook"}
    made = bob.http.post("/calendar/subscriptions", json=new).json()
    told = {
        "id": "msg_of_bob",
        "user_id": bob.user_id,
        "subscription_id": made["id"],
        "kind": "event.created",
    }
    about = {"calendar_id": calendar, "event_id": "bobmtea000", "line": calendar, "at": site.clock.now_ms()}
    site.write(lambda conn: conn.execute(insert(deliveries).values(**told, **about, status="failed")))
    ids = {"subscription_id": made["id"], "secret_id": made["secrets"][0]["id"], "delivery_id": "msg_of_bob"}
    return {**ids, "secret": made["secret"]}


def request_id(frame_id: str) -> str:
    found = re.search(r"sync_[a-z0-9]{20}", frame_id)
    assert found is not None
    return found.group()


def attempts(two: Two) -> Iterator[httpx.Request]:
    """Each method of each address with Bob's ids, bare, with each parameter, and with his headers."""
    body = {
        "name": "hers",
        "summary": "hers",
        "selected": True,
        "keep": "ours",
        "user_id": two.bob.user_id,
        **TIMES,
    }
    for address in addresses(two.site.app):
        if address.path.startswith("/api/") or address.path == "/calendar/webhook":
            continue
        own = {"calendar_id": two.alice.calendars[ALICE], "account_id": two.alice.account_id}
        paths = {address.filled(two.foreign.ids), address.filled({**two.foreign.ids, **own})}
        for path in sorted(paths):
            for method in sorted(address.methods):
                bodies = {} if method in ("GET", "HEAD", "DELETE") else {"json": body}
                if method == "DELETE" and two.alice.account_id in path:
                    continue
                asked = two.foreign.parameters if method == "GET" else {}
                for name, value in {"": "", **asked}.items():
                    query = {name: value} if name else {}
                    yield two.alice.http.build_request(
                        method, path, params=query, headers=two.foreign.headers, **bodies
                    )


def rows_of_bob(two: Two) -> dict[str, Any]:
    """Every row of his, but for when he last asked."""
    found = {}
    for table in metadata.tables.values():
        if "user_id" in table.columns:
            mine = [column for column in table.columns if column.name not in TOUCHED_BY_ASKING]
            statement = select(*mine).where(table.c.user_id == two.bob.user_id)
            found[table.name] = two.site.read(
                lambda conn, s=statement: sorted(map(str, conn.execute(s).all()))
            )
    return found


def shown(answer: Answer) -> str:
    return answer.text + str(answer.headers)


def test_no_answer_to_one_person_holds_anything_of_another(two: Two) -> None:
    before, asked = rows_of_bob(two), 0
    assert all(
        before[name]
        for name in (
            "events",
            "intents",
            "conflicts",
            "api_tokens",
            "sync_requests",
            "subscriptions",
            "deliveries",
            "calendar_feeds",
        )
    )
    for request in attempts(two):
        two.site.clock.advance(6)
        sent = f"{request.url} {request.headers} {request.content!r}"
        answer = ask(two.alice.http, request)
        unsent = {mark for mark in two.foreign.marks if mark not in sent}
        where = (request.method, str(request.url), answer.status)
        assert not [mark for mark in unsent if mark in shown(answer)], where
        assert answer.status < 500 or request.url.path in CLOSED, where
        asked += 1
    assert asked > 150
    assert rows_of_bob(two) == before
    assert not two.site.google_requests(BOB.replace("@", "%40"))[2:]


def test_a_fitting_request_with_the_id_of_another_finds_nothing(two: Two) -> None:
    before = rows_of_bob(two)
    for (method, path), body in FITTING.items():
        filled = {address.path: address for address in addresses(two.site.app)}[path].filled(two.foreign.ids)
        answer = two.alice.http.request(method, filled, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert rows_of_bob(two) == before


def test_the_marks_do_show_to_whom_they_belong(two: Two) -> None:
    """Or the search above could find nothing."""
    paths = (
        "/calendar/calendars",
        "/calendar/events",
        "/calendar/conflicts",
        "/auth/tokens",
        "/calendar/accounts",
        "/calendar/feeds",
        "/calendar/subscriptions",
        f"/calendar/subscriptions/{two.foreign.ids['subscription_id']}/deliveries",
    )
    text = " ".join(shown(ask(two.bob.http, two.bob.http.build_request("GET", path))) for path in paths)
    ids = {two.foreign.ids[name] for name in two.foreign.ids if name != "intent_id"}
    assert not [mark for mark in {"bobm", BOB, *ids} if mark not in text]
