"""Google's smaller resources: what they have in common, and how they are read from an answer. Pure."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from calferry.google.errors import ProtocolViolation
from calferry.google.models import UnreadableItem
from calferry.google.odd_items import load_object, text_or_none
from calferry.google.pages import read_list_envelope


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """raw: the JSON exactly as sent, with every field that is not named here."""

    etag: str | None = None
    raw: bytes


R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcePage(Generic[R]):
    """One page of a listing."""

    items: list[R]
    unreadable: list[UnreadableItem]
    next_page_token: str | None
    next_sync_token: str | None
    etag: str | None


def read_resource(body: bytes, kind: type[R]) -> R:
    """Raises ProtocolViolation for anything but one readable resource."""
    resource = _readable(body.strip(), kind)
    if isinstance(resource, UnreadableItem):
        raise ProtocolViolation(f"unreadable {kind.__name__}: {resource.reason}", reason="shape")
    return resource


def read_resource_page(body: bytes, list_kind: str, kind: type[R]) -> ResourcePage[R]:
    """list_kind: Google's word for the listing. Raises ProtocolViolation."""
    envelope = read_list_envelope(body, list_kind)
    read = [_readable(bytes(raw), kind) for raw in envelope.items or []]
    return ResourcePage(
        items=[item for item in read if isinstance(item, kind)],
        unreadable=[item for item in read if isinstance(item, UnreadableItem)],
        next_page_token=envelope.next_page_token,
        next_sync_token=envelope.next_sync_token,
        etag=text_or_none(envelope.etag),
    )


def _readable(raw: bytes, kind: type[R]) -> R | UnreadableItem:
    try:
        return msgspec.convert(load_object(raw) | {"raw": raw}, kind)
    except ValueError as error:
        return UnreadableItem(raw, str(error))
