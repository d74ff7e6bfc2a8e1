"""An edit as a person asks for it, and what may be said against it before Google is asked."""

from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Literal

from sqlalchemy import Connection

from calferry.core import scopes, write_rules
from calferry.core.event_json import Json
from calferry.core.event_window import zone_of
from calferry.core.intent import OnConflict
from calferry.core.limits import INTENTS_PENDING_MAX
from calferry.core.write_rules import Refusal
from calferry.store import account_reads, event_reads, intents
from calferry.store.account_reads import CalendarRow
from calferry.store.event_reads import Readable
from calferry.sync.overlay import Shown, event_of

Scope = Literal["this", "following", "all"]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be done with an event. `update` replaces it, `patch` changes what its body names.

    `scope` says which occurrences of a series are meant by one of them. `if_match` is the header as sent. `made_on` is the
    version that a patch was made on, if that is not the one that is shown: what others have changed since stays.
    """

    user_id: int
    calendar_id: str
    kind: Literal["insert", "patch", "update", "delete"]
    event_id: str | None = None
    body: Json = field(default_factory=dict)
    scope: Scope = "this"
    if_match: str | None = None
    send_updates: str = "none"
    on_conflict: OnConflict = "fail"
    made_on: Json | None = None


class EditRefused(Exception):
    """Nothing was stored. `status` and `code` are for HTTP; `detail` is a sentence for a person."""

    def __init__(self, status: int, code: str, detail: str, *, retryable: bool = False) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Place:
    """A calendar that may be written to."""

    row: CalendarRow
    readable: Readable

    @property
    def zone(self) -> tzinfo:
        """Of the calendar: for times that name none."""
        return zone_of(self.readable.time_zone)


NO_CALENDAR = (404, "not_found", "There is no such calendar among yours.")
NO_EVENT = (404, "not_found", "There is no such event in this calendar.")
NOT_MIRRORED = (409, "not_mirrored", "This calendar is not mirrored: select it, and wait for its first sync.")
PAUSED = (409, "calendar_paused", "This calendar is paused: resume it before you change its events.")
NEEDS_CONSENT = (409, "needs_reauth", "Google no longer accepts this account's grant; connect it again.")
NOT_ALLOWED = (403, "scope_missing", "This account has not allowed changes of events; connect it again.")
TOO_MANY = (429, "too_many_pending", "Too many edits of this calendar wait for Google already.")
CHANGED = (412, "precondition_failed", "The event is not the version that If-Match names; read it again.")


def place_of(connection: Connection, user_id: int, calendar_id: str) -> Place:
    """The calendar, if it may be written to. Raises `EditRefused`."""
    row = account_reads.calendar_of(connection, user_id, calendar_id)
    if row is None or row.account_status == "closing":
        raise EditRefused(*NO_CALENDAR)
    refuse(write_rules.role_refusal(row.access_role))
    readable = event_reads.readable_one(connection, user_id, calendar_id)
    if readable is None or not row.selected:
        raise EditRefused(*NOT_MIRRORED)
    if row.sync_status == "halted":
        raise EditRefused(*PAUSED)
    refuse_account(connection, user_id, row)
    if intents.count_pending(connection, calendar_id) >= INTENTS_PENDING_MAX:
        raise EditRefused(*TOO_MANY, retryable=True)
    return Place(row, readable)


def refuse(refusal: Refusal | None) -> None:
    """Raises `EditRefused` for a rule that forbids the edit."""
    if refusal is not None:
        raise EditRefused(403, refusal.code, refusal.detail)


def refuse_account(connection: Connection, user_id: int, row: CalendarRow) -> None:
    account = account_reads.account_of(connection, user_id, row.account_id)
    if account is None or account.status not in ("active", "partial"):
        raise EditRefused(*NEEDS_CONSENT)
    if scopes.EVENTS in scopes.missing_scopes(account.scopes.split()):
        raise EditRefused(*NOT_ALLOWED)


def existing(connection: Connection, place: Place, event_id: str | None) -> Shown:
    """The live event of that id as readers see it. Raises `EditRefused`."""
    shown = event_of(connection, place.readable, event_id or "")
    if shown is None or shown.status == "cancelled":
        raise EditRefused(*NO_EVENT)
    return shown


def require_match(header: str | None, shown: Shown) -> None:
    """RFC 9110, 13.1.1. Raises `EditRefused`."""
    if header is None or header.strip() == "*":
        return
    if shown.tag not in [tag.strip() for tag in header.split(",")]:
        raise EditRefused(*CHANGED)
