import json
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from calferry.google import (
    GrantRevoked,
    KeptTokens,
    OAuthClientInvalid,
    OAuthTransient,
    ServiceAccount,
    ServiceAccountKey,
)
from tests.unit.google.fakes import Answer, FakeClock, FixedDice, ScriptedTransport, answer

PRIVATE = RSAKey.generate_key(2048)
PEM = PRIVATE.as_pem(private=True).decode()
SCOPES = ["https://www.googleapis.com/auth/calendar", "openid"]
FILE = {
    "type": "service_account",
    "client_email": "robot@project.iam.gserviceaccount.com",
    "private_key_id": "k1",
    "private_key": PEM,
    "token_uri": "https://google.test/token",
}
TOKEN = answer(200, {"access_token": "ya29.robot", "expires_in": 3599, "token_type": "Bearer"})


class Setting:
    def __init__(self, *script: Answer, subject: str | None = None) -> None:
        self.clock, self.transport = FakeClock(), ScriptedTransport(list(script))
        key = ServiceAccountKey.from_json(json.dumps(FILE))
        self.account = ServiceAccount(self.transport, key, SCOPES, self.clock, FixedDice(), subject=subject)

    @property
    def claim(self) -> jwt.Token:
        form = parse_qs((self.transport.requests[-1].body or b"").decode())
        assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        return jwt.decode(form["assertion"][0], PRIVATE, algorithms=["RS256"])


async def test_a_signed_claim_is_turned_into_a_token() -> None:
    setting = Setting(TOKEN)
    granted = await setting.account.token()
    assert (granted.access_token, granted.expires_in_s) == ("ya29.robot", 3599)
    assert setting.transport.requests[0].url == "https://google.test/token"
    assert setting.claim.header == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    now = int(setting.clock.at)
    assert setting.claim.claims == {
        "iss": "robot@project.iam.gserviceaccount.com",
        "scope": " ".join(SCOPES),
        "aud": "https://google.test/token",
        "iat": now,
        "exp": now + 3600,
    }


async def test_delegation_names_the_person() -> None:
    setting = Setting(TOKEN, subject="alice@example.com")
    await setting.account.token()
    assert setting.claim.claims["sub"] == "alice@example.com"


async def test_a_try_that_comes_later_is_signed_anew() -> None:
    setting = Setting(answer(503, b""), TOKEN)
    await setting.account.token()
    assert setting.claim.claims["iat"] == int(setting.clock.at) == 1_800_000_001


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "invalid_grant", GrantRevoked),
        (401, "unauthorized_client", OAuthClientInvalid),
        (500, "internal_failure", OAuthTransient),
    ],
)
async def test_refusals_are_told_apart(status, code, error) -> None:
    setting = Setting(answer(status, {"error": code, "error_description": "Invalid JWT Signature."}))
    with pytest.raises(error, match="Invalid JWT"):
        await setting.account.token()


async def test_its_tokens_are_a_token_source() -> None:
    setting = Setting(TOKEN)
    tokens = KeptTokens(setting.account.token, setting.clock)
    assert [await tokens.access_token() for _ in range(3)] == ["ya29.robot"] * 3
    assert len(setting.transport.requests) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(FILE | {"private_key": "not a key"}),
        json.dumps(FILE | {"private_key": PRIVATE.as_pem(private=False).decode()}),
        json.dumps({"installed": {"client_id": "x"}}),
    ],
)
def test_anything_but_a_key_file_is_refused_without_a_quote_of_it(text: str) -> None:
    with pytest.raises(ValueError, match="service account") as caught:
        ServiceAccountKey.from_json(text)
    assert "BEGIN" not in str(caught.value)


def test_the_private_key_is_not_in_the_repr() -> None:
    assert "RSA" not in repr(ServiceAccountKey.from_json(json.dumps(FILE)))
