"""Reading the settings."""

import base64
from pathlib import Path

import pytest

from calferry.settings import REQUIRED_BY_SERVE, Settings, SettingsInvalid, load_settings, setting_name

KEY = base64.b64encode(bytes(range(32))).decode()
COMPLETE = {
    "CALFERRY_KEYS": KEY,
    "CALFERRY_BASE_URL": "http://127.0.0.1:8000/",
    "GOOGLE_CLIENT_ID": "demo-client",
    "GOOGLE_CLIENT_SECRET": "demo-secret",
    "CALFERRY_ALLOWED_EMAILS": "alice@example.com, *@Example.org",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(setting_name(field), raising=False)


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return load_settings(env_file=None)


def test_nothing_is_required_before_a_command_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert settings.webhook_address is None
    assert settings.cron_secrets == ()


def test_every_missing_setting_is_one_sentence_that_says_how_to_make_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read(monkeypatch).require_for_serve()
    assert len(caught.value.problems) == len(REQUIRED_BY_SERVE)
    assert all("is not set: " in problem and problem.endswith(".") for problem in caught.value.problems)
    assert "os.urandom(32)" in caught.value.problems[0]


def test_a_complete_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **COMPLETE)
    settings.require_for_serve()
    assert settings.sealing_keys == [bytes(range(32))]
    assert settings.redirect_uri == "http://127.0.0.1:8000/auth/google/callback"
    assert settings.email_patterns == ("alice@example.com", "*@example.org")
    assert not settings.is_https


def test_a_file_is_read_too(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("".join(f'{name}="{value}"\n' for name, value in COMPLETE.items()))
    load_settings(env_file=file).require_for_serve()


def test_a_setting_left_empty_counts_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, WEBHOOK_BASE_URL="", CALFERRY_POLL_JITTER="")
    assert settings.webhook_address is None
    assert settings.poll_jitter == 0.25


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("CALFERRY_KEYS", "c2hvcnQ=", "key 1 has 5 bytes"),
        ("CALFERRY_BASE_URL", "calendar.example.com", "https://"),
        ("CALFERRY_BASE_URL", "https://calendar.example.com/app", "without a path"),
        ("CALFERRY_BASE_URL", "https://user:hush@calendar.example.com", "user name"),
        ("CALFERRY_BASE_URL", "http://[::1", "not an address"),
        ("CALFERRY_ALLOWED_EMAILS", "alice@example.com,example.com", "entry 2"),
        ("CRON_SECRET", "too-short-to-be-a-secret", "32 characters"),
        ("CRON_SECRET", ",".join("abc"[i] * 40 for i in range(3)), "two secrets"),
        ("CRON_SECRET", "ä" * 40, "ASCII"),
        ("CALFERRY_DATABASE_URL", "mysql://host/db", "sqlite:///path"),
        ("CALFERRY_DATABASE_URL", "postgresql+asyncpg://host/db", "driver"),
        ("CALFERRY_POLL_JITTER", "0.9", "less than or equal to 0.5"),
        ("CALFERRY_SESSION_IDLE_DAYS", "soon", "integer"),
        ("CALFERRY_LOG_LEVEL", "loud", "'debug', 'info'"),
        ("WEBHOOK_BASE_URL", "ftp://example.com", "https://"),
    ],
)
def test_a_wrong_value_reads_as_a_sentence_without_the_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read(monkeypatch, **{name: value})
    (problem,) = caught.value.problems
    assert problem.startswith(f"{name} is not usable: ")
    assert problem.endswith(".")
    assert reason in problem
    assert value not in problem


def test_plain_http_for_notifications_needs_loopback_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsInvalid, match="WEBHOOK_BASE_URL"):
        read(monkeypatch, WEBHOOK_BASE_URL="http://127.0.0.1:8000")
    with pytest.raises(SettingsInvalid, match="https only"):
        read(
            monkeypatch,
            WEBHOOK_BASE_URL="http://hooks.example.com",
            CALFERRY_GOOGLE_API_URL="http://127.0.0.1:1",
        )
    local = read(
        monkeypatch, WEBHOOK_BASE_URL="http://localhost:8000/", CALFERRY_GOOGLE_API_URL="http://[::1]:8001"
    )
    assert local.webhook_address == "http://localhost:8000/api/webhooks/google-calendar"


def test_https_notifications_need_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, WEBHOOK_BASE_URL="https://hooks.example.com/in/")
    assert settings.webhook_address == "https://hooks.example.com/in/api/webhooks/google-calendar"


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, **COMPLETE, CRON_SECRET="s" * 40)
    shown = repr(settings) + str(settings) + settings.model_dump_json()
    assert KEY not in shown
    assert "demo-secret" not in shown
    assert "s" * 40 not in shown


def test_extra_scopes_widen_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, CALFERRY_EXTRA_SCOPES="https://example.com/a,openid https://example.com/b")
    assert settings.scopes[-2:] == ("https://example.com/a", "https://example.com/b")
    assert len(settings.scopes) == 6
