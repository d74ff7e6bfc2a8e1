"""Logs: one JSON object a line off a terminal, and never a secret."""

import io
import json
import logging
from typing import Any

import pytest
import structlog

from calferry.bootstrap.logs import HIDDEN
from tests.harness.logged import logged_to


def entries(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_an_entry_is_one_line_of_json(lines: io.StringIO) -> None:
    structlog.get_logger("calferry").info("calendar_synced", calendar="cal_1", pages=2, error=None)
    (entry,) = entries(lines)
    assert (entry["event"], entry["calendar"], entry["pages"], entry["level"]) == (
        "calendar_synced",
        "cal_1",
        2,
        "info",
    )
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "name",
    [
        "refresh_token",
        "access_token",
        "Authorization",
        "cookie",
        "client_secret",
        "password",
        "verifier",
        "key",
    ],
)
def test_values_with_a_secret_name_are_hidden(lines: io.StringIO, name: str) -> None:
    structlog.get_logger("calferry").info("said", **{name: "hunter2"})
    assert entries(lines)[0][name] == HIDDEN


@pytest.mark.parametrize(
    "secret",
    [
        "ya29.a0AfH6SMBx-y_z",
        "1//0gLx-Abc_def",
        "GOCSPX-abc_DEF-1",
        "4/0AX4XfWh-abc",
        "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
        "Bearer abc.def-ghi",
    ],
)
def test_text_that_looks_like_a_secret_is_hidden(lines: io.StringIO, secret: str) -> None:
    structlog.get_logger("calferry").warning("failed", said=f"it was {secret} then", deep={"a": [secret]})
    logging.getLogger("some.library").error("sent %s", secret)
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        structlog.get_logger("calferry").exception("crashed")
    assert secret.removeprefix("Bearer ") not in lines.getvalue()
    assert len(entries(lines)) == 3


def test_codes_in_addresses_and_passwords_of_databases_are_hidden(lines: io.StringIO) -> None:
    address = "http://127.0.0.1/auth/google/callback?state=s3cr3t&code=c0d3&scope=openid"
    structlog.get_logger("calferry").info(
        "asked", address=address, database="postgresql://me:pa55@db/calferry"
    )
    text = lines.getvalue()
    assert not any(secret in text for secret in ("s3cr3t", "c0d3", "pa55"))
    assert "scope=openid" in text


def test_line_breaks_cannot_forge_an_entry(lines: io.StringIO) -> None:
    structlog.get_logger("calferry").info("said", title='x\n{"event": "forged"}\r\n\x1b[31m')
    assert len(entries(lines)) == 1


class Terminal(io.StringIO):
    """Where people look."""

    def isatty(self) -> bool:
        return True


def test_values_cannot_forge_a_line_or_colour_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with logged_to(Terminal()) as terminal:
        title = "x\r\n2026-01-01 [info] forged\x1b[2J\u2028\u202e\x85"
        structlog.get_logger("calferry").info("said", title=title, deep=[title])
        logging.getLogger("some.library").error("sent %s", title)
        try:
            raise RuntimeError(title)
        except RuntimeError:
            structlog.get_logger("calferry").exception("crashed", title=title)
    text = terminal.getvalue()
    assert not any(sign in text for sign in ("\x1b[2J", "\r", "\x85", "\u2028", "\u202e"))
    entries = text.partition("Traceback")[0].splitlines()
    assert len(entries) == 3


def test_what_is_below_the_level_is_silent(lines: io.StringIO) -> None:
    structlog.get_logger("calferry").debug("detail")
    assert lines.getvalue() == ""


def test_a_stream_is_logged_to_no_longer_than_it_is_read() -> None:
    before = structlog.get_config()
    with logged_to(Terminal()):
        assert structlog.get_config() != before
    assert structlog.get_config() == before
