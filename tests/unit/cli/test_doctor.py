"""`calferry doctor`: what it finds wrong, what it says to do, and how it ends."""

import base64
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from calferry.bootstrap.http_server import listen
from calferry.core.grant_age import TESTING
from calferry.emulator.server import RunningGoogle
from tests.contract.web.site import running_site
from tests.unit.cli.conftest import Installation

ALICE = "alice@example.com"


@pytest.fixture
def pointed(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Every address of Google's is the local one's."""
    assert installation.google is not None
    url = installation.google.url
    monkeypatch.setenv("CALFERRY_GOOGLE_AUTH_URL", f"{url}/o/oauth2/v2/auth")
    monkeypatch.setenv("CALFERRY_GOOGLE_CERTS_URL", f"{url}/oauth2/v3/certs")
    return installation


def examined(installation: Installation, code: int) -> dict[str, dict[str, Any]]:
    outcome = installation.outcome("doctor", code=code)
    assert outcome["healthy"] == (code == 0)
    return {finding["about"]: finding for finding in outcome["findings"]}


def state_of(found: dict[str, dict[str, Any]], about: str) -> str:
    return str(found[about]["state"])


def google_of(installation: Installation) -> RunningGoogle:
    assert installation.google is not None
    return installation.google


def change(tmp_path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "calferry.sqlite3")) as database:
        assert database.execute(statement, values).rowcount > 0
        database.commit()


def test_a_sound_installation_is_healthy(pointed: Installation) -> None:
    pointed.connect()
    found = examined(pointed, 0)
    sound = ("settings", "database", "keys", "Google", "clock", "redirect", f"account {ALICE}")
    assert [about for about in sound if state_of(found, about) != "ok"] == []
    assert state_of(found, "webhook") == "note"
    assert "http://127.0.0.1:8000/auth/google/callback" in found["redirect"]["found"]


def test_people_read_what_to_do(pointed: Installation) -> None:
    done = pointed.run("doctor")
    assert done.exit_code == 0
    assert "ok       settings: " in done.stdout
    assert "→ `calferry serve` makes it." in done.stdout


def test_nothing_configured_is_told_setting_by_setting(bare: Installation) -> None:
    outcome = bare.outcome("doctor", code=3)
    said = [finding["found"].split()[0] for finding in outcome["findings"]]
    assert said == [
        "CALFERRY_KEYS",
        "CALFERRY_BASE_URL",
        "GOOGLE_CLIENT_ID",
        "GOOGLE_CLIENT_SECRET",
        "CALFERRY_ALLOWED_EMAILS",
    ]


def test_an_unusable_setting_is_told(bare: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALFERRY_KEYS", "short")
    assert bare.outcome("doctor", code=3)["findings"][0]["found"].startswith("CALFERRY_KEYS is not usable")


def test_an_unusable_database_is_told(pointed: Installation, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "calferry.sqlite3").write_text("no database " * 100)
    found = examined(pointed, 3)
    assert "is not an SQLite database" in found["database"]["found"]


def test_missing_migrations_are_broken_only_where_nothing_runs_them(
    pointed: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointed.connect()
    change(tmp_path, "UPDATE alembic_version SET version_num = '0001'")
    assert state_of(examined(pointed, 0), "database") == "note"
    monkeypatch.setenv("CALFERRY_AUTO_MIGRATE", "0")
    found = examined(pointed, 1)
    assert (state_of(found, "database"), found["database"]["mend"]) == (
        "broken",
        "Run `calferry db upgrade`.",
    )


def test_a_lost_key_is_told_with_whose_grants_it_sealed(
    pointed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointed.connect()
    monkeypatch.setenv("CALFERRY_KEYS", base64.b64encode(os.urandom(32)).decode())
    found = examined(pointed, 1)
    assert state_of(found, "keys") == "broken"
    assert ALICE in found["keys"]["found"]


def test_an_unregistered_redirect_address_is_told(
    pointed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALFERRY_BASE_URL", "https://calendar.example.com")
    found = examined(pointed, 1)
    assert state_of(found, "redirect") == "broken"
    assert "https://calendar.example.com/auth/google/callback" in found["redirect"]["mend"]


def test_an_unknown_client_is_told(pointed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLIENT_ID", "nobody")
    found = examined(pointed, 1)
    assert "invalid_client" in found["redirect"]["found"]


def test_googles_own_error_page_is_understood() -> None:
    from calferry.cli.examine_google import refusal_in
    from calferry.google import WireResponse

    said = base64.urlsafe_b64encode(b"\n\x15redirect_uri_mismatch\x12 and so on").decode().rstrip("=")
    page = {"location": f"https://accounts.google.com/signin/oauth/error?authError={said}&client_id=x"}
    assert refusal_in(WireResponse(302, page, b"")) == "redirect_uri_mismatch"
    consent = {"location": "https://accounts.google.com/v3/signin/identifier?continue=x"}
    assert refusal_in(WireResponse(302, consent, b"")) is None


def test_a_revoked_grant_asks_for_a_sign_in(pointed: Installation) -> None:
    pointed.connect()
    google_of(pointed).control("revoke", {"email": ALICE})
    found = examined(pointed, 4)
    assert state_of(found, f"account {ALICE}") == "sign_in"
    assert "http://127.0.0.1:8000/auth/google/login" in found[f"account {ALICE}"]["mend"]


def test_a_missing_permission_asks_for_a_sign_in(pointed: Installation, tmp_path: Path) -> None:
    pointed.connect()
    change(tmp_path, "UPDATE accounts SET scopes = 'openid email'")
    found = examined(pointed, 4)
    assert "calendar.events" in found[f"account {ALICE}"]["found"]


def test_a_disabled_api_is_told(pointed: Installation) -> None:
    pointed.connect()
    fault = {"method": "calendarList.list", "times": 9, "action": "return-403:accessNotConfigured"}
    google_of(pointed).control("faults", {"faults": [fault]})
    found = examined(pointed, 1)
    assert found[f"account {ALICE}"]["mend"].startswith("Enable the Google Calendar API")


def test_grants_that_died_after_a_week_point_to_the_publishing_status(
    pointed: Installation, tmp_path: Path
) -> None:
    pointed.connect()
    change(tmp_path, "UPDATE accounts SET status = 'needs_reauth', status_reason = ?", f"Revoked. {TESTING}")
    found = examined(pointed, 1)
    assert state_of(found, "publishing status") == "broken"
    assert "Testing" in found["publishing status"]["mend"]


def test_a_google_out_of_reach_is_told(pointed: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", 0) as taken:
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}"
    monkeypatch.setenv("CALFERRY_GOOGLE_CERTS_URL", f"{nowhere}/certs")
    monkeypatch.setenv("CALFERRY_GOOGLE_AUTH_URL", f"{nowhere}/auth")
    found = examined(pointed, 1)
    assert state_of(found, "Google") == "broken"
    assert state_of(found, "redirect") == "note"


def test_a_clock_that_goes_wrong_is_told(pointed: Installation) -> None:
    google_of(pointed).control("clock", {"advance_s": 3_600})
    found = examined(pointed, 1)
    assert "behind Google's" in found["clock"]["found"]


def test_a_notification_is_sent_to_the_public_address_and_looked_for_in_the_database(
    pointed: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointed.connect()
    keys = os.environ["CALFERRY_KEYS"]
    with running_site(google_of(pointed), tmp_path / "data", keys=keys, push=True) as site:
        monkeypatch.setenv("WEBHOOK_BASE_URL", site.url)
        assert state_of(examined(pointed, 0), "webhook") == "ok"
    assert "cannot be reached" in examined(pointed, 1)["webhook"]["found"]


def test_another_database_behind_the_public_address_is_noticed(
    pointed: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pointed.connect()
    with running_site(google_of(pointed), tmp_path / "other", push=True) as site:
        monkeypatch.setenv("WEBHOOK_BASE_URL", site.url)
        assert "did not arrive in this database" in examined(pointed, 1)["webhook"]["found"]
        monkeypatch.setenv("WEBHOOK_BASE_URL", google_of(pointed).url)
        assert "answers 404" in examined(pointed, 1)["webhook"]["found"]
