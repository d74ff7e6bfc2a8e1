"""From the client library's errors to the engine's causes."""

from collections.abc import Generator
from contextlib import contextmanager

from calferry import google
from calferry.core.failure import Cause, SourceFailure

CAUSES: dict[type[google.GoogleError], Cause] = {
    google.SyncTokenExpired: Cause.SYNC_TOKEN_EXPIRED,
    google.PageTokenInvalid: Cause.PAGE_TOKEN_INVALID,
    google.RateLimited: Cause.RATE_LIMITED,
    google.QuotaExceeded: Cause.QUOTA_EXCEEDED,
    google.DailyLimitExceeded: Cause.DAILY_LIMIT,
    google.Unauthorized: Cause.UNAUTHORIZED,
    google.InsufficientScope: Cause.SCOPE_MISSING,
    google.AccessNotConfigured: Cause.API_DISABLED,
    google.NotACalendarUser: Cause.NOT_A_CALENDAR_USER,
    google.Forbidden: Cause.FORBIDDEN,
    google.NotFound: Cause.NOT_FOUND,
    google.AlreadyDeleted: Cause.ALREADY_DELETED,
    google.Duplicate: Cause.DUPLICATE,
    google.Conflict: Cause.SERVER_ERROR,
    google.PreconditionFailed: Cause.PRECONDITION_FAILED,
    google.ChannelIdNotUnique: Cause.CHANNEL_ID_TAKEN,
    google.PushNotSupported: Cause.PUSH_UNSUPPORTED,
    google.WebhookRefused: Cause.PUSH_REFUSED,
    google.BadRequest: Cause.BAD_REQUEST,
    google.ServerError: Cause.SERVER_ERROR,
    google.ResponseTooLarge: Cause.TOO_LARGE,
    google.ProtocolViolation: Cause.BAD_ANSWER,
    google.Unreachable: Cause.UNREACHABLE,
    google.GrantRevoked: Cause.GRANT_REVOKED,
    google.OAuthClientInvalid: Cause.CLIENT_INVALID,
    google.OAuthTransient: Cause.SERVER_ERROR,
    google.OAuthRefused: Cause.BAD_REQUEST,
    google.IdTokenInvalid: Cause.BAD_ANSWER,
}


def cause_of(error: google.GoogleError) -> Cause:
    """The cause of the error's class, or of the nearest class above it."""
    for kind in type(error).__mro__:
        if kind in CAUSES:
            return CAUSES[kind]
    return Cause.BAD_ANSWER


class NoToken(google.GoogleError):
    """A failure of our own to get an access token, on its way through the client library."""

    def __init__(self, failure: SourceFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def failure_from(error: google.GoogleError) -> SourceFailure:
    """The same failure in the engine's words; the message stays Google's."""
    if isinstance(error, NoToken):
        error.failure.follows_unclear = error.follows_unclear
        return error.failure
    return SourceFailure(
        cause_of(error),
        error.message or "Google gave no reason.",
        status=error.status,
        reason=error.reason or "",
        retry_after_s=error.retry_after_s,
        surely_unsent=isinstance(error, google.Unreachable) and error.is_surely_unsent,
        follows_unclear=error.follows_unclear,
    )


@contextmanager
def google_failures() -> Generator[None, None, None]:
    """Let `SourceFailure` out where the client library raises its own errors."""
    try:
        yield
    except google.GoogleError as error:
        raise failure_from(error) from error
