"""Secrets at rest: each sealed value has a random key of its own, is bound to its row, and names the configured key
that wraps its own one.

A sealed value is one version byte, eight bytes that name the configured key, and
version 2: the wrapped key (40 bytes, RFC 3394), a nonce of twelve bytes, ciphertext and tag (AES-256-GCM);
version 1: a nonce, ciphertext and tag under the configured key itself. It is opened, and not made any more.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

VERSION = b"\x02"
FORMER_VERSION = b"\x01"
KEY_SIZE = 32
KEY_ID_SIZE = 8
WRAPPED_SIZE = KEY_SIZE + 8
NONCE_SIZE = 12
NAME_SIZE = 1 + KEY_ID_SIZE

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


class ConfiguredKey:
    """One key of `CALFERRY_KEYS`: wraps the keys of sealed values, and opens what the former version sealed."""

    def __init__(self, key: bytes) -> None:
        self.id = key_id(key)
        self.wrapping = HKDF(SHA256(), KEY_SIZE, salt=None, info=b"calferry wrapping key").derive(key)
        self.former = AESGCM(key)

    def decrypt(self, sealed: bytes, context: bytes) -> bytes:
        """Raises `InvalidTag` or `InvalidUnwrap` for an altered or misplaced value."""
        version, header, rest = sealed[:1], sealed[:NAME_SIZE], sealed[NAME_SIZE:]
        if version == FORMER_VERSION:
            return self.former.decrypt(rest[:NONCE_SIZE], rest[NONCE_SIZE:], header + context)
        own, rest = aes_key_unwrap(self.wrapping, rest[:WRAPPED_SIZE]), rest[WRAPPED_SIZE:]
        return AESGCM(own).decrypt(rest[:NONCE_SIZE], rest[NONCE_SIZE:], header + context)


class SealingVault:
    """Seals with the first key, opens with any of them.

    `random_bytes` gives the keys of sealed values and their nonces.
    """

    def __init__(self, keys: Sequence[bytes], random_bytes: RandomBytes) -> None:
        if not keys:
            raise KeyMalformed("no key is given")
        configured = [ConfiguredKey(key) for key in keys]
        self._newest = configured[0]
        self._keys = {key.id: key for key in configured}
        self._random_bytes = random_bytes

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """The names of the configured keys, newest first."""
        return tuple(self._keys)

    def seal(self, secret: str, context: str) -> bytes:
        """Return the sealed secret; only `open` with the same context gives it back."""
        header = VERSION + self._newest.id
        own, nonce = self._random_bytes(KEY_SIZE), self._random_bytes(NONCE_SIZE)
        body = AESGCM(own).encrypt(nonce, secret.encode(), header + context.encode())
        return header + aes_key_wrap(self._newest.wrapping, own) + nonce + body

    def open(self, sealed: bytes, context: str) -> str:
        """Return the secret. Raises `KeyUnknown`, or `SealBroken` for an altered or misplaced value."""
        if sealed[:1] not in (VERSION, FORMER_VERSION) or len(sealed) < NAME_SIZE + NONCE_SIZE:
            raise SealBroken("a sealed value is cut short or of an unknown version")
        key = self._keys.get(sealed[1:NAME_SIZE])
        if key is None:
            raise KeyUnknown(
                f"a secret was sealed with key {sealed[1:NAME_SIZE].hex()}, which CALFERRY_KEYS does not list: "
                "add that key back"
            )
        try:
            return key.decrypt(sealed, context.encode()).decode()
        except (InvalidTag, InvalidUnwrap, ValueError):
            raise SealBroken("a sealed value was altered or belongs to another row") from None

    @property
    def newest_name(self) -> bytes:
        """How everything begins that is sealed now."""
        return VERSION + self._newest.id

    def is_current(self, sealed: bytes) -> bool:
        """Whether the value is sealed with the newest key, in the newest form."""
        return sealed[:NAME_SIZE] == self.newest_name
