import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from calferry.google import IdTokenInvalid
from calferry.google.id_token import read_keys, verify_id_token

NOW = 1_800_000_000.0
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig", "alg": "RS256"})
OTHER = RSAKey.generate_key(2048, {"kid": "k1"})
JWKS = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
CLAIMS: dict[str, Any] = {
    "iss": "https://accounts.google.com",
    "aud": "client",
    "azp": "client",
    "sub": "1234567890",
    "email": "a@example.com",
    "email_verified": True,
    "hd": "example.com",
    "nonce": "n",
    "iat": NOW - 10,
    "exp": NOW + 3590,
}


def signed(claims: object, key: Any = KEY, **header: Any) -> str:
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    protected = {"alg": "RS256", "kid": "k1"} | header
    return jws.serialize_compact(protected, payload, key, algorithms=[protected["alg"]])


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def verify(token: str, *, nonce: str | None = "n", keys: KeySet | None = None) -> Any:
    return verify_id_token(
        token,
        keys or read_keys(JWKS),
        client_id="client",
        nonce=nonce,
        issuers=("https://accounts.google.com", "accounts.google.com"),
        now=NOW,
    )


def test_a_proper_token_says_who_signed_in() -> None:
    identity = verify(signed(CLAIMS))
    assert (identity.sub, identity.email, identity.email_verified) == ("1234567890", "a@example.com", True)
    assert identity.hosted_domain == "example.com"


GOOD: list[dict[str, Any]] = [
    {"iss": "accounts.google.com"},
    {"aud": ["client"]},
    {"aud": ["client", "other"], "azp": "client"},
    {"exp": NOW - 30},
    {"iat": NOW + 30},
    {"email": None},
]


@pytest.mark.parametrize("change", GOOD, ids=str)
def test_harmless_variations_pass(change) -> None:
    assert verify(signed(CLAIMS | change)).sub == "1234567890"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"iss": "https://evil.example"}, "issuer"),
    ({"iss": None}, "issuer"),
    ({"iss": ["https://accounts.google.com"]}, "issuer"),
    ({"aud": "other"}, "audience"),
    ({"aud": None}, "audience"),
    ({"aud": []}, "audience"),
    ({"aud": ["client", "other"], "azp": "other"}, "audience"),
    ({"exp": NOW - 61}, "expired"),
    ({"exp": None}, "expired"),
    ({"exp": "2100"}, "expired"),
    ({"exp": True}, "expired"),
    ({"iat": NOW + 3600}, "not_yet_valid"),
    ({"iat": "x"}, "not_yet_valid"),
    ({"nonce": "m"}, "nonce"),
    ({"nonce": None}, "nonce"),
    ({"sub": ""}, "subject"),
    ({"sub": None}, "subject"),
    ({"sub": 7}, "subject"),
    ({"sub": "x" * 256}, "subject"),
]


@pytest.mark.parametrize(("change", "reason"), BAD, ids=str)
def test_a_token_for_other_ears_is_refused(change, reason) -> None:
    with pytest.raises(IdTokenInvalid) as caught:
        verify(signed(CLAIMS | change))
    assert caught.value.reason == reason


def refused(token: str) -> str | None:
    with pytest.raises(IdTokenInvalid) as caught:
        verify(token)
    assert len(token) < 10 or token not in str(caught.value)
    return caught.value.reason


def test_unsigned_tokens_are_refused() -> None:
    for algorithm in ("none", "None", "NONE", ""):
        assert refused(f"{encoded({'alg': algorithm, 'kid': 'k1'})}.{encoded(CLAIMS)}.") == "algorithm"
    assert refused(f"{encoded({'kid': 'k1'})}.{encoded(CLAIMS)}.") in ("algorithm", "malformed")


def test_the_public_key_is_no_shared_secret() -> None:
    for secret in (KEY.as_pem(private=False), JWKS, json.dumps(KEY.as_dict(private=False)).encode()):
        text = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded(CLAIMS)}"
        digest = hmac.digest(secret, text.encode(), "sha256")
        token = f"{text}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
        assert refused(token) == "algorithm"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_other_algorithms_of_the_same_key_are_refused(algorithm) -> None:
    registered = RSAKey.import_key(KEY.as_pem(private=True), {"kid": "k1"})
    assert refused(signed(CLAIMS, registered, alg=algorithm)) == "algorithm"


def test_an_elliptic_key_is_refused() -> None:
    assert refused(signed(CLAIMS, ECKey.generate_key("P-256", {"kid": "k1"}), alg="ES256")) == "algorithm"


def test_another_key_under_the_same_name_does_not_sign() -> None:
    assert refused(signed(CLAIMS, OTHER)) == "signature"


def test_a_changed_payload_does_not_match_its_signature() -> None:
    head, _, signature = signed(CLAIMS).split(".")
    assert refused(f"{head}.{encoded(CLAIMS | {'sub': 'victim'})}.{signature}") == "signature"


@pytest.mark.parametrize("kid", ["k2", "", None])
def test_a_key_nobody_published_is_told_apart(kid) -> None:
    header = {"alg": "RS256"} | ({} if kid is None else {"kid": kid})
    token = jws.serialize_compact(
        header, b"{}", RSAKey.import_key(OTHER.as_pem(private=True)), algorithms=["RS256"]
    )
    assert refused(token) == "key"


def test_a_key_brought_along_in_the_header_is_ignored() -> None:
    token = f"{encoded({'alg': 'RS256', 'kid': 'k2', 'jwk': OTHER.as_dict(private=False)})}.{encoded(CLAIMS)}.AAAA"
    assert refused(token) in ("key", "malformed")


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c", "a.b.c.d", "....", "x" * 20_000, "ü.ü.ü", "\ud83d.b.c"]
)
def test_rubbish_is_malformed(token) -> None:
    assert refused(token) == "malformed"


@pytest.mark.parametrize("payload", [b"", b"[]", b"x", b'"x"', b"[" * 50_000])
def test_a_signed_payload_that_is_no_object_is_malformed(payload) -> None:
    token = signed(payload)
    assert refused(token) == "malformed"


def test_without_a_sent_nonce_none_is_demanded() -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != "nonce"}
    assert verify(signed(claims), nonce=None).sub


def test_only_public_rsa_signing_keys_are_read() -> None:
    members = [
        KEY.as_dict(private=False) | {"use": "enc"},
        KEY.as_dict(private=False) | {"alg": "RS512"},
        OTHER.as_dict(private=True),
        ECKey.generate_key("P-256").as_dict(private=False),
        OctKey.generate_key(256).as_dict(),
        {"kty": "RSA"},
        {"kty": "RSA", "n": 7, "e": []},
        7,
        None,
    ]
    assert read_keys(json.dumps({"keys": members}).encode()).keys == []
    assert read_keys(b'{"keys":7}').keys == []


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>"])
def test_what_is_no_key_set_is_refused(body) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_keys(body)
