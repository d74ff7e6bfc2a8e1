"""Carrying out an ordered fault on an answer or on its response."""

from dataclasses import replace

from calferry.emulator import errors, json_text
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.errors import Refused
from calferry.emulator.finishing import gzipped
from calferry.emulator.wire import Response
from calferry.emulator.world.event_shape import merged
from calferry.emulator.world.faults import Action, Fault

_USAGE = {
    "rateLimitExceeded": "Rate Limit Exceeded",
    "userRateLimitExceeded": "User Rate Limit Exceeded",
    "quotaExceeded": "Calendar usage limits exceeded.",
    "dailyLimitExceeded": "Daily Limit Exceeded",
}
_KNOWN = {
    "fullSyncRequired": errors.full_sync_required,
    "updatedMinTooLongAgo": errors.updated_min_too_long_ago,
    "deleted": errors.deleted,
    "notFound": errors.not_found,
    "duplicate": errors.duplicate,
    "conditionNotMet": errors.condition_not_met,
    "forbiddenForNonOrganizer": errors.forbidden_for_non_organizer,
    "requiredAccessLevel": errors.required_access_level,
    "pushNotSupportedForRequestedResource": errors.push_not_supported,
    "parseError": errors.parse_error,
    "timeRangeEmpty": errors.time_range_empty,
    "syncTokenWithRequestRestrictions": errors.sync_token_with_restrictions,
    "syncTokenWithNonDefaultOrdering": errors.sync_token_with_ordering,
    "accessNotConfigured": errors.access_not_configured,
}
_OF_THE_CALENDAR = {
    "notACalendarUser": "The user must be signed up for Google Calendar.",
    "forbiddenForServiceAccounts": (
        "Service accounts cannot invite attendees without Domain-Wide Delegation of Authority."
    ),
    "cannotChangeOrganizer": "Cannot change the organizer of an event that another calendar organizes.",
    "eventTypeRestriction": "Attempt made to modify 'birthday' event.",
    "timeRangeTooLong": "The requested time range is too long.",
}
_DEFAULT_REASON = {
    400: "badRequest", 403: "forbidden", 404: "notFound", 409: "conflict", 410: "deleted",
    412: "conditionNotMet", 429: "rateLimitExceeded",
}  # fmt: skip
_MESSAGES = {
    "badRequest": "Bad Request",
    "forbidden": "Forbidden",
    "conflict": "Conflict",
    "backendError": "Backend Error",
}
_HTML = (
    b"<!DOCTYPE html><html lang=en><title>Error %d (Server Error)!!1</title>"
    b"<p><b>%d.</b> <ins>That\xe2\x80\x99s an error.</ins><p>Please try again in 30 seconds.</html>"
)


def instead(route: Route, fault: Fault) -> Answer | Refused | Response:
    """What a request gets that a fault keeps from being carried out."""
    action = fault.action
    if action.verb == "reset":
        return Response(0, {}, fault="reset")
    if action.verb == "html-502":
        return html(502)
    return returned(route, action, fault.retry_after)


def returned(route: Route, action: Action, retry_after: str) -> Answer | Refused:
    """The error that a `return` action names, in the form of the floor that it strikes."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    if action.status < 400:
        return replace_headers(html(action.status), headers)
    if route.floor == "oauth":
        error = {"error": action.reason or "internal_failure"}
        if action.reason == "invalid_grant":
            error["error_description"] = "Token has been expired or revoked."
        return Answer(error, action.status, headers, indent=json_text.FRONT_END_INDENT)
    if action.status in (502, 504) and not action.reason:
        return replace_headers(html(action.status), headers)
    refused = refusal_for(action.status, action.reason)
    refused.headers |= headers
    return refused


def refusal_for(status: int, reason: str) -> Refused:
    """Google's error body for a status and, if given, a reason."""
    if status == 401 and reason in ("", "authError"):
        return errors.invalid_credentials()
    if reason == "insufficientPermissions":
        return errors.insufficient_permissions("calendar.v3.Events.List")
    if status >= 500 and not reason:
        return Refused(status, "global", "backendError", "Backend Error")
    reason = reason or _DEFAULT_REASON.get(status, "badRequest")
    if reason in _USAGE:
        return Refused(status, "usageLimits", reason, _USAGE[reason])
    if reason in _KNOWN:
        refused = _KNOWN[reason]()
        refused.code = status
        return refused
    if reason in _OF_THE_CALENDAR:
        return Refused(status, "calendar", reason, _OF_THE_CALENDAR[reason])
    return Refused(status, "global", reason, _MESSAGES.get(reason, reason))


def html(status: int) -> Answer:
    return Answer(_HTML % (status, status), status, content_type="text/html; charset=UTF-8")


def replace_headers(answer: Answer, headers: dict[str, str]) -> Answer:
    answer.headers |= headers
    return answer


def altered(answer: Answer, action: Action, call: Call) -> Answer:
    """The answer after a fault that works on its JSON."""
    if action.verb not in ("mutate", "drop-next-sync-token", "repeat-page-token"):
        return answer
    body = answer.resource()
    if body is None:
        return answer
    if action.verb == "mutate":
        body = mutated(body, action.patch)
    elif action.verb == "drop-next-sync-token":
        body = {key: value for key, value in body.items() if key != "nextSyncToken"}
    elif "pageToken" in call.query:
        body = _with_page_token(body, call.query.text("pageToken"))
    return Answer(body, answer.status, answer.headers, answer.content_type, answer.indent)


def mutated(body: Json, patch: Json) -> Json:
    """A JSON merge patch; an object given for `items` is merged into every item."""
    each = patch.get("items")
    if isinstance(each, dict) and isinstance(body.get("items"), list):
        items = [merged(item, each) for item in body["items"]]
        rest = {key: value for key, value in patch.items() if key != "items"}
        return {**merged(body, rest), "items": items}
    return merged(body, patch)


def _with_page_token(body: Json, token: str) -> Json:
    rest = {key: value for key, value in body.items() if key not in ("nextSyncToken", "items")}
    return {**rest, "nextPageToken": token, "items": body.get("items", [])}


def damaged(response: Response, action: Action) -> Response:
    """The response after a fault that works on its bytes or on the connection."""
    match action.verb:
        case "stall":
            return replace(response, delay_s=action.delay_s)
        case "commit-then-reset":
            return replace(response, fault="reset")
        case "truncate":
            return replace(response, fault="cut")
        case "truncate-gzip":
            return _with_body(response, _compressed(response)[: len(_compressed(response)) // 2], "gzip")
        case "corrupt-gzip":
            return _with_body(response, _corrupted(_compressed(response)), "gzip")
        case "wrong-content-type":
            return replace(response, headers=response.headers | {"Content-Type": "text/html; charset=UTF-8"})
        case "invalid-json":
            return _with_body(response, b'{"kind": "calendar#events", "items": [', "")
        case "empty-body":
            return _with_body(response, b"", "")
        case _:
            return response


def _compressed(response: Response) -> bytes:
    return response.body if "Content-Encoding" in response.headers else gzipped(response.body)


def _corrupted(body: bytes) -> bytes:
    middle = len(body) // 2
    return body[:middle] + bytes(byte ^ 0xFF for byte in body[middle : middle + 8]) + body[middle + 8 :]


def _with_body(response: Response, body: bytes, coding: str) -> Response:
    headers = {key: value for key, value in response.headers.items() if key != "Content-Encoding"}
    if coding:
        headers["Content-Encoding"] = coding
    return replace(response, headers=headers | {"Content-Length": str(len(body))}, body=body)
