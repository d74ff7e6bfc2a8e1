"""Google's OAuth 2.0 as values: addresses and requests to make, answers to read. Pure.

https://developers.google.com/identity/protocols/oauth2/web-server
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from calferry.google.endpoints import Endpoints
from calferry.google.errors import ProtocolViolation
from calferry.google.models import Identity, TokenResponse
from calferry.google.wire import WireRequest

FORM_TYPE = "application/x-www-form-urlencoded"
VERIFIER_BYTES_MIN = 32
EXPIRES_IN_DEFAULT_S = 3600
EXPIRES_IN_MAX_S = 86_400
USERINFO_SCOPE = "https://www.googleapis.com/auth/userinfo."
SCOPE_ALIASES = {"email": USERINFO_SCOPE + "email", "profile": USERINFO_SCOPE + "profile"}
AUTH_BODY_BYTES_MAX = 256 * 1024
HEADER_SAFE = re.compile(r"[!-~]+")


class TokenSource(Protocol):
    """Where the client gets access tokens."""

    async def access_token(self) -> str:
        """A token that is believed to be valid. May raise GrantRevoked or a transient error."""
        ...

    async def refreshed(self, stale: str) -> str:
        """A newer token than `stale`, which Google has refused."""
        ...


class TokenAnswer(msgspec.Struct, frozen=True):
    """The token endpoint's JSON."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int | str | float | None = None
    refresh_token: str | None = None
    scope: str | None = None
    id_token: str | None = None
    refresh_token_expires_in: int | str | float | None = None


def code_verifier(random: bytes) -> str:
    """A PKCE verifier of at least 43 characters. random: 32 bytes or more from a cryptographic source."""
    if len(random) < VERIFIER_BYTES_MIN:
        raise ValueError(f"a code verifier needs {VERIFIER_BYTES_MIN} random bytes")
    return _base64url(random)[:128]


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636)."""
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def authorize_url(
    *,
    endpoints: Endpoints,
    client_id: str,
    redirect_uri: str,
    scopes: Iterable[str],
    state: str,
    nonce: str,
    code_challenge: str,
    login_hint: str | None = None,
    prompt: str | None = None,
    include_granted_scopes: bool = True,
) -> str:
    """Where to send a person's browser for consent, always with offline access.

    prompt: space-separated of none, consent, select_account. A refresh token comes with the first consent of a
    person and again only with prompt=consent.
    """
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(scopes),
        "access_type": "offline",
        "state": state,
        "nonce": nonce,
        "code_challenge": code_challenge,
        "code_challenge_method": "S256",
    }
    if include_granted_scopes:
        query["include_granted_scopes"] = "true"
    if login_hint is not None:
        query["login_hint"] = login_hint
    if prompt is not None:
        query["prompt"] = prompt
    separator = "&" if "?" in endpoints.auth_url else "?"
    return endpoints.auth_url + separator + urlencode(query)


def form_request(
    url: str, form: Mapping[str, str], headers: Mapping[str, str], timeout_s: float
) -> WireRequest:
    """A POST of a form, for the token and revoke endpoints."""
    body = urlencode(form).encode()
    return WireRequest(
        "POST", url, {**headers, "Content-Type": FORM_TYPE}, body, timeout_s, AUTH_BODY_BYTES_MAX
    )


def exchange_form(
    code: str, *, redirect_uri: str, code_verifier: str, client_id: str, client_secret: str
) -> dict[str, str]:
    """The form that turns a code into tokens; works once per code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": code_verifier,
        "client_id": client_id,
        "client_secret": client_secret,
    }


def refresh_form(refresh_token: str, *, client_id: str, client_secret: str) -> dict[str, str]:
    """The form that turns a refresh token into an access token; the refresh token stays valid."""
    return {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": client_id,
        "client_secret": client_secret,
    }


def read_token_response(body: bytes) -> TokenResponse:
    """Raises ProtocolViolation for anything that is no bearer token."""
    try:
        answer = msgspec.json.decode(body, type=TokenAnswer)
    except (ValueError, RecursionError):
        raise ProtocolViolation("not a token response", reason="shape") from None
    if HEADER_SAFE.fullmatch(answer.access_token) is None or answer.token_type.lower() != "bearer":
        raise ProtocolViolation("not a bearer token", reason="shape")
    expires_in_s = _seconds(answer.expires_in)
    return TokenResponse(
        access_token=answer.access_token,
        expires_in_s=EXPIRES_IN_DEFAULT_S if expires_in_s is None else min(expires_in_s, EXPIRES_IN_MAX_S),
        refresh_token=answer.refresh_token or None,
        scopes=frozenset((answer.scope or "").split()),
        id_token=answer.id_token or None,
        refresh_token_expires_in_s=_seconds(answer.refresh_token_expires_in),
    )


def _seconds(value: int | str | float | None) -> int | None:
    try:
        seconds = float(value) if value is not None else -1.0
    except (ValueError, OverflowError):
        return None
    return int(seconds) if 0 <= seconds < 2**53 else None


def missing_scopes(asked: Iterable[str], granted: Iterable[str]) -> frozenset[str]:
    """Of the scopes asked for, those a person did not grant. email and profile come back under longer names."""
    have = set(granted)
    return frozenset(scope for scope in asked if scope not in have and SCOPE_ALIASES.get(scope) not in have)


def read_user_info(body: bytes) -> Identity:
    """The answer of the userinfo endpoint. Raises ProtocolViolation."""
    try:
        claims = msgspec.json.decode(body, type=dict[str, object])
    except (ValueError, RecursionError):
        raise ProtocolViolation("not a user", reason="shape") from None
    identity = identity_of(claims)
    if identity is None:
        raise ProtocolViolation("a user without sub", reason="shape")
    return identity


def identity_of(claims: Mapping[str, object]) -> Identity | None:
    """The person that OpenID claims describe, or None without a usable sub."""
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= 255 or not sub.isascii():
        return None
    return Identity(
        sub=sub,
        email=_text(claims, "email"),
        email_verified=claims.get("email_verified") in (True, "true"),
        hosted_domain=_text(claims, "hd"),
        name=_text(claims, "name"),
        picture=_text(claims, "picture"),
        issued_at=_seconds(moment(claims.get("iat"))),
    )


def moment(value: object) -> int | float | None:
    """A claim that is a moment, in unix seconds (NumericDate of RFC 7519, section 2); None for anything else."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None
