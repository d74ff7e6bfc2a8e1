"""Every error this library raises.

GoogleError
├── Refused                       Google answered with an error status
│   ├── SyncTokenExpired          start over with a full sync
│   ├── PageTokenInvalid          start this pass over, keep the sync token
│   ├── RateLimited               slow down                               (transient)
│   ├── QuotaExceeded             Calendar use limits: hours or more
│   ├── DailyLimitExceeded        tomorrow
│   ├── Unauthorized              the access token is not accepted
│   ├── Forbidden
│   │   ├── InsufficientScope
│   │   ├── AccessNotConfigured   the Calendar API is off in the project
│   │   ├── NotACalendarUser
│   │   ├── ForbiddenForNonOrganizer
│   │   └── RequiredAccessLevel
│   ├── NotFound
│   ├── AlreadyDeleted
│   ├── Duplicate                 the id is taken
│   ├── Conflict                  parallel writes inside one batch        (transient)
│   ├── PreconditionFailed        the etag has moved on
│   ├── BadRequest
│   │   ├── ChannelIdNotUnique
│   │   ├── PushNotSupported      this resource cannot be watched
│   │   └── WebhookRefused        the callback address is not acceptable
│   └── ServerError                                                       (transient)
├── ProtocolViolation             an answer that Google does not give     (transient)
│   ├── Redirected
│   └── ResponseTooLarge
├── Unreachable                   no answer                               (transient)
│   └── CertificateRejected
├── OAuthError
│   ├── GrantRevoked              invalid_grant: a person has to sign in again
│   ├── OAuthClientInvalid        our client id or secret, not the person's grant
│   ├── OAuthTransient                                                    (transient)
│   └── OAuthRefused
└── IdTokenInvalid
"""

from typing import ClassVar, Literal

UnreachableKind = Literal["dns", "connect", "connect_timeout", "timeout", "reset", "truncated", "tls"]


class GoogleError(Exception):
    """Base of all. `message` is Google's or ours and never holds a token.

    status: HTTP status or None when there was no answer.
    reason: Google's reason word, exactly as sent, or ours.
    retry_after_s: seconds the other side asked us to wait, 0 to 3600, or None.
    transient: whether the same request may succeed later without anybody doing anything.
    follows_unclear: whether an earlier try of the same request may have been done, whatever came of the last one.
    """

    transient: ClassVar[bool] = False

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        reason: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.follows_unclear = False

    def __str__(self) -> str:
        known = [str(part) for part in (self.status, self.reason) if part is not None]
        return f"{' '.join(known)}: {self.message}" if known else self.message


class Refused(GoogleError):
    """Google answered with an error status."""


class SyncTokenExpired(Refused):
    """410 fullSyncRequired or updatedMinTooLongAgo, or 400 "Invalid sync token value."."""


class PageTokenInvalid(Refused):
    """400 on a request that carried a page token, with no better explanation."""


class RateLimited(Refused):
    """429, or 403 rateLimitExceeded or userRateLimitExceeded."""

    transient = True


class QuotaExceeded(Refused):
    """403 quotaExceeded: the Calendar use limits of this person, for hours or longer."""


class DailyLimitExceeded(Refused):
    """403 dailyLimitExceeded: the project's day is used up."""


class Unauthorized(Refused):
    """401 that a fresh access token did not cure."""


class Forbidden(Refused):
    """403 for any cause that is not a limit."""


class InsufficientScope(Forbidden):
    """The grant lacks a scope this call needs."""


class AccessNotConfigured(Forbidden):
    """The Calendar API is not enabled in the Google Cloud project."""


class NotACalendarUser(Forbidden):
    """The account has no Google Calendar."""


class ForbiddenForNonOrganizer(Forbidden):
    """Only the organizer may change shared properties of the event."""


class RequiredAccessLevel(Forbidden):
    """The account's role on the calendar is too low for this."""


class NotFound(Refused):
    """404."""


class AlreadyDeleted(Refused):
    """410 deleted."""


class Duplicate(Refused):
    """409 duplicate: the client-made id is taken, also by a deleted event."""


class Conflict(Refused):
    """409 conflict: parallel writes within one batch."""

    transient = True


class PreconditionFailed(Refused):
    """412: If-Match did not match."""


class BadRequest(Refused):
    """400 and every other 4xx without a class of its own."""


class ChannelIdNotUnique(BadRequest):
    """The channel id was used before in this project."""


class PushNotSupported(BadRequest):
    """The resource cannot be watched (holidays, birthdays and other generated calendars)."""


class WebhookRefused(BadRequest):
    """Google does not accept the callback address or channel as given."""


class ServerError(Refused):
    """5xx, and 408."""

    transient = True


class ProtocolViolation(GoogleError):
    """An answer that is not what the method returns: bad shape, undecodable, cut short, wrong status."""

    transient = True


class Redirected(ProtocolViolation):
    """A redirect. Never followed, so that no token reaches another host."""

    transient = False


class ResponseTooLarge(ProtocolViolation):
    """The body is larger than the request allowed, on the wire or inflated."""

    transient = False


class Unreachable(GoogleError):
    """No complete answer arrived. `kind` says where it failed."""

    transient = True

    def __init__(self, message: str = "", *, kind: UnreachableKind) -> None:
        super().__init__(message, reason=kind)
        self.kind: UnreachableKind = kind

    @property
    def is_surely_unsent(self) -> bool:
        """Whether the request cannot have reached Google, so that repeating it is harmless."""
        return self.kind in ("dns", "connect", "connect_timeout", "tls")


class CertificateRejected(Unreachable):
    """TLS could not be established with a trusted certificate."""

    transient = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message, kind="tls")


class OAuthError(GoogleError):
    """Google's token, revoke or user endpoint refused."""


class GrantRevoked(OAuthError):
    """invalid_grant: the code or refresh token that was sent is dead."""


class OAuthClientInvalid(OAuthError):
    """invalid_client or unauthorized_client: a configuration fault that concerns every account."""


class OAuthTransient(OAuthError):
    """The endpoint failed or answered nonsense: says nothing about the grant."""

    transient = True


class OAuthRefused(OAuthError):
    """Any other OAuth error code."""


class IdTokenInvalid(GoogleError):
    """The id token did not pass; `reason` is malformed, algorithm, key, signature, issuer, audience, expired,
    nonce, subject or not_yet_valid."""
