"""The whole world as JSON and back. Listings under way are not kept: their page tokens end."""

from typing import Any

import msgspec

from calferry.emulator.world import recurrence, when
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.channels import Channel, Delivery, PushWeather
from calferry.emulator.world.devices import DeviceRequest
from calferry.emulator.world.event import Event
from calferry.emulator.world.faults import Fault
from calferry.emulator.world.oauth import (
    AccessToken,
    AuthorizationCode,
    OAuthClient,
    RefreshToken,
    ServiceAccount,
)
from calferry.emulator.world.page_tokens import Listings
from calferry.emulator.world.people import Person
from calferry.emulator.world.quota import Quota
from calferry.emulator.world.shelf import EventShelf, Former
from calferry.emulator.world.world import CLOCK_OFFSET_S_MAX, World

Json = dict[str, Any]

VERSION = 1
OAUTH = {
    "clients": OAuthClient,
    "service_accounts": ServiceAccount,
    "codes": AuthorizationCode,
    "refresh_tokens": RefreshToken,
    "access_tokens": AccessToken,
}
_KEYS = {
    OAuthClient: "client_id", ServiceAccount: "email", AuthorizationCode: "code", RefreshToken: "token",
    AccessToken: "token",
}  # fmt: skip


def taken(world: World) -> Json:
    """Everything that a restored world needs to go on, as JSON values."""
    oauth = {name: list(getattr(world.oauth, name).values()) for name in OAUTH}
    consents = [[email, client_id, scopes] for (email, client_id), scopes in world.oauth.consents.items()]
    limits = {name: getattr(world.quota, name) for name in ("per_minute", "per_minute_per_user", "status")}
    document = {
        "version": VERSION,
        "last_change": world.log.last,
        "epoch": world.epoch,
        "past_epochs": list(world.past_epochs.items()),
        "clock_offset_s": world.clock_offset_s,
        "collections_valid_from": world.collections_valid_from,
        "sync_token_life_s": world.sync_token_life_s,
        "groups": world.groups,
        "people": list(world.people.values()),
        "calendars": list(world.calendars.values()),
        "oauth": {**oauth, "consents": consents},
        "channels": list(world.channels.open.values()),
        "outbox": world.channels.outbox,
        "deliveries": world.channels.delivery_number,
        "push": world.channels.weather,
        "devices": list(world.devices.waiting.values()),
        "faults": world.faults.orders,
        "quota": limits,
    }
    found: Json = msgspec.to_builtins(document, enc_hook=_encoded)
    return found


def _encoded(value: Any) -> Any:
    if not isinstance(value, EventShelf):
        raise TypeError(f"a snapshot has no place for {value!r}")
    history = {
        master: [[former.until, *_pair(former.event)] for former in versions]
        for master, versions in value.history.items()
    }
    events = [_pair(event) for event in value]
    return {"events": events, "history": history, "history_from": value.history_from}


def _pair(event: Event) -> list[Any]:
    return [event.number, event.resource]


def _decoded(kind: type, value: Any) -> Any:
    if kind is not EventShelf:
        raise ValueError(f"cannot read a {kind.__name__}")
    shelf = EventShelf()
    shelf.history_from = int(value.get("history_from", 0))
    for number, resource in value["events"]:
        shelf.put(_event(resource, number))
    for master, versions in value["history"].items():
        shelf.history[master] = [
            Former(_event(resource, number), until) for until, number, resource in versions
        ]
    return shelf


def _event(resource: Any, number: Any) -> Event:
    """Raises ValueError for what no listing could show."""
    if not isinstance(resource, dict) or not isinstance(number, int):
        raise ValueError("an event is a change number and a resource")
    missing = [
        name for name in ("id", "status", "etag", "updated") if not isinstance(resource.get(name), str)
    ]
    if resource.get("status") != "cancelled":
        missing += [
            name for name in ("start", "end") if not (isinstance(resource.get(name), dict) and resource[name])
        ]
    if missing:
        raise ValueError(f"event {resource.get('id')!r} has no {', '.join(missing)}")
    event = Event(resource, number)
    event.span("UTC")
    if event.is_series:
        next(recurrence.occurrences(recurrence.series_of(resource, "UTC")), None)
    return event


def _calendar(calendar: Calendar) -> Calendar:
    when.zone(calendar.time_zone)
    return calendar


def _read(value: Any, kind: Any) -> Any:
    return msgspec.convert(value, kind, dec_hook=_decoded)


def restore(world: World, document: Json, epoch: int = 0) -> None:
    """Puts a snapshot in place of everything, and begins a new epoch: the given one, or the next if that has passed.

    Raises ValueError for what is no snapshot; then nothing has changed.
    """
    if document.get("version") != VERSION:
        raise ValueError(f"not a snapshot of version {VERSION}")
    try:
        parts = _parts(document)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the snapshot is incomplete: {error!r}") from error
    past = parts["past_epochs"] | {parts["epoch"]: parts["numbers"][0]}
    _put(world, parts)
    world.epoch, world.past_epochs = max(epoch, world.epoch + 1, *(each + 1 for each in past)), past


def _parts(document: Json) -> Json:
    oauth = document["oauth"]
    return {
        "people": {person.email: person for person in _read(document["people"], list[Person])},
        "calendars": {each.id: _calendar(each) for each in _read(document["calendars"], list[Calendar])},
        "groups": _read(document["groups"], dict[str, tuple[str, ...]]),
        "channels": {channel.id: channel for channel in _read(document["channels"], list[Channel])},
        "outbox": _read(document["outbox"], list[Delivery]),
        "push": _read(document["push"], PushWeather),
        "devices": {each.device_code: each for each in _read(document["devices"], list[DeviceRequest])},
        "faults": _read(document["faults"], list[Fault]),
        "quota": _read(document["quota"], Quota),
        "consents": {(email, client_id): tuple(scopes) for email, client_id, scopes in oauth["consents"]},
        "oauth": {
            name: {getattr(each, _KEYS[kind]): each for each in _read(oauth[name], list[kind])}  # type: ignore[valid-type]
            for name, kind in OAUTH.items()
        },
        "numbers": _read(
            [document[name] for name in ("last_change", "collections_valid_from", "deliveries")], list[int]
        ),
        "epoch": _read(document.get("epoch", 0), int),
        "past_epochs": dict(_read(document.get("past_epochs", []), list[tuple[int, int]])),
        "clock_offset_s": _clock_offset(document["clock_offset_s"]),
        "sync_token_life_s": _read(document["sync_token_life_s"], float | None),
    }


def _clock_offset(value: Any) -> float:
    offset: float = _read(value, float)
    if not 0 <= offset <= CLOCK_OFFSET_S_MAX:
        raise ValueError(f"clock_offset_s is from 0 to {CLOCK_OFFSET_S_MAX}, not {offset}")
    return offset


def _put(world: World, parts: Json) -> None:
    world.log.last, world.collections_valid_from, world.channels.delivery_number = parts["numbers"]
    world.clock_offset_s, world.sync_token_life_s = parts["clock_offset_s"], parts["sync_token_life_s"]
    world.people, world.calendars, world.groups = parts["people"], parts["calendars"], parts["groups"]
    for calendar in world.calendars.values():
        calendar.groups = world.groups
    for name, found in parts["oauth"].items():
        setattr(world.oauth, name, found)
    world.oauth.consents = parts["consents"]
    world.channels.open, world.channels.outbox = parts["channels"], parts["outbox"]
    world.channels.taken.clear()
    world.channels.weather = parts["push"]
    world.devices.waiting, world.faults.orders = parts["devices"], parts["faults"]
    world.quota, world.listings = parts["quota"], Listings()
