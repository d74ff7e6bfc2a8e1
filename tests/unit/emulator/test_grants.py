"""How grants end by themselves, how devices sign in, and how service accounts speak for others."""

import base64
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.unit.emulator.desk import ALICE, BOB, START, Answer, Desk, timed

DAY_S = 86_400
ROBOT = "robot@project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/calendar"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEMO = {"client_id": "demo-client", "client_secret": "demo-secret"}


def token(desk: Desk, headers: Any = None, **form: str) -> Answer:
    return desk.send("POST", "/token", urlencode(form).encode(), headers)


def refreshed(desk: Desk, text: str, client: Any = None) -> Answer:
    return token(desk, grant_type="refresh_token", refresh_token=text, **(client or DEMO))


def test_half_a_year_without_use_ends_a_refresh_token(desk: Desk) -> None:
    text = desk.control("tokens", {"email": ALICE})["refresh_token"]
    for _ in range(3):
        desk.now += 180 * DAY_S
        assert refreshed(desk, text).status == 200
    desk.now += 184 * DAY_S
    answer = refreshed(desk, text)
    assert answer.json == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }


@pytest.mark.parametrize(("scopes", "alive"), [([SCOPE], 400), (["openid", "email"], 200)])
def test_an_unpublished_application_loses_its_grants_after_a_week(
    desk: Desk, scopes: Any, alive: int
) -> None:
    client = {"client_id": "draft", "client_secret": "s"}
    desk.control("seed", {"oauth_clients": [{**client, "testing": True}]})
    text = desk.control("tokens", {"email": ALICE, "client_id": "draft", "scopes": scopes})["refresh_token"]
    desk.now += 6 * DAY_S
    assert refreshed(desk, text, client).status == 200
    desk.now += 2 * DAY_S
    assert refreshed(desk, text, client).status == alive


def test_clients_prove_themselves_by_basic_too(desk: Desk) -> None:
    text = desk.control("tokens", {"email": ALICE})["refresh_token"]
    basic = {"Authorization": "Basic " + base64.b64encode(b"demo-client:demo-secret").decode()}
    assert token(desk, basic, grant_type="refresh_token", refresh_token=text).status == 200


def start(desk: Desk) -> Any:
    form = urlencode({"client_id": "demo-client", "scope": f"openid email {SCOPE}"}).encode()
    return desk.send("POST", "/device/code", form).json


def poll(desk: Desk, device: Any) -> Answer:
    desk.now += 6
    return token(desk, grant_type=DEVICE_GRANT, device_code=device["device_code"], **DEMO)


def test_a_device_waits_until_its_person_has_decided(desk: Desk) -> None:
    device = start(desk)
    assert (device["interval"], device["expires_in"]) == (5, 1800)
    pending = poll(desk, device)
    assert (pending.status, pending.json["error"]) == (428, "authorization_pending")
    desk.now -= 5
    hasty = poll(desk, device)
    assert (hasty.status, hasty.json["error"]) == (403, "slow_down")
    desk.control("device", {"user_code": device["user_code"], "email": BOB})
    granted = poll(desk, device).json
    assert {"access_token", "refresh_token", "id_token"} <= set(granted)
    assert poll(desk, device).json["error"] == "invalid_grant"


def test_a_person_answers_on_the_page(desk: Desk) -> None:
    device = start(desk)
    assert (
        device["user_code"].encode()
        in desk.send("GET", "/device", user_code=device["user_code"]).response.body
    )
    form = {"user_code": device["user_code"].lower(), "email": ALICE, "decision": "deny"}
    assert desk.send("POST", "/device", urlencode(form).encode()).status == 200
    refused = poll(desk, device)
    assert (refused.status, refused.json["error"]) == (403, "access_denied")
    assert desk.send("POST", "/device", urlencode({**form, "user_code": "none"}).encode()).status == 400


def test_with_auto_a_device_is_let_in_at_once() -> None:
    desk = Desk(auto=True)
    assert poll(desk, start(desk)).status == 200


def test_a_device_of_nobody_is_refused(desk: Desk) -> None:
    for form, error in (({"client_id": "x", "scope": "y"}, "invalid_client"), ({**DEMO}, "invalid_request")):
        assert desk.send("POST", "/device/code", urlencode(form).encode()).json["error"] == error
    device = start(desk)
    desk.now += 1800
    assert poll(desk, device).json["error"] == "invalid_grant"


def assertion(key_file: Any, **claims: Any) -> str:
    key = RSAKey.import_key(key_file["private_key"])
    full = {"iss": ROBOT, "scope": SCOPE, "aud": key_file["token_uri"], "iat": START, "exp": START + 3600}
    return jwt.encode({"alg": "RS256"}, {**full, **claims}, key, algorithms=["RS256"])


@pytest.fixture
def key_file(desk: Desk) -> Any:
    return desk.control("service-account", {"email": ROBOT, "delegated": ["calendar"]})


def exchanged(desk: Desk, key_file: Any, **claims: Any) -> Answer:
    return token(desk, grant_type=JWT_GRANT, assertion=assertion(key_file, **claims))


def as_bearer(desk: Desk, answer: Answer, method: str, path: str, body: Any = None) -> Answer:
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    return desk.send(method, f"/calendar/v3/{path}", body, headers)


def test_a_service_account_has_a_calendar_but_no_guests(desk: Desk, key_file: Any) -> None:
    answer = exchanged(desk, key_file)
    assert sorted(answer.json) == ["access_token", "expires_in", "token_type"]
    assert as_bearer(desk, answer, "GET", "calendars/primary").json["id"] == ROBOT
    body = {**timed(), "attendees": [{"email": ALICE}]}
    refused = as_bearer(desk, answer, "POST", "calendars/primary/events", body)
    assert (refused.status, refused.reason) == (403, "forbiddenForServiceAccounts")


def test_a_delegated_account_speaks_for_people(desk: Desk, key_file: Any) -> None:
    answer = exchanged(desk, key_file, sub=ALICE)
    assert as_bearer(desk, answer, "GET", "calendars/primary").json["id"] == ALICE
    body = {**timed(), "attendees": [{"email": BOB}]}
    assert as_bearer(desk, answer, "POST", "calendars/primary/events", body).status == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"iss": "other@x.org"}, "invalid_grant", "Invalid JWT Signature."),
        ({"exp": START + 7200}, "invalid_grant", "Invalid JWT: Token must be a short-lived token"),
        ({"iat": START - 9000, "exp": START - 5400}, "invalid_grant", "Invalid JWT: Token must be"),
        ({"iat": None}, "invalid_grant", "Invalid JWT: Token must be"),
        ({"aud": "https://example.org"}, "invalid_grant", "Invalid JWT: Failed audience check."),
        ({"scope": ""}, "invalid_scope", "Invalid OAuth scope"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "Invalid email or User ID"),
        ({"sub": "nobody"}, "invalid_grant", "Not a valid email"),
        ({"sub": ALICE, "scope": "email"}, "unauthorized_client", "Client is unauthorized"),
    ],
)
def test_bad_assertions_are_refused(
    desk: Desk, key_file: Any, claims: Any, error: str, description: str
) -> None:
    answer = exchanged(desk, key_file, **claims)
    assert (answer.status, answer.json["error"]) == (401 if error == "unauthorized_client" else 400, error)
    assert answer.json["error_description"].startswith(description)


def test_forged_assertions_are_refused(desk: Desk, key_file: Any) -> None:
    forged = {**key_file, "private_key": RSAKey.generate_key(2048).as_pem(private=True)}
    assert exchanged(desk, forged).json["error_description"] == "Invalid JWT Signature."
    for text in ("", "a.b.c", "nonsense"):
        assert token(desk, grant_type=JWT_GRANT, assertion=text).status == 400


def test_tokeninfo_reads_id_tokens(desk: Desk) -> None:
    device = start(desk)
    desk.control("device", {"user_code": device["user_code"], "email": ALICE})
    signed = poll(desk, device).json["id_token"]
    claims = desk.send("GET", "/tokeninfo", id_token=signed).json
    assert (claims["email"], claims["email_verified"], claims["aud"]) == (ALICE, "true", "demo-client")
    assert desk.send("GET", "/tokeninfo", id_token=signed[:-4]).status == 400


def signed_by_itself(desk: Desk, key_file: Any, **claims: Any) -> Answer:
    text = assertion(key_file, **claims)
    return desk.send("GET", "/calendar/v3/calendars/primary", None, {"Authorization": f"Bearer {text}"})


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": None},
        {"aud": "https://calendar-json.googleapis.com/", "scope": None},
        {"aud": "https://www.googleapis.com/calendar/v3/", "scope": None},
        {"aud": "http://127.0.0.1:8001/calendar/v3/", "scope": None, "sub": ROBOT},
    ],
)
def test_a_service_account_may_sign_its_access_token_itself(desk: Desk, key_file: Any, claims: Any) -> None:
    answer = signed_by_itself(desk, key_file, **claims)
    assert (answer.status, answer.json["id"]) == (200, ROBOT)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "https://example.org/", "scope": None}, "authError"),
        ({"sub": ALICE}, "authError"),
        ({"iss": ALICE}, "authError"),
        ({"exp": START - 400, "iat": START - 3000}, "authError"),
        ({"exp": START + 7200}, "authError"),
        ({"scope": "https://www.googleapis.com/auth/calendar.settings.readonly"}, "insufficientPermissions"),
    ],
)
def test_a_self_signed_token_that_google_would_not_take_is_refused(
    desk: Desk, key_file: Any, claims: Any, reason: str
) -> None:
    answer = signed_by_itself(desk, key_file, **claims)
    assert (answer.status, answer.reason) == (403 if reason.startswith("insufficient") else 401, reason)


def test_googles_library_signs_tokens_that_are_taken(desk: Desk, key_file: Any) -> None:
    from google.oauth2 import service_account

    info = {**key_file, "token_uri": "https://oauth2.googleapis.com/token"}
    made = service_account.Credentials.from_service_account_info(info).with_always_use_jwt_access(True)
    made._create_self_signed_jwt("https://www.googleapis.com/calendar/v3/")
    desk.now = time.time()
    made.refresh(None)
    headers = {"Authorization": f"Bearer {made.token}"}
    assert desk.send("GET", "/calendar/v3/calendars/primary", None, headers).json["id"] == ROBOT


def test_a_service_account_pays_for_whomever_it_speaks_for_unless_it_names_a_user(
    desk: Desk, key_file: Any
) -> None:
    tokens = [exchanged(desk, key_file, sub=person) for person in (ALICE, BOB)]
    desk.control("quota", {"per_minute_per_user": 1})
    statuses = [as_bearer(desk, answer, "GET", "calendars/primary").status for answer in tokens]
    headers = {"Authorization": f"Bearer {tokens[1].json['access_token']}"}
    path = "/calendar/v3/calendars/primary"
    named = [desk.send("GET", path, None, headers, quotaUser=user).status for user in "ab"]
    assert (statuses, named) == ([200, 403], [200, 200])
