"""A client library for Google Calendar v3 and Google's OAuth, usable alone.

    async with AiohttpTransport() as transport:
        google = GoogleCalendar(transport, tokens, SystemClock(), random.Random())
        listing = google.events("primary")
        async for event in listing:
            print(event.event_id, event.status, event.raw)
        changes = google.changes("primary", listing.next_sync_token)     # later: what changed since
        rule = await google.send(AclGet(calendar_id="primary", rule_id="default"))

A request is a value; `send` answers it with what its method returns, `batch` answers many, `listing` walks the pages.
`tokens` is a TokenSource, two methods; KeptTokens is one. The rules are pure functions of values (requests, pages,
classification, backoff, auth, multipart, id_token, notifications); a Transport moves bytes; GoogleCalendar, GoogleOAuth
and ServiceAccount join them. Time and randomness are passed in. Every failure is a GoogleError: see `errors`.
docs/google-client.md has examples.
"""

from calferry.google.acl import AclDelete, AclGet, AclInsert, AclList, AclPatch, AclRule, AclScope, AclUpdate
from calferry.google.auth import (
    TokenSource,
    authorize_url,
    code_challenge,
    code_verifier,
    missing_scopes,
)
from calferry.google.backoff import RetryBudget, RetryPolicy, read_retry_after
from calferry.google.batch import Batch, Part
from calferry.google.calendar_list import read_calendar_list_page, read_channel
from calferry.google.calendar_list_writes import (
    CalendarListDelete,
    CalendarListInsert,
    CalendarListPatch,
    CalendarListUpdate,
)
from calferry.google.calendars import (
    Calendar,
    CalendarClear,
    CalendarDelete,
    CalendarGet,
    CalendarInsert,
    CalendarPatch,
    CalendarTransferOwnership,
    CalendarUpdate,
)
from calferry.google.calls import Request
from calferry.google.classification import classify, classify_oauth
from calferry.google.client import GoogleCalendar
from calferry.google.colors import ColorPair, Colors, ColorsGet
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
from calferry.google.event_ids import event_id_of
from calferry.google.exchange import Clock, Dice
from calferry.google.free_busy import Busy, BusyCalendar, BusyGroup, FreeBusy, FreeBusyQuery
from calferry.google.kept_tokens import KeptTokens
from calferry.google.listing import Listing
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
from calferry.google.parameters import ForUser, Partial
from calferry.google.quota import Quota, SlidingQuota
from calferry.google.requests import (
    CalendarListGet,
    CalendarListList,
    EventGet,
    EventInstances,
    EventsList,
)
from calferry.google.resources import ResourcePage
from calferry.google.service_account import ServiceAccount, ServiceAccountKey
from calferry.google.settings import Setting, SettingGet, SettingsList
from calferry.google.transport import AiohttpTransport, SystemClock
from calferry.google.watches import AclWatch, CalendarListWatch, ChannelStop, EventsWatch, SettingsWatch
from calferry.google.wire import Transport, WireRequest, WireResponse, decode_body, receive
from calferry.google.writes import (
    EventDelete,
    EventImport,
    EventInsert,
    EventMove,
    EventPatch,
    EventQuickAdd,
    EventUpdate,
)

__all__ = [
    "AccessNotConfigured",
    "AclDelete",
    "AclGet",
    "AclInsert",
    "AclList",
    "AclPatch",
    "AclRule",
    "AclScope",
    "AclUpdate",
    "AclWatch",
    "AiohttpTransport",
    "AlreadyDeleted",
    "BadRequest",
    "Batch",
    "Busy",
    "BusyCalendar",
    "BusyGroup",
    "Calendar",
    "CalendarClear",
    "CalendarDelete",
    "CalendarGet",
    "CalendarInsert",
    "CalendarListDelete",
    "CalendarListEntry",
    "CalendarListGet",
    "CalendarListInsert",
    "CalendarListList",
    "CalendarListPageObserved",
    "CalendarListPatch",
    "CalendarListUpdate",
    "CalendarListWatch",
    "CalendarPatch",
    "CalendarTransferOwnership",
    "CalendarUpdate",
    "CertificateRejected",
    "Channel",
    "ChannelIdNotUnique",
    "ChannelStop",
    "Clock",
    "ColorPair",
    "Colors",
    "ColorsGet",
    "Conflict",
    "DailyLimitExceeded",
    "Dice",
    "Duplicate",
    "Endpoints",
    "EventDelete",
    "EventGet",
    "EventImport",
    "EventInsert",
    "EventInstances",
    "EventMove",
    "EventPatch",
    "EventQuickAdd",
    "EventUpdate",
    "EventsList",
    "EventsPageObserved",
    "EventsWatch",
    "ForUser",
    "Forbidden",
    "ForbiddenForNonOrganizer",
    "FreeBusy",
    "FreeBusyQuery",
    "GoogleCalendar",
    "GoogleError",
    "GoogleOAuth",
    "GrantRevoked",
    "IdTokenInvalid",
    "Identity",
    "InsufficientScope",
    "KeptTokens",
    "Listing",
    "NotACalendarUser",
    "NotFound",
    "Notification",
    "OAuthClientInvalid",
    "OAuthError",
    "OAuthRefused",
    "OAuthTransient",
    "ObservedItem",
    "PageTokenInvalid",
    "Part",
    "Partial",
    "PreconditionFailed",
    "ProtocolViolation",
    "PushNotSupported",
    "Quota",
    "QuotaExceeded",
    "RateLimited",
    "Redirected",
    "Refused",
    "Request",
    "RequiredAccessLevel",
    "ResourcePage",
    "ResponseTooLarge",
    "RetryBudget",
    "RetryPolicy",
    "ServerError",
    "ServiceAccount",
    "ServiceAccountKey",
    "Setting",
    "SettingGet",
    "SettingsList",
    "SettingsWatch",
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
    "event_id_of",
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
