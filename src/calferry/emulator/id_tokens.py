"""Id tokens and what they and userinfo say about a person."""

import base64
import hashlib
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from calferry.emulator.signing_key import KEY_ID, signing_key
from calferry.emulator.world.oauth import ALIASES, AccessToken
from calferry.emulator.world.people import Person

Json = dict[str, Any]

ISSUER = "https://accounts.google.com"
LIFE_S = 3600


def id_token(person: Person, access: AccessToken, nonce: str, now: float) -> str:
    """A signed RS256 token for the client that holds `access`."""
    claims: Json = {
        "iss": ISSUER,
        "azp": access.client_id,
        "aud": access.client_id,
        "sub": person.sub,
        **({"hd": person.hosted_domain} if person.hosted_domain else {}),
        **profile(person, access),
        "at_hash": _half_hash(access.token),
        **({"nonce": nonce} if nonce else {}),
        "iat": int(now),
        "exp": int(now) + LIFE_S,
    }
    return jwt.encode(
        {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}, claims, signing_key(), algorithms=["RS256"]
    )


def id_token_claims(text: str) -> Json | None:
    """The claims of an id token that this Google signed, else None."""
    try:
        return dict(jwt.decode(text, signing_key(), algorithms=["RS256"]).claims)
    except (JoseError, ValueError):
        return None


def profile(person: Person, access: AccessToken) -> Json:
    """The claims about a person that the scopes of a token open."""
    found: Json = {}
    if ALIASES["email"] in access.scopes:
        found |= {"email": person.email, "email_verified": True}
    if ALIASES["profile"] in access.scopes:
        given, _, family = person.name.partition(" ")
        names = {"name": person.name, "picture": person.picture, "given_name": given, "family_name": family}
        found |= {key: value for key, value in names.items() if value}
    return found


def _half_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
