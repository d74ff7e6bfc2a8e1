"""What service accounts sign: assertions for the token endpoint, and access tokens without one."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from calferry.emulator.signing_key import signing_key
from calferry.emulator.world.oauth import PREFIX, AccessToken, ServiceAccount
from calferry.emulator.world.people import Person
from calferry.emulator.world.world import World

LIFE_S_MAX = 3600
SKEW_S = 300
AUDIENCES = (
    "https://oauth2.googleapis.com/token",
    "https://www.googleapis.com/oauth2/v4/token",
    "https://accounts.google.com/o/oauth2/token",
)
TIMES = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)
NOT_DELEGATED = (
    "Client is unauthorized to retrieve access tokens using this method, "
    "or client not authorized for any of the scopes requested."
)


class AssertionRefused(Exception):
    """Status, `error` and `error_description`."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.error, self.description = status, error, description


@dataclass(frozen=True, slots=True)
class Granted:
    """Who speaks, and with which scopes."""

    person: Person
    client_id: str
    scopes: tuple[str, ...]


def granted(world: World, assertion: str, now: float, origin: str) -> Granted:
    """What a JWT bearer assertion (RFC 7523) earns. Raises AssertionRefused with Google's words."""
    account, claims = _verified(world, assertion)
    _check_times(claims, now)
    if claims.get("aud") not in (*AUDIENCES, f"{origin}/token", f"{origin}/oauth2/v4/token"):
        raise AssertionRefused(400, "invalid_grant", "Invalid JWT: Failed audience check.")
    scopes = _scopes(claims)
    if not scopes:
        raise AssertionRefused(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
    speaker = str(claims.get("sub") or account.email)
    person = world.person(speaker)
    if "@" not in speaker:
        raise AssertionRefused(400, "invalid_grant", "Not a valid email")
    if person is None:
        raise AssertionRefused(400, "invalid_grant", "Invalid email or User ID")
    if person.email != account.email and not set(scopes) <= {_full(scope) for scope in account.delegated}:
        raise AssertionRefused(401, "unauthorized_client", NOT_DELEGATED)
    return Granted(person, account.client_id, scopes)


def self_signed(world: World, text: str, now: float, origin: str) -> AccessToken | None:
    """The access token that a service account has signed itself, for itself; None for anything else.

    It names its scopes, or as its audience an address of the API, which stands for all of it.
    """
    if text.count(".") != 2 or not text.startswith("eyJ"):
        return None
    try:
        account, claims = _verified(world, text)
        _check_times(claims, now)
    except AssertionRefused:
        return None
    scopes = _scopes(claims) or ((f"{PREFIX}calendar",) if _is_api(claims.get("aud"), origin) else ())
    if not scopes or claims.get("sub", account.email) != account.email:
        return None
    return AccessToken(text, account.email, account.client_id, scopes, float(claims["exp"]))


def _is_api(audience: Any, origin: str) -> bool:
    address = str(audience or "")
    host = urlsplit(address).hostname or ""
    return address.startswith(f"{origin}/") or host in ("calendar-json.googleapis.com", "www.googleapis.com")


def _scopes(claims: dict[str, Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(claims.get("scope") or "").split()))


def _full(scope: str) -> str:
    return PREFIX + scope if scope.startswith("calendar") else scope


def _verified(world: World, assertion: str) -> tuple[ServiceAccount, dict[str, Any]]:
    """The account that signed, and what it claims."""
    for account in world.oauth.service_accounts.values():
        key = RSAKey.import_key(account.public_key) if account.public_key else signing_key()
        try:
            claims = dict(jwt.decode(assertion, key, algorithms=["RS256"]).claims)
        except (JoseError, ValueError):
            continue
        if claims.get("iss") == account.email:
            return account, claims
    raise AssertionRefused(400, "invalid_grant", "Invalid JWT Signature.")


def _check_times(claims: dict[str, Any], now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise AssertionRefused(400, "invalid_grant", TIMES)
    if not issued - SKEW_S <= now < expires + SKEW_S or expires - issued > LIFE_S_MAX:
        raise AssertionRefused(400, "invalid_grant", TIMES)
