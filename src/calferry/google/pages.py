"""Bytes of a list answer → observations. Pure, and the hot path of every sync.

The envelope is believed only if its shape is right; after that no single item can spoil the page: one that cannot
be read is handed over as it came. Nothing is serialised again.
"""

import codecs
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from calferry.google.errors import ProtocolViolation
from calferry.google.items import decode_columns, observed
from calferry.google.models import EventsPageObserved, ListEnvelope, ObservedItem, UnreadableItem
from calferry.google.odd_items import has_huge_number, read_odd_item, text_or_none
from calferry.google.splitting import split_list_body

EVENTS_KIND = "calendar#events"
GC_PAUSE_BYTES = 64 * 1024
DIGITS_SAFE = 4300
NUL = b"\\u0000"
DECODED_AT_ONCE = 16 * 1024
UNREADABLE = (ValueError, RecursionError, OverflowError)
EARLY_TOKEN = re.compile(rb'"nextPageToken"\s*:\s*("(?:[^"\\]|\\.)+")')

decode_envelope = msgspec.json.Decoder(ListEnvelope).decode


def read_events_page(body: bytes, *, is_token_due: bool = True) -> EventsPageObserved:
    """One page of events.list or events.instances.

    is_token_due: whether the request earns a page token or sync token, so that an empty answer without either
    cannot be a true one. Raises ProtocolViolation.
    """
    envelope = read_list_envelope(body, EVENTS_KIND, is_token_due=is_token_due)
    items, unreadable = read_items(envelope.items or [], body)
    return EventsPageObserved(
        items=items,
        unreadable=unreadable,
        next_page_token=envelope.next_page_token,
        next_sync_token=envelope.next_sync_token,
        etag=text_or_none(envelope.etag),
        summary=text_or_none(envelope.summary),
        description=text_or_none(envelope.description),
        updated=text_or_none(envelope.updated),
        time_zone=text_or_none(envelope.time_zone),
        access_role=text_or_none(envelope.access_role),
        default_reminders=bytes(envelope.default_reminders) or None,
    )


def read_event(body: bytes) -> ObservedItem:
    """One event resource, from get, insert, update or patch. Raises ProtocolViolation."""
    item = read_item(body.strip(), has_nul=NUL in body)
    if isinstance(item, UnreadableItem):
        raise ProtocolViolation(f"unreadable event: {item.reason}", reason="shape")
    return item


def next_page_token_early(prefix: bytes) -> str | None:
    """The page token from the first kilobytes of a body, before the items; to be confirmed by the whole page.

    A quote inside a JSON text is always escaped, so the key cannot be mistaken for text.
    """
    match = EARLY_TOKEN.search(prefix.partition(b'"items"')[0])
    if match is None:
        return None
    try:
        return msgspec.json.decode(match[1], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_list_envelope(body: bytes, kind: str, *, is_token_due: bool = True) -> ListEnvelope:
    """The outside of a list answer, items untouched. Raises ProtocolViolation unless it can be a true one."""
    try:
        with gc_paused(len(body)):
            envelope = decode_envelope(body)
    except msgspec.ValidationError as error:
        raise ProtocolViolation(f"not a list answer: {error}", reason="shape") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        envelope = _envelope_around_poison(body)
    _require_true_list(envelope, kind, is_token_due)
    return envelope


def _envelope_around_poison(body: bytes) -> ListEnvelope:
    outside, items = split_list_body(body)
    try:
        envelope = decode_envelope(outside)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProtocolViolation("body is not JSON", reason="json") from None
    return msgspec.structs.replace(envelope, items=[msgspec.Raw(item) for item in items])


def _require_true_list(envelope: ListEnvelope, kind: str, is_token_due: bool) -> None:
    tokens = [token for token in (envelope.next_page_token, envelope.next_sync_token) if token is not None]
    if envelope.kind != kind:
        raise ProtocolViolation(f"answer is not of kind {kind}", reason="kind")
    if len(tokens) > 1:
        raise ProtocolViolation("page token and sync token on one page", reason="bothTokens")
    if "" in tokens:
        raise ProtocolViolation("an empty token", reason="emptyToken")
    if is_token_due and not tokens and not envelope.items:
        raise ProtocolViolation("a list without items and without any token", reason="emptyList")


@contextmanager
def gc_paused(size: int) -> Iterator[None]:
    """Parsing makes many objects and no cycles: collecting meanwhile costs 40 %. size: bytes about to be parsed."""
    if size < GC_PAUSE_BYTES or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def read_items(raws: list[msgspec.Raw], body: bytes) -> tuple[list[ObservedItem], list[UnreadableItem]]:
    """Every item of this body, readable and unreadable apart, each in the order sent."""
    items: list[ObservedItem] = []
    unreadable: list[UnreadableItem] = []
    has_nul = NUL in body
    is_plain = not has_nul and is_utf8(body)
    with gc_paused(len(body)):
        for view in raws:
            try:
                if is_plain and len(view) <= DIGITS_SAFE:
                    items.append(observed(decode_columns(view), view))
                    continue
            except UNREADABLE:
                pass
            raw = bytes(view)
            item = read_item(raw, has_nul and NUL in raw)
            if isinstance(item, ObservedItem):
                items.append(item)
            else:
                unreadable.append(item)
    return items, unreadable


def is_utf8(body: bytes) -> bool:
    """Whether all of it is text. Judged in parts: the text itself is not wanted, and would be a large one."""
    if body.isascii():
        return True
    view, start = memoryview(body), 0
    try:
        while start < len(body):
            end = start + DECODED_AT_ONCE
            start += codecs.utf_8_decode(view[start:end], "strict", end >= len(body))[1]
    except UnicodeDecodeError:
        return False
    return True


def read_item(raw: bytes, has_nul: bool) -> ObservedItem | UnreadableItem:
    """One event. has_nul: whether some text of it may hold a NUL character."""
    if has_nul or (len(raw) > DIGITS_SAFE and has_huge_number(raw)):
        return read_odd_item(raw)
    try:
        if not raw.isascii():
            raw.decode()
        return observed(decode_columns(raw), raw)
    except UNREADABLE:
        return read_odd_item(raw)
