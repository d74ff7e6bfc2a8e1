"""Bytes of a calendar list answer → entries. Pure."""

import msgspec

from calferry.google.errors import ProtocolViolation
from calferry.google.models import (
    CalendarListColumns,
    CalendarListEntry,
    CalendarListPageObserved,
    Channel,
    ChannelColumns,
    UnreadableItem,
)
from calferry.google.odd_items import load_object, text_or_none
from calferry.google.pages import read_list_envelope

CALENDAR_LIST_KIND = "calendar#calendarList"
CALENDAR_ID_LENGTH_MAX = 1024

decode_channel = msgspec.json.Decoder(ChannelColumns).decode


def read_calendar_list_page(body: bytes) -> CalendarListPageObserved:
    """One page of calendarList.list. Raises ProtocolViolation."""
    envelope = read_list_envelope(body, CALENDAR_LIST_KIND)
    read = [read_entry(bytes(raw)) for raw in envelope.items or []]
    return CalendarListPageObserved(
        items=[item for item in read if isinstance(item, CalendarListEntry)],
        unreadable=[item for item in read if isinstance(item, UnreadableItem)],
        next_page_token=envelope.next_page_token,
        next_sync_token=envelope.next_sync_token,
        etag=text_or_none(envelope.etag),
    )


def read_calendar_list_entry(body: bytes) -> CalendarListEntry:
    """The answer of calendarList.get. Raises ProtocolViolation."""
    entry = read_entry(body.strip())
    if isinstance(entry, UnreadableItem):
        raise ProtocolViolation(f"unreadable calendar list entry: {entry.reason}", reason="shape")
    return entry


def read_entry(raw: bytes) -> CalendarListEntry | UnreadableItem:
    """One calendar list entry, or why it cannot be read."""
    try:
        columns = msgspec.convert(load_object(raw), CalendarListColumns)
    except ValueError as error:
        return UnreadableItem(raw, str(error))
    if not 0 < len(columns.id) <= CALENDAR_ID_LENGTH_MAX:
        return UnreadableItem(raw, "no usable id")
    return CalendarListEntry(
        calendar_id=columns.id,
        etag=columns.etag,
        summary=columns.summary,
        summary_override=columns.summary_override,
        description=columns.description,
        time_zone=columns.time_zone,
        access_role=columns.access_role,
        color_id=columns.color_id,
        background_color=columns.background_color,
        foreground_color=columns.foreground_color,
        is_primary=columns.primary is True,
        is_selected=columns.selected is True,
        is_hidden=columns.hidden is True,
        is_deleted=columns.deleted is True,
        raw=raw,
    )


def read_channel(body: bytes) -> Channel:
    """The answer of a watch method. Raises ProtocolViolation."""
    try:
        columns = decode_channel(body)
    except (ValueError, RecursionError):
        raise ProtocolViolation("not a channel", reason="shape") from None
    if not columns.id or not columns.resource_id:
        raise ProtocolViolation("a channel without id or resourceId", reason="shape")
    return Channel(
        channel_id=columns.id,
        resource_id=columns.resource_id,
        resource_uri=columns.resource_uri,
        expiration_ms=_milliseconds(columns.expiration),
    )


def _milliseconds(value: str | int | None) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
