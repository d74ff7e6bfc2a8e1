"""What Google answers when it refuses: reasons and messages as its error reference prints them."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """The parts that only the front end's envelope carries: canonical status, top message, details."""

    status: str
    message: str
    details: tuple[Json, ...] = field(default=())


class Refused(Exception):
    """A request that Google refuses, with everything its error body needs."""

    def __init__(
        self,
        code: int,
        domain: str,
        reason: str,
        message: str,
        location: tuple[str, str] | None = None,
        front_end: FrontEnd | None = None,
    ) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.domain = domain
        self.reason = reason
        self.message = message
        self.location = location
        self.front_end = front_end
        self.headers: dict[str, str] = {}

    def body(self) -> Json:
        """The error body as a dict whose key order is the order on the wire."""
        return self._front_end_body(self.front_end) if self.front_end else self._backend_body()

    def _backend_body(self) -> Json:
        item: Json = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            item |= {"locationType": self.location[0], "location": self.location[1]}
        return {"error": {"errors": [item], "code": self.code, "message": self.message}}

    def _front_end_body(self, front_end: FrontEnd) -> Json:
        item: Json = {"message": self.message, "domain": self.domain, "reason": self.reason}
        if self.location:
            item |= {"location": self.location[1], "locationType": self.location[0]}
        error: Json = {
            "code": self.code,
            "message": front_end.message,
            "errors": [item],
            "status": front_end.status,
        }
        if front_end.details:
            error["details"] = list(front_end.details)
        return {"error": error}


def invalid(message: str, location: tuple[str, str] | None = None) -> Refused:
    return Refused(400, "global", "invalid", message, location)


def invalid_parameter(name: str, message: str) -> Refused:
    return Refused(400, "global", "invalidParameter", message, ("parameter", name))


def required(message: str, location: tuple[str, str] | None = None) -> Refused:
    return Refused(400, "global", "required", message, location)


def bad_request(message: str = "Bad Request") -> Refused:
    return Refused(400, "global", "badRequest", message)


def parse_error() -> Refused:
    return Refused(400, "global", "parseError", "Parse Error")


def time_range_empty() -> Refused:
    message = "The specified time range is empty."
    return Refused(400, "calendar", "timeRangeEmpty", message, ("parameter", "timeMax"))


def event_type_restriction(message: str) -> Refused:
    return Refused(400, "calendar", "eventTypeRestriction", message)


def invalid_sync_token() -> Refused:
    return invalid("Invalid sync token value.", ("parameter", "syncToken"))


def invalid_page_token() -> Refused:
    return invalid("Invalid page token value.", ("parameter", "pageToken"))


def sync_token_with_restrictions() -> Refused:
    message = "Sync token cannot be used with other request restrictions."
    location = ("parameter", "syncToken")
    return Refused(400, "calendar", "syncTokenWithRequestRestrictions", message, location)


def sync_token_with_ordering() -> Refused:
    message = "Sync token cannot be used with non-default ordering"
    return Refused(400, "calendar", "syncTokenWithNonDefaultOrdering", message)


def full_sync_required() -> Refused:
    message = "Sync token is no longer valid, a full sync is required."
    return Refused(410, "calendar", "fullSyncRequired", message, ("parameter", "syncToken"))


def updated_min_too_long_ago() -> Refused:
    message = "The requested minimum modification time lies too far in the past."
    return Refused(410, "calendar", "updatedMinTooLongAgo", message, ("parameter", "updatedMin"))


def deleted() -> Refused:
    return Refused(410, "global", "deleted", "Resource has been deleted")


def not_found(message: str = "Not Found") -> Refused:
    return Refused(404, "global", "notFound", message)


def duplicate() -> Refused:
    return Refused(409, "global", "duplicate", "The requested identifier already exists.")


def conflict() -> Refused:
    return Refused(409, "global", "conflict", "Conflict")


def condition_not_met() -> Refused:
    return Refused(412, "global", "conditionNotMet", "Precondition Failed", ("header", "If-Match"))


def required_access_level() -> Refused:
    message = "You need to have writer access to this calendar."
    return Refused(403, "calendar", "requiredAccessLevel", message)


def forbidden(message: str = "Forbidden") -> Refused:
    return Refused(403, "global", "forbidden", message)


def forbidden_for_non_organizer() -> Refused:
    message = "Shared properties can only be changed by the organizer of the event."
    return Refused(403, "calendar", "forbiddenForNonOrganizer", message)


def push_not_supported() -> Refused:
    message = "Push notifications are not supported by this resource."
    return Refused(400, "calendar", "pushNotSupportedForRequestedResource", message)


_HINT = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. "
    "See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


def _error_detail(reason: str, api_method: str) -> Json:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"method": api_method, "service": "calendar-json.googleapis.com"},
    }


def login_required(api_method: str) -> Refused:
    top = f"Request is missing required authentication credential. {_HINT}"
    front_end = FrontEnd("UNAUTHENTICATED", top, (_error_detail("CREDENTIALS_MISSING", api_method),))
    refused = Refused(401, "global", "required", "Login Required.", ("header", "Authorization"), front_end)
    refused.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    return refused


def invalid_credentials() -> Refused:
    top = f"Request had invalid authentication credentials. {_HINT}"
    location = ("header", "Authorization")
    front_end = FrontEnd("UNAUTHENTICATED", top)
    refused = Refused(401, "global", "authError", "Invalid Credentials", location, front_end)
    realm = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    refused.headers["WWW-Authenticate"] = realm
    return refused


def insufficient_permissions(api_method: str) -> Refused:
    top = "Request had insufficient authentication scopes."
    detail = _error_detail("ACCESS_TOKEN_SCOPE_INSUFFICIENT", api_method)
    front_end = FrontEnd("PERMISSION_DENIED", top, (detail,))
    refused = Refused(403, "global", "insufficientPermissions", "Insufficient Permission", None, front_end)
    realm = 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'
    refused.headers["WWW-Authenticate"] = realm
    return refused


def access_not_configured(project: str = "0") -> Refused:
    """The front end's refusal while the Calendar API is off in a project."""
    console = f"https://console.developers.google.com/apis/api/calendar-json.googleapis.com/overview?project={project}"
    message = (
        f"Google Calendar API has not been used in project {project} before or it is disabled. Enable it by "
        f"visiting {console} then retry. If you enabled this API recently, wait a few minutes for the action "
        "to propagate to our systems and retry."
    )
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": "calendar-json.googleapis.com", "consumer": f"projects/{project}"},
    }
    link = {"description": "Google developers console API activation", "url": console}
    guide = {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]}
    front_end = FrontEnd("PERMISSION_DENIED", message, (guide, detail))
    return Refused(403, "usageLimits", "accessNotConfigured", message, None, front_end)


def rate_limit_exceeded(status: int, limit: str, quota_limit: str, value: int, project: str) -> Refused:
    """The front end's refusal of a request beyond the quota of its minute; `status` is 403 or 429."""
    top = (
        f"Quota exceeded for quota metric 'Queries' and limit '{limit}' of service "
        f"'calendar-json.googleapis.com' for consumer 'project_number:{project}'."
    )
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {
            "quota_limit": quota_limit,
            "quota_limit_value": str(value),
            "quota_metric": "calendar-json.googleapis.com/default",
            "consumer": f"projects/{project}",
            "service": "calendar-json.googleapis.com",
        },
    }
    canonical = "RESOURCE_EXHAUSTED" if status == 429 else "PERMISSION_DENIED"
    front_end = FrontEnd(canonical, top, (detail,))
    return Refused(status, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded", None, front_end)
