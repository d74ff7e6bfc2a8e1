import json

import pytest

from calferry import google
from calferry.google import classify, classify_oauth
from tests.unit.google.fakes import front_end_refusal, refusal

BACKEND = [
    (400, "timeRangeEmpty", "The specified time range is empty.", google.BadRequest),
    (400, "invalid", "Invalid resource id value.", google.BadRequest),
    (400, "invalid", "Invalid sync token value.", google.SyncTokenExpired),
    (400, "syncTokenWithRequestRestrictions", "Sync token cannot be used ...", google.BadRequest),
    (400, "syncTokenWithNonDefaultOrdering", "Sync token cannot be used ...", google.BadRequest),
    (400, "badRequest", "Bad Request", google.BadRequest),
    (400, "required", "Missing end time.", google.BadRequest),
    (400, "parseError", "Parse Error", google.BadRequest),
    (400, "eventTypeRestriction", "Attempt made to modify 'birthday' event.", google.BadRequest),
    (400, "channelIdNotUnique", "Channel id X not unique", google.ChannelIdNotUnique),
    (400, "pushNotSupportedForRequestedResource", "Push ... not supported", google.PushNotSupported),
    (400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS", google.WebhookRefused),
    (400, "push.webhookUrlUnauthorized", "Unauthorized WebHook", google.WebhookRefused),
    (401, "push.webhookUrlUnauthorized", "Unauthorized WebHook", google.WebhookRefused),
    (403, "push.webhookUrlUnauthorized", "Unauthorized WebHook", google.WebhookRefused),
    (400, "push.channelTypeNotSupported", "type", google.WebhookRefused),
    (401, "authError", "Invalid Credentials", google.Unauthorized),
    (401, "required", "Login Required.", google.Unauthorized),
    (403, "rateLimitExceeded", "Rate Limit Exceeded", google.RateLimited),
    (403, "userRateLimitExceeded", "User Rate Limit Exceeded", google.RateLimited),
    (429, "rateLimitExceeded", "Rate Limit Exceeded", google.RateLimited),
    (429, "somethingNew", "Too many", google.RateLimited),
    (429, "dailyLimitExceeded", "Daily Limit Exceeded", google.DailyLimitExceeded),
    (403, "quotaExceeded", "Calendar usage limits exceeded.", google.QuotaExceeded),
    (403, "calendarUsageLimits", "Calendar usage limits exceeded.", google.QuotaExceeded),
    (403, "variableTermLimitExceeded", "", google.QuotaExceeded),
    (403, "dailyLimitExceeded", "Daily Limit Exceeded", google.DailyLimitExceeded),
    (403, "forbiddenForNonOrganizer", "Shared properties ...", google.ForbiddenForNonOrganizer),
    (403, "requiredAccessLevel", "You need to have writer access", google.RequiredAccessLevel),
    (403, "forbidden", "Forbidden", google.Forbidden),
    (403, "forbiddenForServiceAccounts", "", google.Forbidden),
    (403, "somethingNew", "", google.Forbidden),
    (403, "notACalendarUser", "must be signed up", google.NotACalendarUser),
    (403, "insufficientPermissions", "Insufficient Permission", google.InsufficientScope),
    (403, "accessNotConfigured", "has not been used in project", google.AccessNotConfigured),
    (404, "notFound", "Not Found", google.NotFound),
    (409, "duplicate", "The requested identifier already exists.", google.Duplicate),
    (409, "conflict", "Conflict", google.Conflict),
    (410, "fullSyncRequired", "Sync token is no longer valid", google.SyncTokenExpired),
    (410, "updatedMinTooLongAgo", "too far in the past", google.SyncTokenExpired),
    (410, "deleted", "Resource has been deleted", google.AlreadyDeleted),
    (412, "conditionNotMet", "Precondition Failed", google.PreconditionFailed),
    (500, "backendError", "Backend Error", google.ServerError),
    (503, "backendError", "Backend Error", google.ServerError),
    (503, "serviceNotAvailable", "", google.ServerError),
    (418, "teapot", "", google.BadRequest),
]


@pytest.mark.parametrize(("status", "reason", "message", "kind"), BACKEND)
def test_the_calendar_backends_errors_are_named_by_reason(status, reason, message, kind) -> None:
    error = classify(status, refusal(status, reason, message).body, {})
    assert type(error) is kind
    assert (error.status, error.reason) == (status, reason)
    assert error.message == (message or reason)


FRONT_END = [
    (401, "authError", "ACCESS_TOKEN_EXPIRED", google.Unauthorized),
    (401, "required", "CREDENTIALS_MISSING", google.Unauthorized),
    (403, "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", google.InsufficientScope),
    (403, "", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", google.InsufficientScope),
    (403, "forbidden", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", google.InsufficientScope),
    (403, "rateLimitExceeded", "RATE_LIMIT_EXCEEDED", google.RateLimited),
    (403, "", "RATE_LIMIT_EXCEEDED", google.RateLimited),
    (403, "accessNotConfigured", "SERVICE_DISABLED", google.AccessNotConfigured),
    (403, "", "SERVICE_DISABLED", google.AccessNotConfigured),
    (403, "forbidden", "API_KEY_SERVICE_BLOCKED", google.Forbidden),
    (403, "", "", google.Forbidden),
]


@pytest.mark.parametrize(("status", "reason", "detail", "kind"), FRONT_END)
def test_the_front_ends_errors_are_named_by_reason_or_detail(status, reason, detail, kind) -> None:
    error = classify(status, front_end_refusal(status, reason, detail), {})
    assert type(error) is kind


def test_a_front_end_quota_answer_without_reason_is_still_a_rate_limit() -> None:
    body = json.dumps({"error": {"code": 403, "message": "Quota", "status": "RESOURCE_EXHAUSTED"}}).encode()
    assert isinstance(classify(403, body, {}), google.RateLimited)


UNREADABLE = [
    b"",
    b"<html>502 Bad Gateway</html>",
    b"[]",
    b"null",
    b'"x"',
    b'{"error":"x"}',
    b"{",
    b"\xff\xfe",
]
UNREADABLE += [
    b'{"error":{"errors":[]}}',
    b'{"error":{"errors":{}}}',
    b'{"error":{"errors":[1,{"reason":5}]}}',
]
UNREADABLE += [b'{"error":{"errors":[{}],"details":"x","message":7}}', b"[" * 100_000]
BY_STATUS = [
    (400, google.BadRequest),
    (401, google.Unauthorized),
    (403, google.Forbidden),
    (404, google.NotFound),
    (408, google.ServerError),
    (409, google.Duplicate),
    (410, google.AlreadyDeleted),
    (412, google.PreconditionFailed),
    (413, google.BadRequest),
    (429, google.RateLimited),
    (500, google.ServerError),
    (502, google.ServerError),
    (504, google.ServerError),
    (599, google.ServerError),
]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize(("status", "kind"), BY_STATUS)
def test_an_unreadable_error_is_named_by_its_status(status, kind, body) -> None:
    error = classify(status, body, {})
    assert type(error) is kind
    assert error.reason is None


def test_a_bare_410_on_a_sync_token_means_a_full_sync() -> None:
    assert isinstance(classify(410, b"", {}, has_sync_token=True), google.SyncTokenExpired)
    deleted = refusal(410, "deleted").body
    assert isinstance(classify(410, deleted, {}, has_sync_token=True), google.AlreadyDeleted)


PAGED = [
    ("invalid", "Invalid value", google.PageTokenInvalid),
    ("badRequest", "Bad Request", google.PageTokenInvalid),
    ("invalidParameter", "Invalid value 'x'.", google.PageTokenInvalid),
    ("invalid", "Invalid sync token value.", google.SyncTokenExpired),
    ("timeRangeEmpty", "The specified time range is empty.", google.BadRequest),
    ("syncTokenWithRequestRestrictions", "Sync token cannot be used", google.BadRequest),
]


@pytest.mark.parametrize(("reason", "message", "kind"), PAGED)
def test_a_400_on_a_page_token_blames_it_unless_the_cause_is_known(reason, message, kind) -> None:
    error = classify(400, refusal(400, reason, message).body, {}, has_page_token=True)
    assert type(error) is kind


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(status) -> None:
    error = classify(status, b"", {"location": "https://elsewhere.example/"})
    assert type(error) is google.Redirected
    assert not error.transient


@pytest.mark.parametrize("status", [100, 201, 204, 206, 304])
def test_a_success_that_google_does_not_give_violates_the_protocol(status) -> None:
    error = classify(status, b"", {})
    assert type(error) is google.ProtocolViolation
    assert error.transient


def test_what_is_worth_repeating_is_marked_on_the_class() -> None:
    transient = {
        google.RateLimited,
        google.Conflict,
        google.ServerError,
        google.ProtocolViolation,
        google.Unreachable,
        google.OAuthTransient,
    }
    everything = [getattr(google, name) for name in google.__all__]
    errors = {kind for kind in everything if isinstance(kind, type) and issubclass(kind, google.GoogleError)}
    assert {kind for kind in errors if kind.transient} == transient


def test_retry_after_is_measured_on_googles_own_clock() -> None:
    headers = {"retry-after": "Tue, 06 Oct 2026 10:00:30 GMT", "date": "Tue, 06 Oct 2026 10:00:00 GMT"}
    assert classify(503, b"", headers, now=0.0).retry_after_s == 30.0


def test_retry_after_in_seconds_needs_no_clock() -> None:
    assert classify(429, b"", {"retry-after": "7"}).retry_after_s == 7.0
    assert classify(429, b"", {}).retry_after_s is None
    assert classify(429, b"", {"retry-after": "x", "date": "y"}, now=1.0).retry_after_s is None


OAUTH = [
    (400, {"error": "invalid_grant", "error_description": "Token has been revoked."}, google.GrantRevoked),
    (400, {"error": "invalid_grant", "error_subtype": "invalid_rapt"}, google.GrantRevoked),
    (401, {"error": "invalid_client", "error_description": "Unauthorized"}, google.OAuthClientInvalid),
    (401, {"error": "unauthorized_client"}, google.OAuthClientInvalid),
    (401, {"error": "deleted_client"}, google.OAuthClientInvalid),
    (400, {"error": "redirect_uri_mismatch"}, google.OAuthRefused),
    (400, {"error": "invalid_scope"}, google.OAuthRefused),
    (400, {"error": "admin_policy_enforced"}, google.OAuthRefused),
    (400, {"error": "internal_failure"}, google.OAuthTransient),
    (400, {"error": "temporarily_unavailable"}, google.OAuthTransient),
    (500, {"error": "invalid_grant"}, google.OAuthTransient),
    (503, {"error": "server_error"}, google.OAuthTransient),
    (429, {"error": "rate_limit_exceeded"}, google.OAuthTransient),
    (400, {"error": {"status": "INVALID"}}, google.OAuthTransient),
    (400, [], google.OAuthTransient),
]


@pytest.mark.parametrize(("status", "body", "kind"), OAUTH)
def test_only_invalid_grant_says_that_a_grant_is_dead(status, body, kind) -> None:
    assert type(classify_oauth(status, json.dumps(body).encode(), {})) is kind


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 502, 503])
def test_a_page_of_html_from_the_token_endpoint_is_no_verdict(status) -> None:
    assert type(classify_oauth(status, b"<html>Error</html>", {})) is google.OAuthTransient


def test_the_token_endpoint_is_not_followed_elsewhere() -> None:
    assert type(classify_oauth(302, b"", {})) is google.Redirected


SECRETS = [
    "ya29.a0AfH6SMBx-_y",
    "1//0gAbc-DEF_ghi",
    "4/0AX4XfWh_abc-9",
    "eyJhbGciOiJSUzI1NiJ9.eyJ4IjoxfQ.c2ln",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_tokens_that_google_echoes_stay_out_of_messages(secret) -> None:
    echoed = refusal(400, "invalid", f"Bad value {secret} for Bearer {secret}").body
    told = classify(400, echoed, {})
    assert secret not in str(told) + repr(told) + told.message
    body = json.dumps({"error": "invalid_request", "error_description": f"bad {secret}"}).encode()
    assert secret not in str(classify_oauth(400, body, {}))


def test_messages_are_short_printable_lines() -> None:
    error = classify(400, refusal(400, "invalid", "a\nb\x00c" + "x" * 10_000).body, {})
    assert error.message.startswith("a b c")
    assert len(error.message) <= 300
