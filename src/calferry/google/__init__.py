"""A client library for Google Calendar v3 and Google's OAuth, usable alone.

    async with AiohttpTransport() as transport:
        google = GoogleCalendar(transport, tokens, SystemClock(), random.Random())
        request = EventsList(calendar_id="primary")
        while True:
            page = await google.events_page(request)
            for item in page.items:
                print(item.event_id, item.status, item.raw)
            if page.next_page_token is None:
                break
            request = request.page(page.next_page_token)
        later = request.incremental(page.next_sync_token)   # what changed since: the same loop

`tokens` is a TokenSource, two methods. The rules are pure functions of values (pages, classification, backoff,
auth, id_token, notifications); a Transport moves bytes; GoogleCalendar and GoogleOAuth join them. Time and
randomness are passed in. Every failure is a GoogleError: see `errors` for the tree.
"""

from calferry.google.auth import (
    TokenSource,
    authorize_url,
    code_challenge,
    code_verifier,
    missing_scopes,
)
from calferry.google.backoff import RetryBudget, RetryPolicy, read_retry_after
from calferry.google.calendar_list import read_calendar_list_page, read_channel
from calferry.google.classification import classify, classify_oauth
from calferry.google.client import GoogleCalendar
from calferry.google.endpoints import Endpoints
from calferry.google.errors import (
    AccessNotConfigured,
    AlreadyDeleted,
    BadRequest,
    CertificateRejected,
    ChannelIdNotUnique,
    Conflict,
    DailyLimitExceeded,
    Duplicate,
    Forbidden,
    ForbiddenForNonOrganizer,
    GoogleError,
    GrantRevoked,
    IdTokenInvalid,
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
    ResponseTooLarge,
    ServerError,
    SyncTokenExpired,
    Unauthorized,
    Unreachable,
    WebhookRefused,
)
from calferry.google.exchange import Clock, Dice
from calferry.google.models import (
    CalendarListEntry,
    CalendarListPageObserved,
    Channel,
    EventsPageObserved,
    Identity,
    ObservedItem,
    TokenResponse,
    UnreadableItem,
)
from calferry.google.notifications import Notification, read_notification
from calferry.google.oauth import GoogleOAuth
from calferry.google.pages import next_page_token_early, read_event, read_events_page
from calferry.google.quota import Quota, SlidingQuota
from calferry.google.requests import (
    CalendarListGet,
    CalendarListList,
    EventGet,
    EventInstances,
    EventsList,
)
from calferry.google.transport import AiohttpTransport, SystemClock
from calferry.google.watches import CalendarListWatch, ChannelStop, EventsWatch
from calferry.google.wire import Transport, WireRequest, WireResponse, decode_body, receive
from calferry.google.writes import EventDelete, EventInsert, EventPatch, EventUpdate

__all__ = [
    "AccessNotConfigured",
    "AiohttpTransport",
    "AlreadyDeleted",
    "BadRequest",
    "CalendarListEntry",
    "CalendarListGet",
    "CalendarListList",
    "CalendarListPageObserved",
    "CalendarListWatch",
    "CertificateRejected",
    "Channel",
    "ChannelIdNotUnique",
    "ChannelStop",
    "Clock",
    "Conflict",
    "DailyLimitExceeded",
    "Dice",
    "Duplicate",
    "Endpoints",
    "EventDelete",
    "EventGet",
    "EventInsert",
    "EventInstances",
    "EventPatch",
    "EventUpdate",
    "EventsList",
    "EventsPageObserved",
    "EventsWatch",
    "Forbidden",
    "ForbiddenForNonOrganizer",
    "GoogleCalendar",
    "GoogleError",
    "GoogleOAuth",
    "GrantRevoked",
    "IdTokenInvalid",
    "Identity",
    "InsufficientScope",
    "NotACalendarUser",
    "NotFound",
    "Notification",
    "OAuthClientInvalid",
    "OAuthError",
    "OAuthRefused",
    "OAuthTransient",
    "ObservedItem",
    "PageTokenInvalid",
    "PreconditionFailed",
    "ProtocolViolation",
    "PushNotSupported",
    "Quota",
    "QuotaExceeded",
    "RateLimited",
    "Redirected",
    "Refused",
    "RequiredAccessLevel",
    "ResponseTooLarge",
    "RetryBudget",
    "RetryPolicy",
    "ServerError",
    "SlidingQuota",
    "SyncTokenExpired",
    "SystemClock",
    "TokenResponse",
    "TokenSource",
    "Transport",
    "Unauthorized",
    "Unreachable",
    "UnreadableItem",
    "WebhookRefused",
    "WireRequest",
    "WireResponse",
    "authorize_url",
    "classify",
    "classify_oauth",
    "code_challenge",
    "code_verifier",
    "decode_body",
    "missing_scopes",
    "next_page_token_early",
    "read_calendar_list_page",
    "read_channel",
    "read_event",
    "read_events_page",
    "read_notification",
    "read_retry_after",
    "receive",
]
