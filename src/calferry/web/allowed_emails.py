"""Who may sign in."""

from collections.abc import Iterable


def is_allowed(email: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns (in lower case) is the address, `*@` and its domain, or `*`."""
    address = email.lower()
    domain = address.rpartition("@")[2]
    return any(pattern in ("*", address, f"*@{domain}") for pattern in patterns)
