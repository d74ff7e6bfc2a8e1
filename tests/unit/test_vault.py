"""Secrets at rest."""

import base64
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from calferry.vault import KeyMalformed, KeyUnknown, SealBroken, SealingVault, key_id, read_keys

OLD = bytes(range(32))
NEW = bytes(range(1, 33))


def counting_nonces():
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return count.to_bytes(size, "big")

    return draw


def vault(*keys: bytes) -> SealingVault:
    return SealingVault(keys, counting_nonces())


@given(st.text(), st.text())
def test_a_sealed_secret_opens_with_its_context(secret: str, context: str) -> None:
    try:
        (secret + context).encode()
    except UnicodeEncodeError:
        return
    box = vault(NEW)
    assert box.open(box.seal(secret, context), context) == secret


def test_a_sealed_secret_shows_nothing_of_itself() -> None:
    sealed = vault(NEW).seal("1//0refresh", "accounts/acc_1/refresh_token")
    assert b"refresh" not in sealed


def test_a_value_moved_to_another_row_does_not_open() -> None:
    box = vault(NEW)
    with pytest.raises(SealBroken, match="another row"):
        box.open(box.seal("secret", "accounts/acc_1"), "accounts/acc_2")


@pytest.mark.parametrize("position", [0, 9, 12, 21, 49, 61, -1])
def test_a_flipped_bit_is_noticed(position: int) -> None:
    box = vault(NEW)
    sealed = bytearray(box.seal("secret", "row"))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        box.open(bytes(sealed), "row")


@pytest.mark.parametrize("length", [0, 1, 9, 21, 30])
def test_a_value_cut_short_is_noticed(length: int) -> None:
    box = vault(NEW)
    with pytest.raises(SealBroken):
        box.open(box.seal("secret", "row")[:length], "row")


def test_an_older_key_still_opens_what_it_sealed() -> None:
    sealed = vault(OLD).seal("secret", "row")
    both = vault(NEW, OLD)
    assert both.open(sealed, "row") == "secret"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal("secret", "row"))


def test_a_key_no_longer_listed_is_named_without_the_secret() -> None:
    sealed = vault(OLD).seal("secret", "row")
    with pytest.raises(KeyUnknown, match="CALFERRY_KEYS") as caught:
        vault(NEW).open(sealed, "row")
    assert "secret was sealed with key" in str(caught.value)
    assert OLD.hex() not in str(caught.value)


def test_keys_are_read_newest_first_in_either_alphabet() -> None:
    raw = bytes([0xFB, 0xFF]) * 16
    text = f" {base64.b64encode(raw).decode()} , {base64.urlsafe_b64encode(NEW).decode().rstrip('=')}"
    assert read_keys(text) == [raw, NEW]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "key 1 is empty"),
        (base64.b64encode(NEW).decode() + ",", "key 2 is empty"),
        (base64.b64encode(b"short").decode(), "5 bytes, not 32"),
        ("not base64!", "not base64"),
        (base64.b64encode(b"\0" * 32).decode(), "one byte repeated"),
        (",".join([base64.b64encode(NEW).decode()] * 2), "listed twice"),
    ],
)
def test_an_unusable_key_is_refused_by_position(text: str, reason: str) -> None:
    with pytest.raises(KeyMalformed, match=reason) as caught:
        read_keys(text)
    assert not text or text not in str(caught.value)


def former(key: bytes, secret: str, context: str) -> bytes:
    """As the first version sealed: under the configured key itself."""
    header, nonce = b"\x01" + key_id(key), bytes(12)
    return header + nonce + AESGCM(key).encrypt(nonce, secret.encode(), header + context.encode())


def test_what_the_first_version_sealed_is_opened_and_to_be_sealed_anew() -> None:
    sealed = former(OLD, "secret", "row")
    box = vault(OLD)
    assert box.open(sealed, "row") == "secret"
    assert not box.is_current(sealed)
    with pytest.raises(SealBroken):
        box.open(sealed, "another row")


@pytest.mark.parametrize("version", [b"\x00", b"\x01", b"\x03"])
def test_a_value_does_not_open_as_one_of_another_version(version: bytes) -> None:
    box = vault(NEW)
    with pytest.raises(SealBroken):
        box.open(version + box.seal("secret", "row")[1:], "row")


def test_every_value_has_a_key_of_its_own() -> None:
    box = SealingVault([NEW], os.urandom)
    first, second = box.seal("secret", "row"), box.seal("secret", "row")
    assert first[9:49] != second[9:49]
    mixed = first[:49] + second[49:]
    with pytest.raises(SealBroken):
        box.open(mixed, "row")
