import json
from urllib.parse import parse_qs, urlsplit

import pytest

from calferry.google import (
    Endpoints,
    ProtocolViolation,
    authorize_url,
    code_challenge,
    code_verifier,
    missing_scopes,
)
from calferry.google.auth import read_token_response, read_user_info


def test_the_challenge_is_the_one_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("length", [32, 64, 96, 500])
def test_a_verifier_has_a_legal_length_and_alphabet(length) -> None:
    verifier = code_verifier(bytes(range(256)) * 2 if length > 256 else bytes(range(length)))
    assert 43 <= len(verifier) <= 128
    assert verifier.replace("-", "").replace("_", "").isalnum()


def test_a_verifier_needs_enough_randomness() -> None:
    with pytest.raises(ValueError, match="32 random bytes"):
        code_verifier(b"x" * 31)


def consent_query(**more: object) -> dict[str, list[str]]:
    url = authorize_url(
        endpoints=Endpoints(),
        client_id="client",
        redirect_uri="http://127.0.0.1:8000/auth/google/callback",
        scopes=["openid", "email", "https://www.googleapis.com/auth/calendar.events"],
        state="st&ate",
        nonce="no=nce",
        code_challenge="chal",
        **more,
    )
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    return parse_qs(urlsplit(url).query, strict_parsing=True)


def test_consent_is_asked_with_pkce_state_nonce_and_offline_access() -> None:
    assert consent_query() == {
        "client_id": ["client"],
        "redirect_uri": ["http://127.0.0.1:8000/auth/google/callback"],
        "response_type": ["code"],
        "scope": ["openid email https://www.googleapis.com/auth/calendar.events"],
        "access_type": ["offline"],
        "state": ["st&ate"],
        "nonce": ["no=nce"],
        "code_challenge": ["chal"],
        "code_challenge_method": ["S256"],
        "include_granted_scopes": ["true"],
    }


def test_consent_may_be_forced_and_pointed_at_somebody() -> None:
    query = consent_query(prompt="consent", login_hint="a@example.com", include_granted_scopes=False)
    assert (query["prompt"], query["login_hint"]) == (["consent"], ["a@example.com"])
    assert "include_granted_scopes" not in query


GRANTED = {
    "access_token": "ya29.x",
    "expires_in": 3599,
    "refresh_token": "1//x",
    "scope": "openid https://www.googleapis.com/auth/userinfo.email",
    "token_type": "Bearer",
    "id_token": "eyJ.x.y",
    "refresh_token_expires_in": 604799,
}


def test_a_grant_is_read_whole_and_tells_nobody_its_tokens() -> None:
    response = read_token_response(json.dumps(GRANTED).encode())
    assert (response.access_token, response.refresh_token, response.id_token) == ("ya29.x", "1//x", "eyJ.x.y")
    assert (response.expires_in_s, response.refresh_token_expires_in_s) == (3599, 604799)
    assert response.scopes == {"openid", "https://www.googleapis.com/auth/userinfo.email"}
    for secret in ("ya29", "1//", "eyJ"):
        assert secret not in repr(response) + str(response)


def test_a_refresh_has_no_refresh_token() -> None:
    response = read_token_response(b'{"access_token":"a","expires_in":"3599","token_type":"bearer"}')
    assert (response.refresh_token, response.id_token, response.expires_in_s) == (None, None, 3599)
    assert response.scopes == frozenset()


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(None, 3600), ("soon", 3600), (-5, 3600), (0, 0), (10**9, 86400), (59.9, 59)],
)
def test_an_odd_life_time_is_bounded(expires_in, seconds) -> None:
    body = json.dumps({"access_token": "a", "expires_in": expires_in})
    assert read_token_response(body.encode()).expires_in_s == seconds


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token":""}',
        b'{"access_token":7}',
        b'{"access_token":"a\\r\\nHost: evil"}',
        b'{"access_token":"a b"}',
        b'{"access_token":null}',
        b'{"access_token":"a","token_type":"MAC"}',
    ],
)
def test_what_is_no_bearer_token_is_refused(body) -> None:
    with pytest.raises(ProtocolViolation):
        read_token_response(body)


def test_scopes_that_were_not_granted_are_told_apart_from_renamed_ones() -> None:
    asked = ["openid", "email", "profile", "https://www.googleapis.com/auth/calendar.events", "x"]
    granted = [
        "https://www.googleapis.com/auth/userinfo.email",
        "https://www.googleapis.com/auth/userinfo.profile",
        "openid",
        "x",
        "more",
    ]
    assert missing_scopes(asked, granted) == {"https://www.googleapis.com/auth/calendar.events"}
    assert missing_scopes(["email"], ["email"]) == frozenset()


def test_a_user_is_read_from_the_userinfo_endpoint() -> None:
    identity = read_user_info(b'{"sub":"1","email":"a@example.com","email_verified":true,"name":"A","hd":7}')
    assert (identity.sub, identity.email, identity.email_verified) == ("1", "a@example.com", True)
    assert (identity.name, identity.hosted_domain) == ("A", None)


@pytest.mark.parametrize(
    ("said", "read"),
    [(b"1790000000", 1790000000), (b"1.5", 1), (b"true", None), (b"-1", None), (b"1e300", None)],
)
def test_when_google_said_so_is_a_moment_or_nothing(said: bytes, read: int | None) -> None:
    assert read_user_info(b'{"sub":"1","iat":' + said + b"}").issued_at == read


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"sub":7}', b'{"sub":""}', b'{"sub":"\xc3\xbc"}'])
def test_a_user_without_a_usable_sub_is_refused(body) -> None:
    with pytest.raises(ProtocolViolation):
        read_user_info(body)
