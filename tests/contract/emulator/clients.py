"""Credentials and events that the clients written in Python share."""

from typing import Any

from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

from calferry.emulator.server import RunningGoogle

ALICE = "alice@example.com"
BOB = "bob@example.com"
TEAM = "alice-team@group.calendar.google.com"
CLIENT = {"client_id": "demo-client", "client_secret": "demo-secret"}


def user_credentials(google: RunningGoogle, email: str = ALICE) -> Credentials:
    """google-auth's credentials of a person, with a refresh token."""
    tokens = google.tokens(email)
    return Credentials(
        tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        token_uri=f"{google.url}/token",
        **CLIENT,
    )


def python_client(google: RunningGoogle, credentials: Credentials | None = None) -> Any:
    """Google's Python client. To be closed."""
    return build(
        "calendar",
        "v3",
        credentials=credentials or user_credentials(google),
        client_options={"api_endpoint": f"{google.url}/calendar/v3/"},
        static_discovery=True,
    )


def event(summary: str = "Meeting", **fields: Any) -> dict[str, Any]:
    """An event of an hour, in Google's shape."""
    times = {
        "start": {"dateTime": "2026-11-23T10:00:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-11-23T11:00:00", "timeZone": "Europe/Berlin"},
    }
    return {"summary": summary, **times, **fields}
