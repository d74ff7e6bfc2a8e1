"""(status, body, headers) → the error that names the cause. Pure.

403 and 410 mean very different things, so the reason decides; the status decides only where no reason can be read.
Table: https://developers.google.com/workspace/calendar/api/guides/errors
"""

import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import msgspec

from calferry.google.backoff import read_retry_after
from calferry.google.errors import (
    AccessNotConfigured,
    AlreadyDeleted,
    BadRequest,
    ChannelIdNotUnique,
    Conflict,
    DailyLimitExceeded,
    Duplicate,
    Forbidden,
    ForbiddenForNonOrganizer,
    GoogleError,
    GrantRevoked,
    InsufficientScope,
    NotACalendarUser,
    NotFound,
    OAuthClientInvalid,
    OAuthError,
    OAuthRefused,
    OAuthTransient,
    PageTokenInvalid,
    PreconditionFailed,
    ProtocolViolation,
    PushNotSupported,
    QuotaExceeded,
    RateLimited,
    Redirected,
    Refused,
    RequiredAccessLevel,
    ServerError,
    SyncTokenExpired,
    Unauthorized,
    WebhookRefused,
)

MESSAGE_LENGTH_MAX = 300
SECRET = re.compile(r"ya29\.[\w.-]+|1//[\w-]+|4/0[\w-]+|eyJ[\w.-]+|(?i:bearer)\s+[\w.~+/-]+=*")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")
BAD_SYNC_TOKEN = "invalid sync token"  # noqa: S105

BY_REASON: dict[str, type[Refused]] = {
    "fullSyncRequired": SyncTokenExpired,
    "updatedMinTooLongAgo": SyncTokenExpired,
    "deleted": AlreadyDeleted,
    "rateLimitExceeded": RateLimited,
    "userRateLimitExceeded": RateLimited,
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "quotaExceeded": QuotaExceeded,
    "calendarUsageLimits": QuotaExceeded,
    "calendarUsageLimitsExceeded": QuotaExceeded,
    "variableTermLimitExceeded": QuotaExceeded,
    "dailyLimitExceeded": DailyLimitExceeded,
    "dailyLimitExceededUnreg": DailyLimitExceeded,
    "insufficientPermissions": InsufficientScope,
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": InsufficientScope,
    "accessNotConfigured": AccessNotConfigured,
    "SERVICE_DISABLED": AccessNotConfigured,
    "notACalendarUser": NotACalendarUser,
    "forbiddenForNonOrganizer": ForbiddenForNonOrganizer,
    "requiredAccessLevel": RequiredAccessLevel,
    "forbiddenForServiceAccounts": Forbidden,
    "authError": Unauthorized,
    "notFound": NotFound,
    "duplicate": Duplicate,
    "conflict": Conflict,
    "conditionNotMet": PreconditionFailed,
    "channelIdNotUnique": ChannelIdNotUnique,
    "push.channelIdNotUnique": ChannelIdNotUnique,
    "pushNotSupportedForRequestedResource": PushNotSupported,
    "push.webhookUrlUnauthorized": WebhookRefused,
    "push.webhookUrlNotHttps": WebhookRefused,
    "push.channelTypeNotSupported": WebhookRefused,
    "push.channelIdInvalid": WebhookRefused,
    "webhookUrlUnauthorized": WebhookRefused,
    "webhookUrlNotHttps": WebhookRefused,
    "backendError": ServerError,
    "internalError": ServerError,
    "serviceNotAvailable": ServerError,
}
BY_STATUS: dict[int, type[Refused]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: ServerError,
    409: Duplicate,
    410: AlreadyDeleted,
    412: PreconditionFailed,
    429: RateLimited,
}
NOT_THE_PAGE_TOKEN = frozenset(
    {"timeRangeEmpty", "syncTokenWithRequestRestrictions", "syncTokenWithNonDefaultOrdering", "parseError"}
)
OAUTH_TRANSIENT = frozenset({"internal_failure", "server_error", "temporarily_unavailable", "slow_down"})
OAUTH_CLIENT = frozenset({"invalid_client", "unauthorized_client", "deleted_client"})


def classify(
    status: int,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: float | None = None,
    has_sync_token: bool = False,
    has_page_token: bool = False,
) -> GoogleError:
    """The error of a Calendar API answer that is no success.

    headers: lower-case names. now: Unix seconds, for a Retry-After that is a date and has no Date beside it.
    has_sync_token, has_page_token: whether the request carried one.
    """
    if status < 400:
        return _unexpected(status)
    reasons, message = read_error(body)
    kind = _kind(status, reasons, message, has_sync_token, has_page_token)
    return kind(
        _presentable(message, status),
        status=status,
        reason=reasons[0] if reasons else None,
        retry_after_s=_retry_after(headers, now),
    )


def classify_oauth(
    status: int, body: bytes, headers: Mapping[str, str], *, now: float | None = None
) -> GoogleError:
    """The error of a token, revoke or user endpoint. Only invalid_grant speaks of the grant."""
    if status < 400:
        return _unexpected(status)
    error = _object(body)
    code = error.get("error")
    reason = _presentable(code, status) if isinstance(code, str) else None
    return _oauth_kind(status, reason)(
        _presentable(error.get("error_description"), status),
        status=status,
        reason=reason,
        retry_after_s=_retry_after(headers, now),
    )


def _unexpected(status: int) -> ProtocolViolation:
    kind = Redirected if status in (301, 302, 303, 307, 308) else ProtocolViolation
    return kind(f"status {status} where a body is due", status=status, reason="status")


def _kind(
    status: int, reasons: list[str], message: str, has_sync_token: bool, has_page_token: bool
) -> type[Refused]:
    if status >= 500:
        return ServerError
    if status == 429:
        return DailyLimitExceeded if "dailyLimitExceeded" in reasons else RateLimited
    known = next((BY_REASON[reason] for reason in reasons if reason in BY_REASON), None)
    if known is not None:
        return known
    if status == 400:
        return _bad_request(reasons, message, has_page_token)
    if status == 410 and has_sync_token:
        return SyncTokenExpired
    return BY_STATUS.get(status, BadRequest)


def _bad_request(reasons: list[str], message: str, has_page_token: bool) -> type[Refused]:
    if message.lower().startswith(BAD_SYNC_TOKEN):
        return SyncTokenExpired
    if has_page_token and NOT_THE_PAGE_TOKEN.isdisjoint(reasons):
        return PageTokenInvalid
    return BadRequest


def _oauth_kind(status: int, code: str | None) -> type[OAuthError]:
    if status >= 500 or status in (408, 429) or code is None or code in OAUTH_TRANSIENT:
        return OAuthTransient
    if code == "invalid_grant":
        return GrantRevoked
    return OAuthClientInvalid if code in OAUTH_CLIENT else OAuthRefused


def read_error(body: bytes) -> tuple[list[str], str]:
    """(reasons, message) of either of Google's error envelopes: errors[] first, then details[], then status.

    Both are empty for a body that is neither.
    """
    error = _object(body).get("error")
    if not isinstance(error, dict):
        return [], ""
    reasons = [*_reasons(error.get("errors")), *_reasons(error.get("details"))]
    if error.get("status") == "RESOURCE_EXHAUSTED":
        reasons.append("rateLimitExceeded")
    message = error.get("message")
    return reasons, message if isinstance(message, str) else ""


def _object(body: bytes) -> dict[str, object]:
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _reasons(members: object) -> Iterator[str]:
    for member in members if isinstance(members, list) else []:
        reason = member.get("reason") if isinstance(member, dict) else None
        if isinstance(reason, str):
            yield _presentable(reason, 0)


def _presentable(text: object, status: int) -> str:
    if not isinstance(text, str) or not text:
        return f"status {status}"
    return SECRET.sub("[secret]", UNPRINTABLE.sub(" ", text))[:MESSAGE_LENGTH_MAX]


def _retry_after(headers: Mapping[str, str], now: float | None) -> float | None:
    return read_retry_after(headers.get("retry-after"), _date(headers.get("date"), now))


def _date(value: str | None, now: float | None) -> float | None:
    """Google's own clock where it tells, so that ours being wrong does not matter."""
    try:
        return now if value is None else parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return now
