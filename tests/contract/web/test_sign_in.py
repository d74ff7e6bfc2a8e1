"""Signing in through Google's consent page, as a browser does it."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import func, select

from calferry.emulator.server import RunningGoogle, run_in_thread
from calferry.store import sessions as session_rows
from calferry.store.tables import accounts, sessions, sign_ins, users
from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Site, running_site

ALICE = "alice@example.com"
BOB = "bob@example.com"


def step(client: httpx.Client, address: str) -> httpx.Response:
    """One request of the browser, following nothing."""
    return client.get(address, follow_redirects=False)


def consent(client: httpx.Client, login: httpx.Response, email: str | None = None) -> str:
    """Let Google consent; returns the callback's address."""
    assert login.status_code in (302, 303), login.text
    address = login.headers["location"] + (f"&login_hint={email}" if email else "")
    with httpx.Client(trust_env=False, timeout=30) as google:
        answer = google.get(address, follow_redirects=False)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]


def begin(client: httpx.Client, email: str | None = ALICE, query: str = "") -> str:
    """From login to the callback's address."""
    return consent(client, step(client, f"/auth/google/login{query}"), email)


def sign_in(site: Site, email: str = ALICE) -> httpx.Client:
    browser = site.client()
    answer = step(browser, begin(browser, email))
    assert answer.status_code in (302, 303), answer.text
    return browser


def rows(site: Site, table) -> int:
    return site.read(lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one())


def assert_refused(site: Site, answer: httpx.Response, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "set-cookie" not in answer.headers
    assert rows(site, sessions) == 0


def test_signing_in_stores_the_grant_and_lists_the_calendars_before_it_redirects(site: Site) -> None:
    browser = site.client()
    callback = begin(browser, query="?return_to=/somewhere?x=1")
    answer = step(browser, callback)
    assert answer.status_code in (302, 303)
    assert answer.headers["location"] == "/somewhere?x=1"
    session = browser.get("/auth/session").json()
    assert session["user"]["email"] == ALICE
    assert site.read(lambda conn: conn.execute(select(accounts.c.granted_at)).scalar_one()) > 0
    calendars = browser.get("/calendar/calendars").json()["calendars"]
    assert {calendar["google_id"] for calendar in calendars} == {
        ALICE,
        "alice-team@group.calendar.google.com",
    }
    (account,) = browser.get("/calendar/accounts").json()["accounts"]
    assert (account["email"], account["status"], account["missing_scopes"]) == (ALICE, "active", [])


@ON_SHARED_SITE
def test_google_is_asked_with_pkce_state_and_nonce(site: Site) -> None:
    login = step(site.client(), "/auth/google/login")
    asked = parse_qs(urlsplit(login.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["access_type"] == ["offline"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [f"{site.url}/auth/google/callback"]
    assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
    scopes = asked["scope"][0].split()
    assert {"openid", "email"} <= set(scopes)
    assert len(scopes) == 4


@ON_SHARED_SITE
def test_the_redirect_address_ignores_the_host_header(site: Site) -> None:
    login = site.client().get(
        "/auth/google/login", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    assert "evil" not in login.headers["location"]


def test_cookies_are_httponly_lax_and_not_secure_on_http(site: Site) -> None:
    browser = site.client()
    login = step(browser, "/auth/google/login")
    callback = step(browser, consent(browser, login, ALICE))
    for cookie in (login.headers["set-cookie"], *callback.headers.get_list("set-cookie")):
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie
        assert "__Host-" not in cookie


def test_cookies_are_host_bound_and_secure_on_https(google: RunningGoogle, tmp_path: Path) -> None:
    with running_site(google, tmp_path, base_url="https://calendar.example.com") as site:
        cookie = step(site.client(), "/auth/google/login").headers["set-cookie"]
        assert cookie.startswith("__Host-calferry_sign_in=")
        assert "Secure" in cookie
        assert "Domain" not in cookie
        assert "strict-transport-security" in site.client().get("/healthz").headers


def test_only_hashes_of_secrets_are_stored(site: Site, tmp_path: Path) -> None:
    browser = site.client()
    callback = begin(browser)
    step(browser, callback)
    secrets = [*browser.cookies.values(), parse_qs(urlsplit(callback).query)["state"][0]]
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert all(secret.encode() not in stored for secret in secrets)
    assert b"1//" not in stored
    assert b"ya29." not in stored


@ON_SHARED_SITE
@pytest.mark.parametrize(
    "change",
    [
        lambda address: re.sub(r"state=[^&]*", "state=", address),
        lambda address: re.sub(r"state=[^&]*&?", "", address),
        lambda address: re.sub(r"state=[^&]*", "state=foreign", address),
        lambda address: address + "&state=twice",
        lambda address: re.sub(r"code=[^&]*", "code=", address) + "&error=access_denied",
        lambda address: re.sub(r"code=[^&]*", "", address) + "&error=%3Cscript%3Ealert(1)%3C/script%3E",
        lambda address: re.sub(r"code=[^&]*", "code=" + "x" * 5_000, address),
        lambda address: re.sub(r"code=[^&]*", "code=wrong", address),
        lambda address: re.sub(r"&iss=[^&]*", "", address) + "&iss=https://evil.example",
    ],
)
def test_a_tampered_callback_stores_nothing(site: Site, change) -> None:
    browser = site.client()
    answer = step(browser, change(begin(browser)))
    assert_refused(site, answer)
    assert "<script>" not in answer.text
    assert rows(site, users) == 0


def test_a_state_serves_once(site: Site) -> None:
    browser = site.client()
    callback = begin(browser)
    kept = dict(browser.cookies)
    step(browser, callback)
    again = site.client(cookies=kept)
    assert step(again, callback).status_code == 400


@ON_SHARED_SITE
def test_a_state_is_bound_to_its_browser(site: Site) -> None:
    callback = begin(site.client())
    assert_refused(site, step(site.client(), callback))
    other = site.client()
    step(other, "/auth/google/login")
    assert_refused(site, step(other, callback))


def test_a_state_lasts_ten_minutes(site: Site) -> None:
    browser = site.client()
    callback = begin(browser)
    site.clock.advance(601)
    assert_refused(site, step(browser, callback))


def test_two_tabs_may_sign_in_at_once(site: Site) -> None:
    browser = site.client()
    first, second = begin(browser), begin(browser)
    assert step(browser, first).status_code in (302, 303)
    assert rows(site, sign_ins) == 2
    assert second


def test_an_address_that_is_not_allowed_gets_403_and_nothing_is_stored(
    google: RunningGoogle, tmp_path: Path
) -> None:
    with running_site(google, tmp_path, allowed_emails="*@else.example, bob@example.com") as site:
        browser = site.client()
        assert_refused(site, step(browser, begin(browser)), 403)
        assert rows(site, users) == 0
        sign_in(site, BOB)


@pytest.mark.parametrize(
    "return_to",
    [
        "//evil",
        "https:evil",
        "/\\evil",
        "/%2f%2fevil",
        "javascript:alert(1)",
        "/a%0d%0aX: y",
        "https://h@evil",
        "/％2f",
        "",
    ],
)
def test_return_to_never_leaves_the_site(site: Site, return_to: str) -> None:
    browser = site.client()
    login = browser.get("/auth/google/login", params={"return_to": return_to}, follow_redirects=False)
    answer = step(browser, consent(browser, login, ALICE))
    assert answer.headers["location"] == "/"


def test_signing_in_again_ends_the_former_session(site: Site) -> None:
    browser = sign_in(site)
    former = browser.cookies["calferry_session"]
    step(browser, begin(browser))
    assert browser.cookies["calferry_session"] != former
    assert site.client(cookies={"calferry_session": former}).get("/auth/session").status_code == 401
    assert browser.get("/auth/session").status_code == 200


def test_a_planted_session_cookie_is_not_taken_over(site: Site) -> None:
    browser = site.client(cookies={"calferry_session": "planted" * 8})
    step(browser, begin(browser))
    assert site.client(cookies={"calferry_session": "planted" * 8}).get("/auth/session").status_code == 401


def test_signing_out_ends_the_session_for_good(site: Site) -> None:
    browser = sign_in(site)
    cookie = browser.cookies["calferry_session"]
    assert browser.post("/auth/logout").status_code == 403
    assert browser.post("/auth/logout", headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/auth/logout", headers={"Origin": site.url}).status_code == 204
    assert site.client(cookies={"calferry_session": cookie}).get("/auth/session").status_code == 401


def test_signing_out_on_https_makes_the_browser_forget_the_site(
    google: RunningGoogle, tmp_path: Path
) -> None:
    with running_site(google, tmp_path, base_url="https://calendar.example.com") as site:
        alice = site.person(ALICE)
        now_ms = site.clock.now_ms()
        site.write(lambda conn: session_rows.create(conn, "cookie", alice.user_id, now_ms, now_ms + 60_000))
        browser = site.client()
        headers = {"Cookie": "__Host-calferry_session=cookie", "Sec-Fetch-Site": "same-origin"}
        answer = browser.post("/auth/logout", headers=headers)
        assert answer.status_code == 204
        assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
        assert "__Host-calferry_session=" in answer.headers["set-cookie"]
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert browser.get("/auth/session", headers=headers).status_code == 401


@pytest.mark.usefixtures("hasty")
def test_a_stream_ends_when_its_session_does(site: Site) -> None:
    browser = sign_in(site)
    site.google.control("faults", {"faults": [{"method": "events.list", "action": "stall-4000"}]})
    calendar = browser.get("/calendar/calendars").json()["calendars"][0]["id"]
    with site.client(cookies=browser.cookies).stream(
        "GET", f"/calendar/sync?calendar_ids={calendar}", headers={"Sec-Fetch-Site": "same-origin"}
    ) as response:
        chunks = response.iter_text()
        text = next(chunks)
        browser.post("/auth/logout", headers={"Origin": site.url})
        site.clock.advance(16)
        text += "".join(chunks)
    assert "event: complete" not in text


def test_a_session_ends_when_idle_and_at_the_latest_after_its_time(site: Site) -> None:
    browser = sign_in(site)
    for _ in range(9):
        site.clock.advance(10 * 86_400)
        answer = browser.get("/auth/session")
        if answer.status_code == 401:
            break
    assert answer.status_code == 401
    idle = sign_in(site)
    site.clock.advance(14 * 86_400 + 61)
    assert idle.get("/auth/session").status_code == 401


def test_a_later_sign_in_without_a_refresh_token_keeps_the_stored_one(site: Site) -> None:
    sign_in(site)
    browser = sign_in(site)
    assert browser.post("/calendar/accounts").status_code == 405
    (account,) = browser.get("/calendar/accounts").json()["accounts"]
    answer = browser.post(
        f"/calendar/accounts/{account['id']}/refresh-calendars", headers={"Origin": site.url}
    )
    assert answer.status_code == 200, answer.text


def test_consent_is_asked_for_again_when_google_gives_no_refresh_token(
    google: RunningGoogle, tmp_path: Path
) -> None:
    """The grant exists at Google, but this database is new."""
    with running_site(google, tmp_path / "first") as site:
        sign_in(site)
    with running_site(google, tmp_path / "second") as site:
        browser = site.client()
        again = step(browser, begin(browser))
        if again.headers["location"].startswith(google.url):
            assert "prompt=consent" in again.headers["location"]
            again = step(browser, consent(browser, again))
        assert again.headers["location"] == "/"
        assert browser.get("/auth/session").status_code == 200


def test_a_partial_grant_is_kept_and_says_what_is_missing(google: RunningGoogle, tmp_path: Path) -> None:
    with run_in_thread(auto=False) as asking, running_site(asking, tmp_path) as site:
        browser = site.client()
        login = step(browser, "/auth/google/login")
        with httpx.Client(base_url=asking.url, trust_env=False) as page:
            form = page.get(login.headers["location"])
            action = re.search(r'action="([^"]*)"', form.text)
            fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form.text))
            sent = {name: value for name, value in fields.items() if not name.startswith("scope_")}
            sent |= {"email": ALICE, "decision": "allow"}
            boxes = re.findall(r'name="(scope_\d+)"[^>]*value="([^"]*)"', form.text)
            sent |= {name: value for name, value in boxes if "calendar.events" not in value}
            target = action[1].replace("&amp;", "&") if action and action[1] else login.headers["location"]
            answer = page.post(target, data=sent, follow_redirects=False)
        assert answer.status_code in (302, 303), answer.text
        assert step(browser, answer.headers["location"]).status_code in (302, 303)
        (account,) = browser.get("/calendar/accounts").json()["accounts"]
        assert account["status"] == "partial"
        assert account["missing_scopes"] == ["https://www.googleapis.com/auth/calendar.events"]
        reconnect = f"/auth/google/login?intent=reconnect&account_id={account['id']}"
        assert step(browser, reconnect).headers["location"].startswith(asking.url)


# Further accounts


def test_connecting_adds_an_account_to_the_signed_in_person(site: Site) -> None:
    browser = sign_in(site)
    answer = step(browser, begin(browser, BOB, "?intent=connect"))
    assert answer.status_code in (302, 303)
    emails = {account["email"] for account in browser.get("/calendar/accounts").json()["accounts"]}
    assert emails == {ALICE, BOB}
    assert browser.get("/auth/session").json()["user"]["email"] == ALICE


def test_connecting_an_account_of_somebody_else_is_a_conflict(site: Site) -> None:
    sign_in(site, BOB)
    browser = sign_in(site)
    assert step(browser, begin(browser, BOB, "?intent=connect")).status_code == 409


@ON_SHARED_SITE
def test_connecting_needs_a_signed_in_person(site: Site) -> None:
    assert step(site.client(), "/auth/google/login?intent=connect").status_code == 401


def test_connecting_is_finished_only_by_the_person_who_began(site: Site) -> None:
    browser = sign_in(site)
    callback = begin(browser, BOB, "?intent=connect")
    del browser.cookies["calferry_session"]
    assert step(browser, callback).status_code == 400


def test_reconnecting_demands_the_same_google_account(site: Site) -> None:
    browser = sign_in(site)
    (account,) = browser.get("/calendar/accounts").json()["accounts"]
    query = f"?intent=reconnect&account_id={account['id']}"
    login = step(browser, f"/auth/google/login{query}")
    assert f"login_hint={ALICE.replace('@', '%40')}" in login.headers["location"]
    other = login.headers["location"].replace("login_hint=alice", "login_hint=bob")
    with httpx.Client(trust_env=False) as google:
        callback = google.get(other, follow_redirects=False).headers["location"]
    assert step(browser, callback).status_code == 409
    assert step(browser, begin(browser, None, query)).status_code in (302, 303)


def test_reconnecting_revives_a_dead_grant(site: Site) -> None:
    browser = sign_in(site)
    site.google.control("revoke", {"email": ALICE})
    (account,) = browser.get("/calendar/accounts").json()["accounts"]
    refresh = f"/calendar/accounts/{account['id']}/refresh-calendars"
    assert browser.post(refresh, headers={"Origin": site.url}).status_code == 502
    assert browser.get("/calendar/accounts").json()["accounts"][0]["status"] == "needs_reauth"
    step(browser, begin(browser, None, f"?intent=reconnect&account_id={account['id']}"))
    assert browser.get("/calendar/accounts").json()["accounts"][0]["status"] == "active"


def test_reconnecting_a_foreign_account_is_not_found(site: Site) -> None:
    bob = sign_in(site, BOB)
    (account,) = bob.get("/calendar/accounts").json()["accounts"]
    answer = step(sign_in(site), f"/auth/google/login?intent=reconnect&account_id={account['id']}")
    assert answer.status_code == 404


@pytest.mark.parametrize("query", ["?intent=other", "?intent=reconnect"])
def test_an_unknown_intent_is_refused(site: Site, query: str) -> None:
    browser = sign_in(site)
    assert step(browser, f"/auth/google/login{query}").status_code == 400


def test_disconnecting_revokes_and_erases(site: Site) -> None:
    browser = sign_in(site)
    (account,) = browser.get("/calendar/accounts").json()["accounts"]
    address = f"/calendar/accounts/{account['id']}"
    assert sign_in(site, BOB).delete(address, headers={"Origin": site.url}).status_code == 404
    assert browser.delete(address, headers={"Origin": site.url}).status_code == 204
    assert browser.get("/calendar/accounts").json() == {"accounts": []}
    assert browser.get("/calendar/calendars").json() == {"calendars": []}
    assert site.google_requests("/revoke")
    assert browser.delete(address, headers={"Origin": site.url}).status_code == 404


def test_a_refusal_of_this_service_by_google_is_a_page_that_says_so(site: Site) -> None:
    browser = site.client()
    callback = begin(browser)
    site.google.control("faults", {"faults": [{"method": "token", "times": 20, "action": "return-401"}]})
    answer = step(browser, callback)
    assert answer.status_code == 502
    assert rows(site, users) == 0
