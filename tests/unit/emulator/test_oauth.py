"""Consent, codes, tokens, revocation and OpenID Connect."""

import base64
import hashlib
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.x509 import load_pem_x509_certificate
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.unit.emulator.desk import ALICE, BOB, Answer, Desk

CALLBACK = "http://127.0.0.1:8000/auth/google/callback"
AUTH = "/o/oauth2/v2/auth"
CALENDAR = "https://www.googleapis.com/auth/calendar.events"
LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def auto() -> Desk:
    return Desk(auto=True)


def ask(**changes: Any) -> dict[str, Any]:
    fields = {
        "client_id": "demo-client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": f"openid email {CALENDAR}",
        "state": "s t",
        "access_type": "offline",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "nonce": "n-1",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def landed(answer: Answer) -> dict[str, str]:
    """The parameters of the redirect to the callback."""
    location = answer.response.headers["Location"]
    assert (answer.status, location.partition("?")[0]) == (302, CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def form(desk: Desk, path: str, headers: Any = None, **fields: str) -> Answer:
    return desk.send("POST", path, urlencode(fields).encode(), headers)


def exchange(desk: Desk, code: str, **changes: str) -> Answer:
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": "demo-client",
        "client_secret": "demo-secret",
        "code_verifier": VERIFIER,
    }
    return form(desk, "/token", **{**fields, **changes})


def refresh(desk: Desk, token: str, **changes: str) -> Answer:
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    return form(
        desk, "/token", **{**fields, "client_id": "demo-client", "client_secret": "demo-secret", **changes}
    )


def test_automatic_consent_redirects_with_code_state_and_scope(auto: Desk) -> None:
    found = landed(auto.send("GET", AUTH, **ask()))
    assert found["state"] == "s t"
    assert found["code"].startswith("4/0A")
    assert found["scope"] == f"openid https://www.googleapis.com/auth/userinfo.email {CALENDAR}"
    assert found["iss"] == "https://accounts.google.com"


def test_code_becomes_tokens_that_open_the_api(auto: Desk) -> None:
    answer = exchange(auto, landed(auto.send("GET", AUTH, **ask()))["code"])
    assert list(answer.json) == [
        "access_token", "expires_in", "refresh_token", "scope", "token_type", "id_token",
    ]  # fmt: skip
    assert (answer.json["expires_in"], answer.json["token_type"]) == (3599, "Bearer")
    assert answer.json["refresh_token"].startswith("1//")
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert auto.send("GET", "/calendar/v3/calendars/primary/events", headers=headers).status == 200
    narrow = auto.send("GET", "/calendar/v3/users/me/calendarList", headers=headers)
    assert (narrow.status, narrow.reason) == (403, "insufficientPermissions")


def test_id_token_is_signed_with_the_published_key(auto: Desk) -> None:
    answer = exchange(auto, landed(auto.send("GET", AUTH, **ask(login_hint=BOB)))["code"])
    keys = KeySet.import_key_set(auto.send("GET", "/oauth2/v3/certs").json)
    token = jwt.decode(answer.json["id_token"], keys, algorithms=["RS256"])
    assert token.header["kid"] == keys.keys[0].kid
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["email"]) == (
        "https://accounts.google.com",
        "demo-client",
        BOB,
    )
    assert (claims["nonce"], claims["email_verified"]) == ("n-1", True)
    assert claims["exp"] == claims["iat"] + 3600
    assert claims["sub"].isdecimal()


def test_refresh_token_comes_offline_on_the_first_consent_or_when_asked_again(auto: Desk) -> None:
    def granted(**changes: Any) -> bool:
        code = landed(auto.send("GET", AUTH, **ask(**changes)))["code"]
        return "refresh_token" in exchange(auto, code).json

    assert granted(access_type="online") is False
    assert granted() is False
    assert granted(prompt="consent") is True
    auto.control("revoke", {"email": ALICE})
    assert granted() is True


def test_refresh_answers_no_new_refresh_token_and_the_old_one_stays_good(auto: Desk) -> None:
    token = exchange(auto, landed(auto.send("GET", AUTH, **ask()))["code"]).json["refresh_token"]
    for _ in range(2):
        answer = refresh(auto, token)
        assert answer.status == 200
        assert "refresh_token" not in answer.json
        assert "id_token" in answer.json


def test_code_works_once_and_for_ten_minutes(auto: Desk) -> None:
    code = landed(auto.send("GET", AUTH, **ask()))["code"]
    assert exchange(auto, code).status == 200
    assert exchange(auto, code).json == {"error": "invalid_grant", "error_description": "Bad Request"}
    late = landed(auto.send("GET", AUTH, **ask()))["code"]
    auto.now += 601
    assert exchange(auto, late).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "status", "error", "description"),
    [
        ({"code": "nonsense"}, 400, "invalid_grant", "Malformed auth code."),
        ({"code": "4/0unknown"}, 400, "invalid_grant", "Bad Request"),
        ({"code_verifier": ""}, 400, "invalid_grant", "Missing code verifier."),
        ({"code_verifier": "w" * 64}, 400, "invalid_grant", "Invalid code verifier."),
        ({"redirect_uri": "http://127.0.0.1/else"}, 400, "redirect_uri_mismatch", "Bad Request"),
        ({"client_secret": "wrong"}, 401, "invalid_client", "Unauthorized"),
        ({"client_id": "nobody"}, 401, "invalid_client", "The OAuth client was not found."),
        ({"client_id": ""}, 400, "invalid_request", "Could not determine client ID from request."),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "Invalid grant_type: password"),
        ({"redirect_uri": ""}, 400, "invalid_request", "Missing required parameter: redirect_uri"),
    ],
)
def test_token_endpoint_refuses(auto: Desk, changes: Any, status: int, error: str, description: str) -> None:
    code = landed(auto.send("GET", AUTH, **ask()))["code"]
    answer = exchange(auto, **{"code": code, **changes})
    assert (answer.status, answer.json) == (status, {"error": error, "error_description": description})


def test_plain_challenge_and_basic_authentication(auto: Desk) -> None:
    code = landed(auto.send("GET", AUTH, **ask(code_challenge=VERIFIER, code_challenge_method=None)))["code"]
    basic = base64.b64encode(b"demo-client:demo-secret").decode()
    answer = form(
        auto, "/token", {"Authorization": f"Basic {basic}"},
        grant_type="authorization_code", code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER,
    )  # fmt: skip
    assert answer.status == 200


def test_dead_refresh_token_is_invalid_grant(auto: Desk) -> None:
    token = exchange(auto, landed(auto.send("GET", AUTH, **ask()))["code"]).json["refresh_token"]
    auto.control("revoke", {"email": ALICE})
    answer = refresh(auto, token)
    assert answer.status == 400
    assert answer.json == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }


def test_refresh_token_of_another_client_is_unauthorized(auto: Desk) -> None:
    auto.control("seed", {"oauth_clients": [{"client_id": "other", "client_secret": "s"}]})
    token = auto.control("tokens", {"email": ALICE})["refresh_token"]
    assert refresh(auto, token, client_id="other", client_secret="s").json["error"] == "unauthorized_client"


def test_revoking_either_token_ends_both(auto: Desk) -> None:
    for name in ("access_token", "refresh_token"):
        tokens = auto.control("tokens", {"email": ALICE})
        assert form(auto, "/revoke", token=tokens[name]).json == {}
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert auto.send("GET", "/calendar/v3/users/me/calendarList", headers=headers).status == 401
        assert refresh(auto, tokens["refresh_token"]).status == 400
        assert form(auto, "/revoke", token=tokens[name]).json["error"] == "invalid_token"


def test_hundred_and_first_refresh_token_kills_the_oldest(auto: Desk) -> None:
    tokens = [auto.control("tokens", {"email": ALICE})["refresh_token"] for _ in range(101)]
    assert [refresh(auto, tokens[place]).status for place in (0, 1, 100)] == [400, 200, 200]


def test_access_token_expires(auto: Desk) -> None:
    headers = {"Authorization": f"Bearer {auto.token()}"}
    auto.now += 3600
    answer = auto.send("GET", "/calendar/v3/users/me/calendarList", headers=headers)
    assert (answer.status, answer.reason) == (401, "authError")
    assert answer.json["error"]["status"] == "UNAUTHENTICATED"


def test_missing_token_is_the_front_ends_error(desk: Desk) -> None:
    answer = desk.send("GET", "/calendar/v3/users/me/calendarList", prettyPrint="false")
    assert answer.status == 401
    assert answer.response.headers["WWW-Authenticate"] == 'Bearer realm="https://accounts.google.com/"'
    assert answer.response.body.startswith(b'{\n  "error": {\n    "code": 401')
    assert answer.json["error"]["details"][0]["metadata"]["method"] == "calendar.v3.CalendarList.List"


def test_key_alone_reads_public_calendars_only(desk: Desk) -> None:
    path = f"/calendar/v3/calendars/{ALICE}/events"
    assert desk.send("GET", path, key="k").status == 404
    desk.control("seed", {"acl": {ALICE: [{"scope": {"type": "default"}, "role": "reader"}]}})
    assert desk.send("GET", path, key="k").status == 200
    assert desk.send("POST", path, {}, key="k").status == 401


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_id": "nobody"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/cb"}, "redirect_uri_mismatch"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "invalid_request"),
        ({"scope": " "}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
def test_bad_requests_for_consent_end_on_a_page_not_at_the_callback(
    auto: Desk, changes: Any, words: str
) -> None:
    answer = auto.send("GET", AUTH, **ask(**changes))
    assert answer.status in (400, 401)
    assert "Location" not in answer.response.headers
    assert words in answer.response.body.decode()


def consent_form(desk: Desk, **changes: Any) -> tuple[str, dict[str, str]]:
    """Where the consent page posts to, and its fields as a browser would send them."""
    page = desk.send("GET", AUTH, **ask(**changes)).response.body.decode()
    assert page.count("<form") == 1
    action = re.search(r'<form method="post" action="([^"]+)"', page)
    assert action
    fields = dict(re.findall(r'name="(scope_\d+)" value="([^"]+)" checked', page))
    (email,) = re.findall(r'name="email" value="([^"]+)" checked', page)
    return unescape(action.group(1)), {"email": email, **{k: unescape(v) for k, v in fields.items()}}


def decide(desk: Desk, action: str, fields: dict[str, str], decision: str) -> dict[str, str]:
    parts = urlsplit(action)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    body = urlencode({**fields, "decision": decision}).encode()
    return landed(desk.send("POST", parts.path, body, **query))


def test_consent_page_offers_people_and_scopes(desk: Desk) -> None:
    action, fields = consent_form(desk, login_hint=BOB)
    assert fields == {"email": BOB, "scope_0": "openid", "scope_1": "email", "scope_2": CALENDAR}
    tokens = exchange(desk, decide(desk, action, fields, "allow")["code"])
    assert tokens.status == 200


def test_unticked_scope_is_not_granted(desk: Desk) -> None:
    action, fields = consent_form(desk, scope=f"openid {CALENDAR} {LIST}")
    del fields["scope_1"]
    assert decide(desk, action, fields, "allow")["scope"] == f"openid {LIST}"


def test_deny_ends_in_access_denied(desk: Desk) -> None:
    action, fields = consent_form(desk)
    found = decide(desk, action, fields, "deny")
    assert (found["error"], found["state"]) == ("access_denied", "s t")
    assert "code" not in found


def test_silent_consent_needs_an_earlier_one(desk: Desk) -> None:
    assert landed(desk.send("GET", AUTH, **ask(prompt="none")))["error"] == "interaction_required"
    desk.control("tokens", {"email": ALICE})
    assert "code" in landed(desk.send("GET", AUTH, **ask(prompt="none")))


def test_earlier_scopes_are_included_when_asked(auto: Desk) -> None:
    landed(auto.send("GET", AUTH, **ask(scope=CALENDAR)))
    found = landed(auto.send("GET", AUTH, **ask(scope=LIST, include_granted_scopes="true")))
    assert found["scope"].split() == [CALENDAR, LIST]


def test_userinfo_tokeninfo_and_configuration(desk: Desk) -> None:
    token = desk.token(ALICE, "openid", "email", "profile")
    headers = {"Authorization": f"Bearer {token}"}
    person = desk.send("GET", "/v1/userinfo", headers=headers).json
    assert (person["email"], person["given_name"]) == (ALICE, "Alice")
    assert desk.send("GET", "/v1/userinfo").status == 401
    about = desk.send("GET", "/tokeninfo", access_token=token).json
    assert (about["sub"], about["expires_in"]) == (person["sub"], "3599")
    assert desk.send("POST", "/tokeninfo", headers=headers).json == about
    assert desk.send("GET", "/tokeninfo", access_token="x").status == 400
    configuration = desk.send("GET", "/.well-known/openid-configuration").json
    assert configuration["token_endpoint"].endswith("/token")
    assert configuration["issuer"] == "https://accounts.google.com"


def test_the_signing_key_is_also_a_certificate(desk: Desk) -> None:
    found = desk.send("GET", "/oauth2/v1/certs").json
    key = desk.send("GET", "/oauth2/v3/certs").json["keys"][0]
    numbers = load_pem_x509_certificate(found[key["kid"]].encode()).public_key().public_numbers()
    assert base64.urlsafe_b64encode(numbers.n.to_bytes(256, "big")).decode().rstrip("=") == key["n"]


def test_earlier_addresses_still_answer(desk: Desk) -> None:
    access = desk.token()
    for version, seconds in ((1, 3599), (2, 3599), (3, "3599"), (4, "3599")):
        about = desk.send("GET", f"/oauth2/v{version}/tokeninfo", access_token=access).json
        assert about["expires_in"] == seconds
        assert about["aud" if version > 2 else "audience"] == "demo-client"
    earlier = desk.send("GET", "/oauth2/v2/userinfo", headers={"Authorization": f"Bearer {access}"}).json
    assert (earlier["email"], earlier["verified_email"]) == (ALICE, True)
    assert len(earlier["id"]) == 21
    assert desk.send("POST", "/o/oauth2/token", b"grant_type=x").status == 400
