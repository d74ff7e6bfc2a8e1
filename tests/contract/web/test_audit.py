"""What happens to access leaves an entry, and an entry holds nothing but numbers and ids."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from calferry.duties.purge import purge
from calferry.emulator.server import RunningGoogle
from calferry.store import audit
from calferry.store.tables import audit as table
from calferry.store.tables import sign_ins, users
from tests.contract.web.site import Person, Site, running_site, sync
from tests.contract.web.test_sign_in import ALICE, BOB, begin, rows, sign_in, step
from tests.waiting import until

DAY_S = 86_400


def entries(site: Site) -> list[audit.Entry]:
    """Oldest first."""
    return site.read(lambda conn: audit.latest(conn, 1_000))[::-1]


def actions(site: Site) -> list[str]:
    return [entry.action for entry in entries(site)]


def test_a_visit_from_signing_in_to_being_forgotten(site: Site) -> None:
    browser = sign_in(site)
    own = {"Origin": site.url}
    token = browser.post("/auth/tokens", json={"name": "secret plans"}, headers=own).json()
    browser.delete(f"/auth/tokens/{token['id']}", headers=own)
    (account,) = browser.get("/calendar/accounts").json()["accounts"]
    step(browser, begin(browser, None, f"?intent=reconnect&account_id={account['id']}"))
    browser.delete(f"/calendar/accounts/{account['id']}", headers=own)
    assert browser.get("/auth/session").status_code == 200
    site.clock.advance(DAY_S + 1)
    assert site.run(lambda: purge(site.engine)).people == 1
    assert browser.get("/auth/session").status_code == 401
    found = entries(site)
    assert [(entry.action, entry.subject) for entry in found] == [
        ("account_connected", account["id"]),
        ("signed_in", None),
        ("token_created", token["id"]),
        ("token_revoked", token["id"]),
        ("account_reconnected", account["id"]),
        ("account_disconnected", account["id"]),
        ("account_erased", account["id"]),
        ("person_erased", None),
    ]
    assert {entry.user_id for entry in found} == {1}
    stored = site.read(lambda conn: conn.execute(select(table)).all())
    assert not any(part in str(stored) for part in (ALICE, "secret plans", token["token"], "@"))


def test_a_token_of_a_forgotten_person_is_dead_and_their_number_stays_taken(
    site: Site, alice: Person
) -> None:
    alice.http.delete(f"/calendar/accounts/{alice.account_id}")
    assert alice.http.get("/calendar/accounts").json() == {"accounts": []}
    site.clock.advance(DAY_S + 1)
    site.run(lambda: purge(site.engine))
    assert alice.http.get("/calendar/accounts").status_code == 401
    assert site.person().user_id != alice.user_id
    emails = site.read(lambda conn: conn.execute(select(users.c.email).order_by(users.c.id)).scalars().all())
    assert emails == [f"erased:{alice.user_id}", ALICE]


def test_who_connects_again_within_a_day_stays_who_they_are(site: Site, alice: Person) -> None:
    alice.http.delete(f"/calendar/accounts/{alice.account_id}")
    assert site.person().user_id == alice.user_id
    site.clock.advance(DAY_S + 1)
    assert site.run(lambda: purge(site.engine)).people == 0
    assert alice.http.get("/calendar/accounts").json()["accounts"]


def test_signing_out_is_written(site: Site) -> None:
    browser = sign_in(site)
    browser.post("/auth/logout", headers={"Origin": site.url})
    assert actions(site)[-1] == "signed_out"


def test_a_blocked_grant_is_written_once(site: Site, alice: Person) -> None:
    site.google.control("revoke", {"email": ALICE})
    ids = list(alice.calendars.values())
    assert {error["code"] for error in sync(alice.http, *ids).of("sync_error")} == {"401"}
    assert [(e.action, e.subject, e.details) for e in entries(site) if e.action == "account_blocked"] == [
        ("account_blocked", alice.account_id, {"code": "401"})
    ]


def test_another_sites_attempts_are_written_once_a_minute(site: Site) -> None:
    browser = sign_in(site)
    for _ in range(3):
        assert browser.post("/auth/logout", headers={"Origin": "https://evil.example"}).status_code == 403
    denied = until(lambda: [e for e in entries(site) if e.action == "access_denied"])
    assert [(entry.user_id, entry.subject) for entry in denied] == [(1, "cross_site")]
    site.clock.advance(61)
    browser.post("/auth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    until(lambda: actions(site).count("access_denied") == 2)


def test_who_was_not_let_in_is_written_without_a_name(google: RunningGoogle, tmp_path: Path) -> None:
    with running_site(google, tmp_path, allowed_emails=BOB) as site:
        browser = site.client()
        assert step(browser, begin(browser)).status_code == 403
        (refused,) = entries(site)
        assert (refused.action, refused.user_id, refused.details) == (
            "sign_in_refused",
            None,
            {"status": 403},
        )


def test_a_request_without_credentials_writes_nothing(site: Site) -> None:
    site.client("wrong").get("/calendar/accounts")
    site.client().get("/auth/google/callback?state=guessed&code=x")
    assert entries(site) == []


def test_entries_past_their_keeping_go(site: Site, alice: Person) -> None:
    assert actions(site)
    site.clock.advance(366 * DAY_S)
    assert site.run(lambda: purge(site.engine)).audit == len(["account_connected", "token_created"])


def test_only_so_many_sign_ins_can_be_under_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calferry.store.sign_ins.UNDER_WAY_MAX", 2)
    answers: list[Any] = [step(site.client(), "/auth/google/login") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert (answers[2].json()["code"], answers[2].headers["retry-after"]) == ("too_many_sign_ins", "60")
    assert rows(site, sign_ins) == 2
    site.clock.advance(601)
    assert step(site.client(), "/auth/google/login").status_code == 303
    assert rows(site, sign_ins) == 1
