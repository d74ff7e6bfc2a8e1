"""google-auth and google-auth-oauthlib, unmodified, against the local Google.

They have no methods for calendars, only sessions that sign requests; what such a session is for is tested here.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import id_token
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceCredentials
from google_auth_oauthlib.flow import Flow

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.clients import ALICE, BOB, CLIENT, event, user_credentials

ROBOT = "robot@project.iam.gserviceaccount.com"
SCOPES = ["https://www.googleapis.com/auth/calendar"]

Session = Callable[[Any], AuthorizedSession]


@pytest.fixture
def signed_in() -> Iterator[Session]:
    """Opens sessions with credentials, and closes them."""
    opened: list[AuthorizedSession] = []

    def session(credentials: Any) -> AuthorizedSession:
        opened.append(AuthorizedSession(credentials))
        return opened[-1]

    yield session
    for each in opened:
        each.close()


@pytest.fixture
def api(local_google: RunningGoogle) -> str:
    return f"{local_google.url}/calendar/v3"


def token_requests(google: RunningGoogle) -> list[int]:
    """The statuses of the requests for tokens so far."""
    found = google.control("requests")["requests"]
    return [request["status"] for request in found if request["path"] == "/token"]


def test_a_session_follows_a_calendar(local_google: RunningGoogle, api: str, signed_in: Session) -> None:
    session = signed_in(user_credentials(local_google))
    events = f"{api}/calendars/primary/events"
    made = [session.post(events, json=event(f"E{number}")).json() for number in range(3)]
    first = session.get(events, params={"maxResults": 2}).json()
    second = session.get(events, params={"maxResults": 2, "pageToken": first["nextPageToken"]}).json()
    assert [item["id"] for item in first["items"] + second["items"]] == [item["id"] for item in made]
    one, etag = f"{events}/{made[0]['id']}", made[0]["etag"]
    assert session.get(one, headers={"If-None-Match": etag}).status_code == 304
    assert session.patch(one, json={"summary": "B"}, headers={"If-Match": etag}).status_code == 200
    assert session.patch(one, json={"summary": "C"}, headers={"If-Match": etag}).status_code == 412
    token = {"syncToken": second["nextSyncToken"]}
    assert [item["summary"] for item in session.get(events, params=token).json()["items"]] == ["B"]
    local_google.control("expire-sync-tokens", {"calendar_id": ALICE})
    assert session.get(events, params=token).status_code == 410


def test_a_token_that_has_run_out_is_refreshed_once(
    local_google: RunningGoogle, api: str, signed_in: Session
) -> None:
    credentials = user_credentials(local_google)
    session = signed_in(credentials)
    before = credentials.token
    local_google.control("clock", {"advance_s": 7200})
    for _ in range(2):
        assert session.get(f"{api}/calendars/primary").json()["id"] == ALICE
    assert credentials.token != before
    assert credentials.expiry is not None
    assert token_requests(local_google) == [200]


def test_a_revoked_grant_ends_the_session(local_google: RunningGoogle, api: str, signed_in: Session) -> None:
    session = signed_in(user_credentials(local_google))
    local_google.control("revoke", {"email": ALICE})
    with pytest.raises(RefreshError, match="invalid_grant: Token has been expired or revoked"):
        session.get(f"{api}/calendars/primary")
    assert token_requests(local_google) == [400]


def test_a_wrong_client_secret_is_refused(local_google: RunningGoogle) -> None:
    tokens = local_google.tokens(ALICE)
    wrong = Credentials(
        None,
        refresh_token=tokens["refresh_token"],
        token_uri=f"{local_google.url}/token",
        client_id=CLIENT["client_id"],
        client_secret="wrong",
    )
    with pytest.raises(RefreshError, match="invalid_client"), requests.Session() as session:
        wrong.refresh(Request(session))


def test_consent_leads_to_tokens_and_a_signed_identity(
    local_google: RunningGoogle, api: str, signed_in: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    endpoints = {"auth_uri": f"{local_google.url}/o/oauth2/v2/auth", "token_uri": f"{local_google.url}/token"}
    flow = Flow.from_client_config(
        {"web": {**CLIENT, **endpoints}},
        ["openid", "https://www.googleapis.com/auth/userinfo.email", *SCOPES],
        redirect_uri="http://127.0.0.1:9/back",
    )
    address, state = flow.authorization_url(access_type="offline", prompt="consent", login_hint=BOB)
    back = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
    assert f"state={state}" in back
    flow.fetch_token(authorization_response=back)
    flow.oauth2session.close()
    certs = f"{local_google.url}/oauth2/v1/certs"
    with requests.Session() as session:
        claims = id_token.verify_token(
            flow.credentials.id_token, Request(session), CLIENT["client_id"], certs_url=certs
        )
    assert claims["email"] == BOB
    assert signed_in(flow.credentials).get(f"{api}/calendars/primary").json()["id"] == BOB


@pytest.fixture
def key_file(local_google: RunningGoogle) -> dict[str, Any]:
    return local_google.control("service-account", {"email": ROBOT, "delegated": ["calendar"]})


def test_a_service_account_has_a_calendar_of_its_own(
    api: str, signed_in: Session, key_file: dict[str, Any]
) -> None:
    session = signed_in(ServiceCredentials.from_service_account_info(key_file, scopes=SCOPES))
    assert session.get(f"{api}/calendars/primary").json()["id"] == ROBOT
    assert session.post(f"{api}/calendars/primary/events", json=event()).json()["creator"]["email"] == ROBOT


def test_a_service_account_speaks_for_the_people_of_its_domain(
    local_google: RunningGoogle, api: str, signed_in: Session, key_file: dict[str, Any]
) -> None:
    credentials = ServiceCredentials.from_service_account_info(key_file, scopes=SCOPES, subject=ALICE)
    session = signed_in(credentials)
    assert session.get(f"{api}/calendars/primary").json()["id"] == ALICE
    local_google.control("clock", {"advance_s": 7200})
    with pytest.raises(RefreshError, match="invalid_grant: Invalid JWT: Token must be a short-lived token"):
        session.get(f"{api}/calendars/primary")


def test_a_service_account_signs_its_own_tokens(
    local_google: RunningGoogle, api: str, signed_in: Session, key_file: dict[str, Any]
) -> None:
    credentials = ServiceCredentials.from_service_account_info(key_file, scopes=SCOPES)
    session = signed_in(credentials.with_always_use_jwt_access(True))
    assert session.get(f"{api}/calendars/primary").json()["id"] == ROBOT
    assert token_requests(local_google) == []


@pytest.mark.parametrize(
    ("scopes", "subject", "refusal"),
    [
        (["https://www.googleapis.com/auth/drive"], ALICE, "unauthorized_client"),
        (SCOPES, "nobody@example.com", "invalid_grant: Invalid email or User ID"),
        ([], None, "invalid_scope"),
    ],
)
def test_what_a_service_account_may_not_ask_for(
    key_file: dict[str, Any], scopes: list[str], subject: str | None, refusal: str
) -> None:
    credentials = ServiceCredentials.from_service_account_info(key_file, scopes=scopes, subject=subject)
    with pytest.raises(RefreshError, match=refusal), requests.Session() as session:
        credentials.refresh(Request(session))
