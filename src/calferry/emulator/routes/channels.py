"""watch on events, rules, the calendar list and settings, and channels.stop."""

import re

from calferry.emulator import errors
from calferry.emulator.call import NO_CONTENT, Answer, Call, Json, Route
from calferry.emulator.routes import scopes
from calferry.emulator.routes.acl import readable
from calferry.emulator.world.acl import acl_resource
from calferry.emulator.world.channels import DEFAULT_TTL_S, TTL_S_MAX, Channel, WatchedResource
from calferry.emulator.world.oauth import LOOPBACK
from calferry.emulator.world.settings import settings_resource
from calferry.emulator.world.web_address import taken_apart
from calferry.emulator.world.world import calendar_list_resource, events_resource

CHANNEL_ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}\Z")
TOKEN_LENGTH_MAX = 256


def watch_events(call: Call) -> Answer:
    calendar, _ = call.calendar()
    if not calendar.watchable:
        raise errors.push_not_supported()
    return _watch(call, events_resource(calendar))


def watch_calendar_list(call: Call) -> Answer:
    return _watch(call, calendar_list_resource(call.caller()))


def watch_rules(call: Call) -> Answer:
    return _watch(call, acl_resource(readable(call)))


def watch_settings(call: Call) -> Answer:
    return _watch(call, settings_resource(call.caller()))


def _watch(call: Call, resource: WatchedResource) -> Answer:
    body = call.json()
    _check(body)
    caller = call.caller()
    channel = Channel(
        id=body["id"],
        resource=resource,
        address=body["address"],
        token=body.get("token"),
        expires_at=_expires_at(body, call.now),
        user=caller.email,
        client_id=call.token.client_id if call.token else "",
        event_types=frozenset(call.query.many("eventTypes")),
    )
    call.world.channels.start(channel, call.now)
    return Answer(_resource(channel))


def _resource(channel: Channel) -> Json:
    found: Json = {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource.id,
        "resourceUri": channel.resource.uri,
    }
    if channel.token is not None:
        found["token"] = channel.token
    return {**found, "expiration": str(int(channel.expires_at * 1000))}


def _check(body: Json) -> None:
    channel_id, address = body.get("id"), body.get("address")
    if not channel_id:
        raise errors.required("Required", ("parameter", "channel.id"))
    if not isinstance(channel_id, str) or not CHANNEL_ID.match(channel_id):
        raise errors.Refused(400, "global", "push.channelIdInvalid", "Invalid channel id")
    if body.get("type") not in ("web_hook", "webhook"):
        message = f"Channel type {body.get('type')} is not supported"
        raise errors.Refused(400, "global", "push.channelTypeNotSupported", message)
    if not isinstance(address, str) or not address:
        raise errors.required("Required", ("parameter", "channel.address"))
    if not _is_acceptable(address):
        message = f"WebHook callback must be HTTPS: {address}"
        raise errors.Refused(400, "global", "push.webhookUrlNotHttps", message)
    token = body.get("token")
    if token is not None and not _fits_a_header(token):
        raise errors.invalid("Invalid channel token.")


def _is_acceptable(address: str) -> bool:
    """HTTPS anywhere, and plain HTTP to this machine, which Google itself would refuse."""
    parts = taken_apart(address)
    if parts is None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def _fits_a_header(token: object) -> bool:
    """Notifications carry the token in a header, which has no place for line ends and foreign letters."""
    if not isinstance(token, str) or len(token) > TOKEN_LENGTH_MAX:
        return False
    return token.isprintable() and all(ord(letter) < 256 for letter in token)


def _expires_at(body: Json, now: float) -> float:
    """The asked end of the channel, shortened to thirty days; a week if nothing was asked."""
    params = body.get("params")
    if params is not None and not isinstance(params, dict):
        raise errors.invalid("Invalid params.")
    asked = body.get("expiration")
    try:
        ttl = params.get("ttl") if params else None
        if ttl is not None:
            ends = now + int(ttl)
        else:
            ends = int(asked) / 1000 if asked is not None else now + DEFAULT_TTL_S
    except (TypeError, ValueError, OverflowError) as error:
        raise errors.invalid("Invalid expiration.") from error
    if ends <= now:
        raise errors.invalid("Invalid expiration.")
    return int(min(ends, now + TTL_S_MAX) * 1000) / 1000


def stop_channel(call: Call) -> Answer:
    body = call.json()
    for name in ("id", "resourceId"):
        if not body.get(name):
            raise errors.required("Required", ("parameter", f"channel.{name}"))
    client_id = call.token.client_id if call.token else ""
    email = _opener(call, str(body["id"]), client_id)
    call.world.channels.stop(str(body["id"]), str(body["resourceId"]), email, client_id, call.now)
    return Answer(status=NO_CONTENT)


def _opener(call: Call, channel_id: str, client_id: str) -> str:
    """In whose name a channel is stopped: a service account stops those of everybody it speaks for."""
    channel = call.world.channels.open.get(channel_id)
    accounts = {account.client_id for account in call.world.oauth.service_accounts.values()}
    if channel and channel.client_id == client_id and client_id in accounts:
        return channel.user
    return call.caller().email


ROUTES = (
    Route(
        "POST",
        "/calendar/v3/calendars/{calendarId}/events/watch",
        "events.watch",
        watch_events,
        scopes.EVENTS_READ,
    ),
    Route(
        "POST",
        "/calendar/v3/users/me/calendarList/watch",
        "calendarList.watch",
        watch_calendar_list,
        scopes.LIST_READ,
    ),
    Route("POST", "/calendar/v3/calendars/{calendarId}/acl/watch", "acl.watch", watch_rules, scopes.ACL_LIST),
    Route("POST", "/calendar/v3/users/me/settings/watch", "settings.watch", watch_settings, scopes.SETTINGS),
    Route("POST", "/calendar/v3/channels/stop", "channels.stop", stop_channel, scopes.CHANNELS_STOP),
)
