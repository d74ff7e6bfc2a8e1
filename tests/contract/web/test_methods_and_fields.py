"""HEAD beside GET, requests without a host, bodies with fields that nobody knows."""

import pytest

from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import WITHIN_S, Person, Site
from tests.contract.web.wire import exchange
from tests.waiting import until

pytestmark = ON_SHARED_SITE
READING = [
    "/",
    "/healthz",
    "/readyz",
    "/docs",
    "/openapi.json",
    "/calendar/calendars",
    "/calendar/sync-status",
]
READING += ["/calendar/accounts", "/calendar/events?calendar_ids={id}", "/auth/session", "/auth/tokens"]
ACTING = ["/calendar/sync?calendar_ids={id}", "/auth/google/login", "/auth/google/callback"]
ACTING += [f"/api/cron/{name}" for name in ("sync-calendars", "setup-channels", "renew-channels")]


@pytest.mark.parametrize("path", READING)
def test_head_answers_as_get_does_without_the_body(site: Site, alice: Person, path: str) -> None:
    address = path.format(id=alice.calendar_id)
    # That the token is used is noted once a minute, behind the answer, and is part of an answer itself.
    until(
        lambda: alice.http.get("/auth/tokens").json()["tokens"][0]["last_used_at"],
        WITHIN_S,
        "its use is noted",
    )
    looked, got = alice.http.head(address), alice.http.get(address)
    assert (looked.status_code, got.status_code) == (200, 200)
    assert looked.content == b""
    kept = {"content-type", "content-length", "cache-control", "x-content-type-options"}
    assert {name: looked.headers.get(name) for name in kept} == {name: got.headers.get(name) for name in kept}


def test_head_is_refused_where_get_is(site: Site, alice: Person) -> None:
    assert site.client().head("/calendar/calendars").status_code == 401
    assert alice.http.head("/calendar/nowhere").status_code == 404
    assert alice.http.head("/calendar/webhook").status_code == 405
    assert alice.http.head("/auth/logout").status_code == 405


@pytest.mark.parametrize("path", ACTING)
def test_head_does_nothing_where_a_get_acts(site: Site, alice: Person, path: str) -> None:
    asked = len(site.google_requests())
    answer = alice.http.head(path.format(id=alice.calendar_id))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert len(site.google_requests()) == asked


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n", 200),
    ],
    ids=["none", "two", "two in 1.0", "none in 1.0", "one"],
)
def test_a_request_has_to_name_its_host_once(site: Site, head: bytes, status: int) -> None:
    answer = exchange(site, head + b"Connection: close\r\n\r\n")
    assert int(answer.split(b" ", 2)[1]) == status
    assert (b"host_missing" in answer) == (status == 400)


def test_a_field_that_nobody_knows_is_named(site: Site, alice: Person) -> None:
    refused = alice.http.post("/auth/tokens", json={"name": "x", "expires": "never"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    assert "expires" in refused.json()["detail"]
    assert "never" not in refused.text
    refused = alice.http.patch(f"/calendar/calendars/{alice.calendar_id}", json={"slected": True})
    assert (refused.status_code, "slected" in refused.json()["detail"]) == (400, True)


@pytest.mark.parametrize("name", ["<script>", "x" * 65, "", "a\nb", "ä"])
def test_a_name_that_is_none_is_not_repeated(site: Site, alice: Person, name: str) -> None:
    refused = alice.http.post("/auth/tokens", json={"name": "x", name: 1})
    assert refused.status_code == 400
    assert "strange name" in refused.json()["detail"]
