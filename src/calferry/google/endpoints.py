"""Where Google is."""

from dataclasses import dataclass

CALENDAR_PATH = "/calendar/v3"
BATCH_PATH = "/batch/calendar/v3"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Google's addresses; api_url is the root that ends before /calendar/v3."""

    api_url: str = "https://www.googleapis.com"
    auth_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105
    revoke_url: str = "https://oauth2.googleapis.com/revoke"
    certs_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    userinfo_url: str = "https://openidconnect.googleapis.com/v1/userinfo"
    issuers: tuple[str, ...] = ("https://accounts.google.com", "accounts.google.com")

    @property
    def calendar_url(self) -> str:
        return self.api_url.rstrip("/") + CALENDAR_PATH

    @property
    def batch_url(self) -> str:
        return self.api_url.rstrip("/") + BATCH_PATH
