"""Values of signing in and of keeping a grant. Secrets are hidden from `repr`."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, and when Google said so (unix seconds, of its own clock). `sub` is the only stable key of a Google account."""

    sub: str
    email: str
    email_verified: bool
    issued_at: int | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A short-lived token; `refresh_token` only when Google sent a new one."""

    token: str = field(repr=False)
    expires_in_s: int
    scopes: frozenset[str] | None = None
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """The outcome of a consent, or an existing refresh token brought by its owner."""

    identity: Identity | None
    email: str
    scopes: frozenset[str]
    refresh_token: str | None = field(repr=False)
    access_token: AccessToken | None = field(default=None, repr=False)
