"""`calferry keys rotate`, and what the other commands say of keys that do not fit."""

import base64
import os

import pytest

from calferry.vault import key_id
from tests.unit.cli.conftest import Installation

ALICE = "alice@example.com"


class Keys:
    """Lists keys in the environment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.old, self.new = os.urandom(32), os.urandom(32)

    def use(self, *keys: bytes) -> None:
        self.monkeypatch.setenv("CALFERRY_KEYS", ",".join(base64.b64encode(key).decode() for key in keys))


@pytest.fixture
def keys(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Keys:
    """An account is connected under the old key."""
    keys = Keys(monkeypatch)
    keys.use(keys.old)
    installation.connect()
    return keys


def test_rotating_says_what_is_left_and_which_key_nothing_uses(
    installation: Installation, keys: Keys
) -> None:
    keys.use(keys.new, keys.old)
    first = installation.outcome("keys", "rotate")
    assert first == {
        "resealed": 2,
        "forgotten": 0,
        "left": 0,
        "keys": [
            {"id": key_id(keys.new).hex(), "values": 2, "listed": True},
            {"id": key_id(keys.old).hex(), "values": 0, "listed": True},
        ],
        "unused": [key_id(keys.old).hex()],
    }
    assert installation.outcome("keys", "rotate")["resealed"] == 0
    keys.use(keys.new)
    assert installation.outcome("sync", ALICE)["calendars"]
    done = installation.run("keys", "rotate")
    assert "Sealed 0 values anew" in done.stdout
    assert "sealing anew" in done.stderr


def test_people_are_told_which_key_to_drop(installation: Installation, keys: Keys) -> None:
    keys.use(keys.new, keys.old)
    done = installation.run("keys", "rotate")
    assert f"Nothing uses {key_id(keys.old).hex()} any more" in done.stdout


@pytest.mark.parametrize("command", [("sync", ALICE), ("verify", ALICE), ("accounts", "remove", ALICE)])
def test_no_command_starts_without_the_key_of_a_stored_grant(
    installation: Installation, keys: Keys, command: tuple[str, ...]
) -> None:
    keys.use(keys.new)
    error = installation.outcome(*command, code=3)["error"]
    assert f"CALFERRY_KEYS lacks key {key_id(keys.old).hex()}" in error
    assert "--forget-unreadable" in error


def test_a_lost_key_is_given_up_and_people_sign_in_again(installation: Installation, keys: Keys) -> None:
    keys.use(keys.new)
    lost = installation.outcome("keys", "rotate", code=1)
    assert (lost["resealed"], lost["left"], lost["unused"]) == (0, 2, [])
    assert {"id": key_id(keys.old).hex(), "values": 2, "listed": False} in lost["keys"]
    assert "could not be sealed anew" in installation.run("keys", "rotate").stdout
    given_up = installation.outcome("keys", "rotate", "--forget-unreadable")
    assert (given_up["forgotten"], given_up["left"]) == (2, 0)
    installation.outcome("sync", ALICE, code=4)
    installation.connect()
    installation.outcome("sync", ALICE)


def test_rotating_needs_keys_and_a_database(bare: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "CALFERRY_KEYS is not set" in bare.outcome("keys", "rotate", code=3)["error"]
    monkeypatch.setenv("CALFERRY_KEYS", base64.b64encode(os.urandom(32)).decode())
    assert "There is no database" in bare.outcome("keys", "rotate", code=3)["error"]


def test_the_audit_shows_what_happened_to_access(installation: Installation, keys: Keys) -> None:
    installation.outcome("tokens", "create", ALICE)
    keys.use(keys.new, keys.old)
    installation.outcome("keys", "rotate")
    entries = installation.outcome("audit")["entries"]
    assert [(entry["action"], entry["email"]) for entry in entries] == [
        ("keys_rotated", None),
        ("token_created", ALICE),
        ("account_connected", ALICE),
    ]
    assert entries[0]["details"] == {"forgotten": 0, "key": key_id(keys.new).hex(), "left": 0, "resealed": 2}
    assert [entry["action"] for entry in installation.outcome("audit", ALICE, "--last", "1")["entries"]] == [
        "token_created"
    ]
    assert "keys_rotated" in installation.run("audit").stdout
    assert "nobody@example.com" in installation.outcome("audit", "nobody@example.com", code=1)["error"]
