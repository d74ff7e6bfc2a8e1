import json
from urllib.parse import parse_qs

import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from calferry.google import (
    GoogleError,
    GoogleOAuth,
    GrantRevoked,
    IdTokenInvalid,
    OAuthClientInvalid,
    OAuthRefused,
    OAuthTransient,
    ProtocolViolation,
    Unreachable,
)
from tests.unit.google.fakes import Answer, FakeClock, FixedDice, ScriptedTransport, answer

TOKENS = answer(200, {"access_token": "ya29.new", "expires_in": 3599, "token_type": "Bearer"})
DEAD = answer(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
FIRST = RSAKey.generate_key(2048, {"kid": "first"})
SECOND = RSAKey.generate_key(2048, {"kid": "second"})


class Setting:
    def __init__(self, *script: Answer) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(list(script))
        self.oauth = GoogleOAuth(self.transport, "client", "s3cret", self.clock, FixedDice())

    @property
    def forms(self) -> list[dict[str, list[str]]]:
        return [parse_qs((request.body or b"").decode()) for request in self.transport.requests]


async def test_a_code_is_exchanged_with_its_verifier() -> None:
    setting = Setting(TOKENS)
    granted = await setting.oauth.exchange("4/0code", redirect_uri="https://a/cb", code_verifier="ver")
    assert granted.access_token == "ya29.new"
    assert setting.transport.requests[0].url == "https://oauth2.googleapis.com/token"
    assert setting.forms == [
        {
            "grant_type": ["authorization_code"],
            "code": ["4/0code"],
            "redirect_uri": ["https://a/cb"],
            "code_verifier": ["ver"],
            "client_id": ["client"],
            "client_secret": ["s3cret"],
        }
    ]


async def test_a_code_whose_fate_is_unknown_is_not_sent_twice() -> None:
    setting = Setting(Unreachable("reset", kind="reset"), TOKENS)
    with pytest.raises(Unreachable):
        await setting.oauth.exchange("4/0code", redirect_uri="https://a/cb", code_verifier="ver")
    assert len(setting.transport.requests) == 1


async def test_a_refresh_sends_the_refresh_token() -> None:
    setting = Setting(TOKENS)
    granted = await setting.oauth.refresh("1//refresh")
    assert granted.refresh_token is None
    assert setting.forms[0]["grant_type"] == ["refresh_token"]
    assert setting.forms[0]["refresh_token"] == ["1//refresh"]


async def test_a_dead_grant_is_known_at_once() -> None:
    setting = Setting(DEAD, TOKENS)
    with pytest.raises(GrantRevoked):
        await setting.oauth.refresh("1//refresh")
    assert len(setting.transport.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        answer(500, b"<html>"),
        answer(503, {"error": "temporarily_unavailable"}),
        answer(400, b"<html>blocked</html>"),
        answer(429, b""),
        answer(200, b"<html>Log in to the hotel</html>"),
        Unreachable("down", kind="connect"),
    ],
    ids=repr,
)
async def test_trouble_at_the_token_endpoint_never_kills_a_grant(trouble) -> None:
    setting = Setting(trouble, TOKENS)
    assert (await setting.oauth.refresh("1//refresh")).access_token == "ya29.new"
    with pytest.raises((OAuthTransient, Unreachable, ProtocolViolation)):
        await Setting(trouble).oauth.refresh("1//refresh")


async def test_our_own_secret_being_wrong_is_not_the_persons_fault() -> None:
    with pytest.raises(OAuthClientInvalid):
        await Setting(answer(401, {"error": "invalid_client"})).oauth.refresh("1//refresh")


async def test_revoking_ends_the_grant() -> None:
    setting = Setting(answer(200, {}))
    await setting.oauth.revoke("1//refresh")
    assert setting.transport.requests[0].url == "https://oauth2.googleapis.com/revoke"
    assert setting.forms == [{"token": ["1//refresh"]}]


@pytest.mark.parametrize("word", ["invalid_token", "invalid_grant"])
async def test_revoking_what_is_dead_already_is_fine(word) -> None:
    await Setting(answer(400, {"error": word})).oauth.revoke("1//refresh")


async def test_revoking_may_be_refused() -> None:
    with pytest.raises(OAuthRefused):
        await Setting(answer(400, {"error": "invalid_request"})).oauth.revoke("1//refresh")


async def test_userinfo_says_whose_token_it_is() -> None:
    setting = Setting(answer(200, {"sub": "1", "email": "a@example.com", "email_verified": True}))
    assert (await setting.oauth.user_info("ya29.x")).email == "a@example.com"
    assert setting.transport.requests[0].headers["Authorization"] == "Bearer ya29.x"


def keys(*published: RSAKey, **headers: str) -> Answer:
    return answer(200, {"keys": [key.as_dict(private=False) for key in published]}, **headers)


def id_token(key: RSAKey, at: float) -> str:
    claims = {
        "iss": "https://accounts.google.com",
        "aud": "client",
        "sub": "1",
        "nonce": "n",
        "iat": at,
        "exp": at + 3600,
    }
    return jws.serialize_compact({"alg": "RS256", "kid": key.kid}, json.dumps(claims), key)


async def test_an_id_token_is_checked_against_keys_that_are_kept() -> None:
    setting = Setting(keys(FIRST, cache_control="public, max-age=600"))
    token = id_token(FIRST, setting.clock.at)
    assert (await setting.oauth.identity(token, nonce="n")).sub == "1"
    await setting.oauth.identity(token, nonce="n")
    assert len(setting.transport.requests) == 1
    setting.clock.at += 601
    await setting.oauth.identity(token, nonce="n")
    assert len(setting.transport.requests) == 2


async def test_a_key_that_was_rotated_in_is_fetched() -> None:
    setting = Setting(keys(FIRST), keys(FIRST, SECOND))
    await setting.oauth.identity(id_token(FIRST, setting.clock.at), nonce="n")
    setting.clock.at += 61
    await setting.oauth.identity(id_token(SECOND, setting.clock.at), nonce="n")
    assert len(setting.transport.requests) == 2


async def test_unknown_keys_do_not_make_us_fetch_without_end() -> None:
    setting = Setting(keys(FIRST))
    for _ in range(5):
        with pytest.raises(IdTokenInvalid):
            await setting.oauth.identity(id_token(SECOND, setting.clock.at), nonce="n")
    assert len(setting.transport.requests) == 1


async def test_a_wrong_nonce_is_refused() -> None:
    setting = Setting(keys(FIRST))
    with pytest.raises(IdTokenInvalid) as caught:
        await setting.oauth.identity(id_token(FIRST, setting.clock.at), nonce="other")
    assert caught.value.reason == "nonce"


async def test_keys_that_cannot_be_fetched_are_trouble_not_a_verdict() -> None:
    for trouble in (answer(503, b""), answer(200, b"<html>"), Unreachable("x", kind="dns")):
        setting = Setting(trouble)
        with pytest.raises(GoogleError) as caught:
            await setting.oauth.identity(id_token(FIRST, setting.clock.at))
        assert caught.value.transient


async def test_no_secret_shows_in_any_error_or_request() -> None:
    for trouble in (DEAD, answer(401, {"error": "invalid_client", "error_description": "1//refresh"})):
        setting = Setting(trouble)
        with pytest.raises(GoogleError) as caught:
            await setting.oauth.refresh("1//refresh")
        shown = repr(caught.value) + str(caught.value) + repr(setting.transport.requests)
        assert "1//refresh" not in shown
        assert "s3cret" not in shown
