"""Secrets that only have to be recognised are kept as their SHA-256. All of ours hold 256 random bits."""

import hashlib


def fingerprint(secret: str) -> bytes:
    """Return 32 bytes from which the secret cannot be had back."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
