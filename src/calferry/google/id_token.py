"""Checking an id token. Pure: keys and time are passed in.

https://developers.google.com/identity/openid-connect/openid-connect#validatinganidtoken
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import KeySet, RSAKey

from calferry.google.auth import identity_of, moment
from calferry.google.errors import IdTokenInvalid
from calferry.google.models import Identity

ALGORITHM = "RS256"
LEEWAY_S = 60.0
TOKEN_LENGTH_MAX = 16_384


def verify_id_token(
    token: str,
    keys: KeySet,
    *,
    client_id: str,
    nonce: str | None,
    issuers: tuple[str, ...],
    now: float,
) -> Identity:
    """Who the token speaks of. nonce: the one sent to the consent page, None if none was. now: Unix seconds.

    Raises IdTokenInvalid; its reason is `key` when the token was signed with a key not in the set.
    """
    claims = _signed_claims(token, keys)
    if claims.get("iss") not in issuers:
        raise IdTokenInvalid("issued by somebody else", reason="issuer")
    _require_audience(claims, client_id)
    _require_times(claims, now)
    if nonce is not None and claims.get("nonce") != nonce:
        raise IdTokenInvalid("nonce is not the one that was sent", reason="nonce")
    identity = identity_of(claims)
    if identity is None:
        raise IdTokenInvalid("no usable sub", reason="subject")
    return identity


def read_keys(body: bytes) -> KeySet:
    """The RSA signing keys of a JWKS document; keys of other kinds are left out. Raises ValueError."""
    document = msgspec.json.decode(body, type=dict[str, Any])
    members = document.get("keys")
    keys = [_rsa_key(member) for member in (members if isinstance(members, list) else [])]
    return KeySet([key for key in keys if key is not None])


def _rsa_key(member: object) -> RSAKey | None:
    if not isinstance(member, dict) or member.get("kty") != "RSA" or "d" in member:
        return None
    if member.get("use", "sig") != "sig" or member.get("alg", ALGORITHM) != ALGORITHM:
        return None
    try:
        return RSAKey.import_key(member)
    except (JoseError, ValueError, TypeError):
        return None


def _signed_claims(token: str, keys: KeySet) -> Mapping[str, object]:
    if len(token) > TOKEN_LENGTH_MAX:
        raise IdTokenInvalid("token is too long", reason="malformed")
    key = _key_of(token, keys)
    try:
        signed = jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
        return msgspec.json.decode(signed.payload, type=dict[str, object])
    except BadSignatureError:
        raise IdTokenInvalid("signature does not match", reason="signature") from None
    except (JoseError, ValueError, RecursionError):
        raise IdTokenInvalid("not a signed token", reason="malformed") from None


def _key_of(token: str, keys: KeySet) -> RSAKey:
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, RecursionError):
        raise IdTokenInvalid("not a signed token", reason="malformed") from None
    if header.get("alg") != ALGORITHM:
        raise IdTokenInvalid(f"signed with anything but {ALGORITHM}", reason="algorithm")
    kid = header.get("kid")
    for key in keys.keys:
        if isinstance(key, RSAKey) and key.kid == kid:
            return key
    raise IdTokenInvalid("signed with an unknown key", reason="key")


def _require_audience(claims: Mapping[str, object], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    authorized = claims.get("azp", client_id)
    if client_id not in audiences or (len(audiences) > 1 and authorized != client_id):
        raise IdTokenInvalid("meant for another client", reason="audience")


def _require_times(claims: Mapping[str, object], now: float) -> None:
    expires_at, issued_at = moment(claims.get("exp")), moment(claims.get("iat", 0))
    if expires_at is None or expires_at <= now - LEEWAY_S:
        raise IdTokenInvalid("token has expired", reason="expired")
    if issued_at is None or issued_at > now + LEEWAY_S:
        raise IdTokenInvalid("token is from the future", reason="not_yet_valid")
