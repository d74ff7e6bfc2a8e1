"""What the age of a grant says about its end."""

from calferry.core.limits import WEEK_MS

MARGIN_MS = 12 * 3_600_000
TESTING = (
    "It lived for seven days, as grants of an OAuth app whose publishing status is Testing do: publish the app in the "
    "Google Auth Platform, then connect the account again."
)


def reason_of_death(message: str, granted_at: int | None, died_at: int) -> str:
    """Google's message, and what is known of grants that die at that age; times are UTC milliseconds.

    `granted_at` None: nobody knows. Source: the seven days of refresh tokens of apps in testing,
    https://developers.google.com/identity/protocols/oauth2#expiration
    """
    if granted_at is None or abs(died_at - granted_at - WEEK_MS) > MARGIN_MS:
        return message
    return f"{message} {TESTING}"
