"""What holds for every route: who may call, what is refused, which headers come back, what is described."""

import socket

import pytest

from calferry.store import sessions
from calferry.store.tables import users
from calferry.web import security
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import WITHIN_S, Person, Site, sync
from tests.contract.web.wire import exchange
from tests.waiting import until

SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "path",
    ["/healthz", "/readyz", "/nowhere", "/calendar/sync", "/auth/google/callback", "/docs", "/openapi.json"],
)
def test_every_answer_carries_the_safe_headers(site: Site, path: str) -> None:
    headers = site.client().get(path).headers
    assert SAFE_HEADERS.items() <= dict(headers).items()
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert "frame-ancestors 'none'" in policy


def test_the_stream_carries_them_too(site: Site, alice: Person) -> None:
    assert SAFE_HEADERS.items() <= dict(sync(alice.http, alice.calendar_id).headers).items()


@ON_SHARED_SITE
def test_no_other_origin_is_let_in(site: Site, alice: Person) -> None:
    answer = alice.http.get("/calendar/calendars", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


@ON_SHARED_SITE
def test_health(site: Site) -> None:
    assert site.client().get("/healthz").json() == {"status": "ok"}
    assert site.client().get("/readyz").json() == {"status": "ready"}


@ON_SHARED_SITE
def test_the_docs_need_nothing_from_elsewhere(site: Site) -> None:
    client = site.client()
    page = client.get("/docs").text
    addresses = [part.split('"')[0] for part in page.replace('href="', 'src="').split('src="')[1:]]
    assert addresses
    for address in addresses:
        assert address.startswith("/static/")
        assert client.get(address).status_code == 200
    assert "//" not in page.replace("</", "").replace("<!doctype", "")


@ON_SHARED_SITE
def test_the_openapi_document_names_every_route(site: Site) -> None:
    described = site.client().get("/openapi.json").json()["paths"]
    assert set(described) >= {
        "/calendar/sync",
        "/calendar/sync-status",
        "/calendar/events",
        "/calendar/calendars",
        "/calendar/calendars/{calendar_id}",
        "/calendar/accounts",
        "/calendar/accounts/{account_id}",
        "/calendar/accounts/{account_id}/refresh-calendars",
        "/auth/google/login",
        "/auth/google/callback",
        "/auth/logout",
        "/auth/session",
        "/auth/tokens",
        "/auth/tokens/{token_id}",
        "/api/webhooks/google-calendar",
        "/api/cron/sync-calendars",
        "/api/cron/setup-channels",
        "/api/cron/renew-channels",
        "/healthz",
        "/readyz",
    }
    (parameter,) = [
        p for p in described["/calendar/sync"]["get"]["parameters"] if p["name"] == "calendar_ids"
    ]
    assert parameter["required"] is True
    assert "text/event-stream" in described["/calendar/sync"]["get"]["responses"]["200"]["content"]


@ON_SHARED_SITE
def test_a_wrong_method_and_a_wrong_address_are_problems(site: Site) -> None:
    wrong = site.client().delete("/calendar/calendars")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (
        405,
        "method_not_allowed",
        "GET, HEAD",
    )
    assert site.client().put("/auth/tokens").headers["allow"] == "GET, HEAD, POST"
    assert site.client().post("/calendar/sync").headers["allow"] == "GET"
    assert site.client().put("/calendar/webhook").headers["allow"] == "POST"
    missing = site.client().get("/calendar/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert missing.headers["content-type"] == "application/problem+json"


@ON_SHARED_SITE
@pytest.mark.parametrize("path", ["/calendar/events/", "/auth/session/", "/static"])
def test_no_answer_leads_to_the_host_that_the_request_names(site: Site, path: str) -> None:
    answer = site.client().get(path, headers={"Host": "elsewhere.example"})
    assert answer.status_code == 404
    assert "elsewhere" not in str(answer.headers) + answer.text


def test_a_failure_of_ours_carries_the_safe_headers_and_tells_nothing(site: Site) -> None:
    async def fail() -> None:
        raise RuntimeError("a secret")

    site.app.add_api_route("/fails", fail)
    answer = site.client().get("/fails")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    safe = site.client().get("/healthz").headers
    assert all(answer.headers[name] == safe[name] for name in ("content-security-policy", "cache-control"))


@ON_SHARED_SITE
def test_the_first_page_says_who_is_signed_in(site: Site, alice: Person) -> None:
    stranger = site.client().get("/")
    assert (stranger.status_code, "Sign in with Google" in stranger.text) == (200, True)
    assert "Signed in as alice@example.com" in alice.http.get("/").text


# Tokens


def test_a_token_is_shown_once_and_works_until_it_is_revoked(site: Site, alice: Person) -> None:
    created = alice.http.post("/auth/tokens", json={"name": "  laptop "})
    assert created.status_code == 201
    assert created.json().keys() == {"id", "name", "token"}
    assert created.json()["name"] == "laptop"
    other = site.client(created.json()["token"])
    listed = other.get("/auth/tokens")
    assert created.json()["token"] not in listed.text
    assert {token["name"] for token in listed.json()["tokens"]} == {"test", "laptop"}
    assert alice.http.delete(f"/auth/tokens/{created.json()['id']}").status_code == 204
    assert other.get("/auth/session").status_code == 401
    assert alice.http.delete(f"/auth/tokens/{created.json()['id']}").status_code == 404


@ON_SHARED_SITE
def test_a_foreign_token_cannot_be_revoked(site: Site, alice: Person, bob: Person) -> None:
    token_id = alice.http.get("/auth/tokens").json()["tokens"][0]["id"]
    assert bob.http.delete(f"/auth/tokens/{token_id}").status_code == 404
    assert alice.http.get("/auth/session").status_code == 200


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"name": ""}',
        b'{"name": 1}',
        b'{"name": "a\\u0000b"}',
        b'{"name": "' + b"x" * 101 + b'"}',
    ],
)
def test_a_token_needs_a_name(site: Site, alice: Person, body: bytes) -> None:
    answer = alice.http.post("/auth/tokens", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "invalid_request"


@ON_SHARED_SITE
@pytest.mark.parametrize("body", [b"[" * 30_000, b'{"name": "\xff"}', b'{"name": ' + b"9" * 5_000 + b"}"])
def test_what_no_parser_can_read_is_refused_with_a_reason(site: Site, alice: Person, body: bytes) -> None:
    answer = alice.http.post("/auth/tokens", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["detail"] == "The body is not JSON."


@ON_SHARED_SITE
def test_a_body_of_another_type_is_refused_with_the_way_out(site: Site, alice: Person) -> None:
    answer = alice.http.post("/auth/tokens", content=b'{"name": "x"}')
    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.json()["detail"]


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Token abc", "Bearer wrong", "Bearer " + "x" * 600, "Bearer t\u00f6ken".encode()],
)
def test_a_malformed_or_unknown_bearer_is_401(site: Site, authorization) -> None:
    assert site.client().get("/auth/session", headers={"Authorization": authorization}).status_code == 401


@ON_SHARED_SITE
def test_two_authorization_headers_are_401(site: Site, alice: Person) -> None:
    twice = [("Authorization", f"Bearer {alice.token}")] * 2
    assert site.client().get("/auth/session", headers=twice).status_code == 401


def session_of(site: Site, person: Person) -> str:
    token, now_ms = site.engine.ids.secret(), site.clock.now_ms()
    site.write(lambda conn: sessions.create(conn, token, person.user_id, now_ms, now_ms + 10**9))
    return token


@ON_SHARED_SITE
def test_a_cookie_and_a_bearer_of_two_people_are_401(site: Site, alice: Person, bob: Person) -> None:
    cookies = {"calferry_session": session_of(site, bob)}
    assert site.client(alice.token, cookies=cookies).get("/auth/session").status_code == 401
    own = {"calferry_session": session_of(site, alice)}
    assert site.client(alice.token, cookies=own).get("/auth/session").status_code == 200
    assert site.client("wrong", cookies=own).get("/auth/session").status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "SITE"}, 201),
    ],
)
def test_a_change_by_cookie_needs_the_sites_own_page(
    site: Site, alice: Person, headers: dict, status: int
) -> None:
    browser = site.client(cookies={"calferry_session": session_of(site, alice)})
    sent = {name: value.replace("SITE", site.url) for name, value in headers.items()}
    answer = browser.post("/auth/tokens", json={"name": "x"}, headers=sent)
    assert answer.status_code == status
    assert (
        alice.http.post(
            "/auth/tokens", json={"name": "x"}, headers={"Origin": "https://evil.example"}
        ).status_code
        == 201
    )


# Calendars


def test_selecting_a_calendar_makes_it_due(site: Site, alice: Person) -> None:
    address = f"/calendar/calendars/{alice.calendar_id}"
    changed = alice.http.patch(address, json={"selected": True})
    assert (changed.status_code, changed.json()["selected"]) == (200, True)
    status = {row["calendar_id"]: row for row in alice.http.get("/calendar/sync-status").json()["calendars"]}
    assert status[alice.calendar_id]["next_due_at"] is not None
    assert alice.http.patch(address, json={"selected": False}).json()["selected"] is False


def test_a_calendar_no_longer_selected_gives_its_channel_up(push_site: Site) -> None:
    alice = push_site.person("alice@example.com")
    sync(alice.http, alice.calendar_id)
    alice.http.patch(f"/calendar/calendars/{alice.calendar_id}", json={"selected": False})
    rows = {row["calendar_id"]: row for row in alice.http.get("/calendar/sync-status").json()["calendars"]}
    assert rows[alice.calendar_id]["channel"] is None


@ON_SHARED_SITE
def test_only_own_calendars_can_be_changed_and_only_what_may_be(
    site: Site, alice: Person, bob: Person
) -> None:
    address = f"/calendar/calendars/{bob.calendar_id}"
    assert alice.http.patch(address, json={"selected": True}).status_code == 404
    assert alice.http.patch("/calendar/calendars/cal_unknown", json={"selected": True}).status_code == 404
    own = f"/calendar/calendars/{alice.calendar_id}"
    assert alice.http.patch(own, json={"selected": "perhaps"}).status_code == 400
    assert alice.http.patch(own, json={}).status_code == 400
    stolen = alice.http.patch(own, json={"selected": True, "user_id": bob.user_id, "google_id": "x"})
    assert (stolen.status_code, "user_id" in stolen.json()["detail"]) == (400, True)
    listed = {row["id"]: row for row in alice.http.get("/calendar/calendars").json()["calendars"]}
    assert listed[alice.calendar_id]["selected"] is False


def test_the_calendar_list_says_what_there_is(site: Site, alice: Person) -> None:
    rows = alice.http.get("/calendar/calendars").json()["calendars"]
    assert rows[0].keys() >= {
        "id", "google_id", "account_id", "summary", "access_role", "primary", "selected", "mode", "time_zone", "health"
    }  # fmt: skip
    assert rows[0]["primary"] is True
    assert rows[0]["health"] == "not_selected"
    sync(alice.http, rows[0]["id"])
    assert alice.http.get("/calendar/calendars").json()["calendars"][0]["health"] == "ok"


def test_refreshing_finds_a_new_calendar(site: Site, alice: Person) -> None:
    site.google_client("alice@example.com").post("/calendars", json={"summary": "New"})
    answer = alice.http.post(f"/calendar/accounts/{alice.account_id}/refresh-calendars")
    assert answer.status_code == 200, answer.text
    assert answer.json()["added"] == 1
    assert len(alice.http.get("/calendar/calendars").json()["calendars"]) == 3


def test_sync_status_explains_a_failure(site: Site, alice: Person) -> None:
    site.google.control(
        "faults", {"faults": [{"method": "events.list", "times": 9, "action": "return-403:forbidden"}]}
    )
    sync(alice.http, alice.calendar_id)
    rows = {row["calendar_id"]: row for row in alice.http.get("/calendar/sync-status").json()["calendars"]}
    row = rows[alice.calendar_id]
    assert row.keys() >= {
        "calendar_id", "status", "last_synced_at", "last_attempt_at", "last_error", "next_due_at", "channel",
        "pending_intents", "quarantined",
    }  # fmt: skip
    assert row["last_error"]["code"] == "403"
    assert row["last_synced_at"] is None
    assert row["last_attempt_at"] is not None
    assert row["pending_intents"] == 0


# The wire


def head(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", ""]
    ).encode("latin-1")


@ON_SHARED_SITE
@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        (head("/calendar/calendars?" + "x" * 9_000), (414,)),
        (head("/" + "x" * 70_000), (400, 414)),
        (head("/calendar/sync?calendar_ids=" + "," * 3_000_000), (400, 414)),
        (head("/healthz", "X: " + "x" * 200_000), (431,)),
        (head("/healthz", *(f"X-{n}: {'y' * 100}" for n in range(500))), (431,)),
        (head("/calendar/%2e%2e/healthz"), (404,)),
        (head("//healthz"), (404,)),
        (head("/healthz%00"), (404,)),
        (head("/%ff%fe"), (404,)),
        (head("/healthz", method="TRACE"), (405,)),
        (head("/auth/google/callback?state=%00&code=%ff"), (400,)),
        (head("/auth/session", "Cookie: =;;;calferry_session"), (401,)),
        (head("/auth/session", "Authorization: Bearer \xff\xfe"), (401,)),
        (head("/auth/tokens", "Content-Length: 5", "Transfer-Encoding: chunked", method="POST"), (400,)),
        (head("/static/../app.py"), (404,)),
        (head("/static/%2e%2e/app.py"), (404,)),
    ],
    ids=range(16),
)
def test_hostile_requests_are_refused_quietly(
    site: Site, request_bytes: bytes, statuses: tuple[int, ...]
) -> None:
    answer = exchange(site, request_bytes)
    assert int(answer.split(b" ", 2)[1]) in statuses
    assert b"Traceback" not in answer


@ON_SHARED_SITE
def test_a_body_too_large_is_refused(site: Site, alice: Person) -> None:
    answer = alice.http.post(
        "/auth/tokens",
        content=b'{"name":"' + b"x" * 100_000 + b'"}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


@ON_SHARED_SITE
def test_a_body_of_unannounced_length_is_bounded_too(site: Site, alice: Person) -> None:
    def endless():
        for _ in range(100):
            yield b"x" * 1_000

    answer = alice.http.post("/auth/tokens", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@ON_SHARED_SITE
def test_a_body_that_does_not_come_is_not_waited_for(
    site: Site, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "BODY_PART_WITHIN_S", 0.05)

    headers = {"Content-Type": "application/json", "Content-Length": "20"}
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])), WITHIN_S) as client:
        lines = ["POST /auth/tokens HTTP/1.1", "Host: x", f"Authorization: Bearer {alice.token}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        client.sendall("\r\n".join([*lines, "", "{"]).encode())
        assert client.recv(64).startswith(b"HTTP/1.1 408")


@ON_SHARED_SITE
def test_a_body_that_comes_in_drops_ends_too(
    site: Site, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "BODY_WITHIN_S", 0.3)
    lines = ["POST /auth/tokens HTTP/1.1", "Host: x", f"Authorization: Bearer {alice.token}"]
    lines += ["Content-Type: application/json", "Content-Length: 60000", "", "{"]
    with socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])), WITHIN_S) as client:
        client.sendall("\r\n".join(lines).encode())
        client.settimeout(0.02)
        answer = until(lambda: dripped(client), WITHIN_S)
    assert answer.startswith(b"HTTP/1.1 408")


def dripped(client: socket.socket) -> bytes:
    """One more byte of the body; what the server has said by then."""
    client.sendall(b" ")
    try:
        return client.recv(64)
    except TimeoutError:
        return b""


def test_the_first_page_escapes_names(site: Site, alice: Person) -> None:
    name = "<script>alert(1)</script>@example.com"
    site.write(lambda conn: conn.execute(users.update().values(email=name)))
    page = alice.http.get("/").text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;@example.com") == 2
