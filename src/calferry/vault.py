"""Secrets at rest: AES-256-GCM, each sealed value naming the key that sealed it and bound to its row.

A sealed value is one version byte, eight bytes that name the key, a nonce of twelve bytes, then ciphertext and tag.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\x01"
KEY_SIZE = 32
KEY_ID_SIZE = 8
NONCE_SIZE = 12
HEADER_SIZE = 1 + KEY_ID_SIZE + NONCE_SIZE

RandomBytes = Callable[[int], bytes]


class VaultError(Exception):
    """A sealed value cannot be opened, or a key cannot be used. The message never holds a secret."""


class KeyMalformed(VaultError):
    """A key is not 32 bytes in base64."""


class KeyUnknown(VaultError):
    """The value was sealed with a key that is not among those configured."""


class SealBroken(VaultError):
    """The value was altered, cut short or moved from another row."""


def read_keys(text: str) -> list[bytes]:
    """Read comma-separated base64 keys, newest first. Raises `KeyMalformed` naming the position of the bad one."""
    parts = [part.strip() for part in text.split(",")]
    keys = [read_key(part, position) for position, part in enumerate(parts, start=1)]
    if len(set(keys)) != len(keys):
        raise KeyMalformed("the same key is listed twice")
    return keys


def read_key(text: str, position: int) -> bytes:
    if not text:
        raise KeyMalformed(f"key {position} is empty")
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KeyMalformed(f"key {position} is not base64") from None
    if len(key) != KEY_SIZE:
        raise KeyMalformed(f"key {position} has {len(key)} bytes, not {KEY_SIZE}")
    if len(set(key)) == 1:
        raise KeyMalformed(f"key {position} is one byte repeated, not random")
    return key


def key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"calferry key id" + key).digest()[:KEY_ID_SIZE]


class SealingVault:
    """Seals with the first key, opens with any of them.

    `random_bytes` gives nonces: it must never repeat twelve bytes for one key.
    """

    def __init__(self, keys: Sequence[bytes], random_bytes: RandomBytes) -> None:
        if not keys:
            raise KeyMalformed("no key is given")
        self._newest = key_id(keys[0])
        self._ciphers = {key_id(key): AESGCM(key) for key in keys}
        self._random_bytes = random_bytes

    def seal(self, secret: str, context: str) -> bytes:
        """Return the sealed secret; only `open` with the same context gives it back."""
        header = VERSION + self._newest
        nonce = self._random_bytes(NONCE_SIZE)
        body = self._ciphers[self._newest].encrypt(nonce, secret.encode(), header + context.encode())
        return header + nonce + body

    def open(self, sealed: bytes, context: str) -> str:
        """Return the secret. Raises `KeyUnknown`, or `SealBroken` for an altered or misplaced value."""
        if len(sealed) <= HEADER_SIZE or sealed[:1] != VERSION:
            raise SealBroken("a sealed value is cut short or of an unknown version")
        header, nonce, body = sealed[:9], sealed[9:HEADER_SIZE], sealed[HEADER_SIZE:]
        cipher = self._ciphers.get(header[1:])
        if cipher is None:
            raise KeyUnknown(
                f"a secret was sealed with key {header[1:].hex()}, which CALFERRY_KEYS does not list: add that key back"
            )
        try:
            return cipher.decrypt(nonce, body, header + context.encode()).decode()
        except InvalidTag:
            raise SealBroken("a sealed value was altered or belongs to another row") from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether the value is sealed with the newest key."""
        return sealed[:9] == VERSION + self._newest
