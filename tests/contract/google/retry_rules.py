"""What a client shall make of each way to fail: a table read from Google's documentation, not from our client.

Sources, all below developers.google.com: /workspace/calendar/api/guides/errors (which status and reason means what,
and which to try again), /workspace/calendar/api/guides/quota (truncated exponential backoff) and
/identity/protocols/oauth2 (what the token endpoint refuses). Of the client only the names of its errors are used.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from calferry import google

TRIES = 5
TRIES_OF_NONSENSE = 3
TIMEOUT_S = 10.0
ALWAYS = 99

Error = type[google.GoogleError]


class Standing(Enum):
    """What a failure says about the request that met it."""

    NEVER = "the same request will fail again until somebody does something"
    LATER = "Google has not begun: anything may be sent again, after a pause"
    UNCLEAR = "nobody knows whether it was done: only what may be done twice is sent again"
    TOKEN = "the access token has ended: a new one, once"
    NOT_WANTED = "only the content is spoiled, and nobody reads it"


class Decision(Enum):
    RAISED = "raised at once"
    AGAIN = "sent again, with success"
    GIVEN_UP = "given up"
    NOT_REPEATED = "not sent again"
    DONE_BEFORE = "sent again, and told that it had been done"
    RENEWED = "token renewed once, with success"
    RENEWED_IN_VAIN = "token renewed once, in vain"
    TAKEN = "taken as it is"
    WAIT_TOLD = "raised at once with the wait that was asked for"


@dataclass(frozen=True)
class Method:
    """A request to Google. `again` is what the documentation promises to whoever sends it a second time after it was
    done; `is_read` is whether its answer says more than its status."""

    name: str
    may_repeat: bool
    again: Error | None = None
    is_read: bool = True
    variant: str = ""


@dataclass(frozen=True)
class Fault:
    """A way to fail. `is_done` is whether Google carries out the request before it fails."""

    name: str
    action: str
    standing: Standing
    error: Error
    is_done: bool = False
    tries: int = TRIES
    retry_after: str = ""
    only: str = ""


@dataclass(frozen=True)
class Case:
    """A method, a fault that strikes `times`, and what has to come of it."""

    method: Method
    fault: Fault
    times: int
    decision: Decision
    requests: int
    error: Error | None

    @property
    def key(self) -> tuple[str, str, str]:
        told = f" as {self.error.__name__}" if self.error else ""
        return (f"{self.method.name}{self.method.variant}", self.fault.name, self.decision.value + told)

    def __str__(self) -> str:
        return ", ".join(self.key).replace(" ", "-")


CALENDAR_METHODS = (
    Method("events.list", True),
    Method("events.list", True, variant=" with a sync token"),
    Method("events.instances", True),
    Method("events.get", True),
    Method("events.insert", False, google.Duplicate),
    Method("events.update", False, google.PreconditionFailed),
    Method("events.patch", False, google.PreconditionFailed),
    Method("events.delete", True, google.AlreadyDeleted, is_read=False),
    Method("calendarList.list", True),
    Method("calendarList.get", True),
    Method("events.watch", False, google.ChannelIdNotUnique),
    Method("calendarList.watch", False, google.ChannelIdNotUnique),
    Method("channels.stop", True, google.NotFound, is_read=False),
    Method("events.quickAdd", False),
    Method("freebusy.query", True),
    Method("acl.list", True),
    Method("acl.insert", False),
    Method("acl.patch", False, google.PreconditionFailed),
    Method("acl.delete", True, google.NotFound, is_read=False),
    Method("acl.watch", False, google.ChannelIdNotUnique),
    Method("calendars.insert", False),
    Method("calendars.clear", False, is_read=False),
    Method("settings.list", True),
    Method("colors.get", True),
)
OAUTH_METHODS = (
    Method("token", True, variant=" refreshes"),
    Method("token", False, google.GrantRevoked, variant=" exchanges a code"),
    Method("revoke", True, is_read=False),
    Method("userinfo", True),
    Method("certs", True),
)

NEVER, LATER, UNCLEAR = Standing.NEVER, Standing.LATER, Standing.UNCLEAR
READS, WRITES, WATCHES = "events.list instances", "insert update patch delete", "watch"
REFUSALS = (
    Fault("403 rateLimitExceeded", "return-403:rateLimitExceeded", LATER, google.RateLimited),
    Fault("403 userRateLimitExceeded", "return-403:userRateLimitExceeded", LATER, google.RateLimited),
    Fault("429 rateLimitExceeded", "return-429:rateLimitExceeded", LATER, google.RateLimited),
    Fault("503 backendError", "return-503:backendError", LATER, google.ServerError),
    Fault("503 though it was done", "commit-then-return-503", LATER, google.ServerError, is_done=True),
    Fault("500 backendError", "return-500:backendError", UNCLEAR, google.ServerError),
    Fault("500 though it was done", "commit-then-return-500", UNCLEAR, google.ServerError, is_done=True),
    Fault("502 with a page", "html-502", UNCLEAR, google.ServerError),
    Fault("504 with a page", "return-504", UNCLEAR, google.ServerError),
    Fault("400 badRequest", "return-400:badRequest", NEVER, google.BadRequest),
    Fault("400 invalid", "return-400:invalid", NEVER, google.BadRequest),
    Fault("400 required", "return-400:required", NEVER, google.BadRequest),
    Fault("400 parseError", "return-400:parseError", NEVER, google.BadRequest, only=f"{WRITES} {WATCHES}"),
    Fault(
        "400 timeRangeEmpty", "return-400:timeRangeEmpty", NEVER, google.BadRequest, only=f"{READS} {WRITES}"
    ),
    Fault("403 quotaExceeded", "return-403:quotaExceeded", NEVER, google.QuotaExceeded),
    Fault("403 dailyLimitExceeded", "return-403:dailyLimitExceeded", NEVER, google.DailyLimitExceeded),
    Fault("403 forbidden", "return-403:forbidden", NEVER, google.Forbidden),
    Fault("403 requiredAccessLevel", "return-403:requiredAccessLevel", NEVER, google.RequiredAccessLevel),
    Fault(
        "403 insufficientPermissions", "return-403:insufficientPermissions", NEVER, google.InsufficientScope
    ),
    Fault("403 accessNotConfigured", "return-403:accessNotConfigured", NEVER, google.AccessNotConfigured),
    Fault("403 notACalendarUser", "return-403:notACalendarUser", NEVER, google.NotACalendarUser),
    Fault(
        "403 forbiddenForNonOrganizer",
        "return-403:forbiddenForNonOrganizer",
        NEVER,
        google.ForbiddenForNonOrganizer,
        only=WRITES,
    ),
    Fault(
        "403 forbiddenForServiceAccounts",
        "return-403:forbiddenForServiceAccounts",
        NEVER,
        google.Forbidden,
        only=WRITES,
    ),
    Fault("404 notFound", "return-404:notFound", NEVER, google.NotFound),
    Fault("409 duplicate", "return-409:duplicate", NEVER, google.Duplicate, only="insert"),
    Fault("409 conflict", "return-409:conflict", LATER, google.Conflict, only=WRITES),
    Fault("410 deleted", "return-410:deleted", NEVER, google.AlreadyDeleted, only=f"get instances {WRITES}"),
    Fault("410 fullSyncRequired", "return-410:fullSyncRequired", NEVER, google.SyncTokenExpired, only="list"),
    Fault(
        "410 updatedMinTooLongAgo",
        "return-410:updatedMinTooLongAgo",
        NEVER,
        google.SyncTokenExpired,
        only="events.list",
    ),
    Fault("412 conditionNotMet", "return-412:conditionNotMet", NEVER, google.PreconditionFailed, only=WRITES),
    Fault(
        "400 pushNotSupported",
        "return-400:pushNotSupportedForRequestedResource",
        NEVER,
        google.PushNotSupported,
        only=WATCHES,
    ),
    Fault(
        "400 channelIdNotUnique",
        "return-400:channelIdNotUnique",
        NEVER,
        google.ChannelIdNotUnique,
        only=WATCHES,
    ),
    Fault(
        "400 push.webhookUrlNotHttps",
        "return-400:push.webhookUrlNotHttps",
        NEVER,
        google.WebhookRefused,
        only=WATCHES,
    ),
    Fault(
        "401 push.webhookUrlUnauthorized",
        "return-401:push.webhookUrlUnauthorized",
        NEVER,
        google.WebhookRefused,
        only=WATCHES,
    ),
    Fault("302 elsewhere", "return-302", NEVER, google.Redirected),
    Fault("401 authError", "return-401:authError", Standing.TOKEN, google.Unauthorized),
)
TOKEN_REFUSALS = (
    Fault("500 internal_failure", "return-500:internal_failure", UNCLEAR, google.OAuthTransient),
    Fault("400 internal_failure", "return-400:internal_failure", UNCLEAR, google.OAuthTransient),
    Fault("400 server_error", "return-400:server_error", UNCLEAR, google.OAuthTransient),
    Fault(
        "503 temporarily_unavailable", "return-503:temporarily_unavailable", UNCLEAR, google.OAuthTransient
    ),
    Fault("504 server_error", "return-504:server_error", UNCLEAR, google.OAuthTransient),
    Fault("408", "return-408", UNCLEAR, google.OAuthTransient),
    Fault("429", "return-429", UNCLEAR, google.OAuthTransient),
    Fault("502 with a page", "html-502", UNCLEAR, google.OAuthTransient),
    Fault("400 invalid_grant", "return-400:invalid_grant", NEVER, google.GrantRevoked, only="token"),
    Fault("401 invalid_client", "return-401:invalid_client", NEVER, google.OAuthClientInvalid),
    Fault("401 unauthorized_client", "return-401:unauthorized_client", NEVER, google.OAuthClientInvalid),
    Fault("400 invalid_request", "return-400:invalid_request", NEVER, google.OAuthRefused),
    Fault("400 invalid_scope", "return-400:invalid_scope", NEVER, google.OAuthRefused),
    Fault("400 redirect_uri_mismatch", "return-400:redirect_uri_mismatch", NEVER, google.OAuthRefused),
    Fault("400 unsupported_grant_type", "return-400:unsupported_grant_type", NEVER, google.OAuthRefused),
    Fault("400 admin_policy_enforced", "return-400:admin_policy_enforced", NEVER, google.OAuthRefused),
)
LOST = (
    Fault("reset before it was done", "reset", UNCLEAR, google.Unreachable),
    Fault("reset after it was done", "commit-then-reset", UNCLEAR, google.Unreachable, is_done=True),
    Fault("no answer in time", "stall-20000", UNCLEAR, google.Unreachable, is_done=True),
)
DAMAGED = (
    Fault("an answer that ends early", "truncate", UNCLEAR, google.Unreachable, is_done=True),
    Fault(
        "gzip that ends early", "truncate-gzip", UNCLEAR, google.ProtocolViolation, True, TRIES_OF_NONSENSE
    ),
    Fault(
        "gzip with a wrong byte", "corrupt-gzip", UNCLEAR, google.ProtocolViolation, True, TRIES_OF_NONSENSE
    ),
)
SPOILED = (
    Fault("no JSON", "invalid-json", UNCLEAR, google.ProtocolViolation, True, TRIES_OF_NONSENSE),
    Fault("an empty answer", "empty-body", UNCLEAR, google.ProtocolViolation, True, TRIES_OF_NONSENSE),
    Fault("a page with status 200", "return-200", UNCLEAR, google.ProtocolViolation, tries=TRIES_OF_NONSENSE),
)
MISLABELLED = Fault(
    "JSON called a page", "wrong-content-type", Standing.NOT_WANTED, google.ProtocolViolation, True
)
ASKED_TO_WAIT = (
    Fault(
        "429 that asks for 20 s", "return-429:rateLimitExceeded", LATER, google.RateLimited, retry_after="20"
    ),
    Fault("503 that asks for 9 s", "return-503:backendError", LATER, google.ServerError, retry_after="9"),
    Fault(
        "429 that asks for an hour",
        "return-429:rateLimitExceeded",
        LATER,
        google.RateLimited,
        retry_after="3000",
    ),
)


def cases() -> Iterator[Case]:
    """Every case there is."""
    for method in CALENDAR_METHODS:
        for fault in (*REFUSALS, *LOST, *answers_spoiled_for(method), *ASKED_TO_WAIT):
            if is_met_by(method, fault):
                yield from of(method, fault)
    for method in OAUTH_METHODS:
        for fault in (*TOKEN_REFUSALS, *LOST, *answers_spoiled_for(method)):
            if is_met_by(method, fault):
                yield from of(method, fault)


def is_met_by(method: Method, fault: Fault) -> bool:
    return not fault.only or bool({method.name, method.name.rpartition(".")[2]} & set(fault.only.split()))


def answers_spoiled_for(method: Method) -> tuple[Fault, ...]:
    """A method whose status says all there is to say does not mind what comes with it."""
    if method.is_read:
        return (*DAMAGED, *SPOILED, MISLABELLED)
    return tuple(replace(fault, standing=Standing.NOT_WANTED) for fault in SPOILED[:2])


def of(method: Method, fault: Fault) -> Iterator[Case]:
    """What has to come of a fault that strikes once, and of one that never stops striking."""
    match fault.standing:
        case Standing.NEVER:
            yield Case(method, fault, ALWAYS, Decision.RAISED, 1, fault.error)
        case Standing.NOT_WANTED:
            yield Case(method, fault, ALWAYS, Decision.TAKEN, 1, None)
        case Standing.TOKEN:
            yield Case(method, fault, 1, Decision.RENEWED, 2, None)
            yield Case(method, fault, ALWAYS, Decision.RENEWED_IN_VAIN, 2, fault.error)
        case Standing.UNCLEAR if not method.may_repeat:
            yield Case(method, fault, ALWAYS, Decision.NOT_REPEATED, 1, fault.error)
        case _ if float(fault.retry_after or 0) >= 60:
            yield Case(method, fault, ALWAYS, Decision.WAIT_TOLD, 1, fault.error)
        case _:
            yield once(method, fault)
            yield from for_ever(method, fault)


def once(method: Method, fault: Fault) -> Case:
    if fault.is_done and method.again is not None:
        return Case(method, fault, 1, Decision.DONE_BEFORE, 2, method.again)
    return Case(method, fault, 1, Decision.AGAIN, 2, None)


def for_ever(method: Method, fault: Fault) -> Iterator[Case]:
    """Tries end. Whoever is asked for long pauses each time gives up sooner; that is left out."""
    if not fault.retry_after:
        yield Case(method, fault, ALWAYS, Decision.GIVEN_UP, fault.tries, fault.error)


def pauses_fit(pauses: list[float], fault: Fault) -> bool:
    """min(2ⁿ + up to a second, maximum) before retry n, or what Google asked for if that is longer."""
    asked = float(fault.retry_after or 0)
    return all(
        max(2.0**number, asked) <= pause <= max(2.0**number + 1, asked) for number, pause in enumerate(pauses)
    )
