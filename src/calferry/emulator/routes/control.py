"""Switches behind the scenes, for tests and demos: `/_emulator/…`. Never listed among the requests."""

from collections.abc import Callable
from typing import Any

from calferry.emulator import seed
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.errors import Refused
from calferry.emulator.json_text import COMPACT
from calferry.emulator.routes import devices
from calferry.emulator.signing_key import KEY_ID, signing_key
from calferry.emulator.world import settings
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.channels import PUSH_MODES, PushWeather
from calferry.emulator.world.faults import ACTIONS_TEXT, Fault, parse_action
from calferry.emulator.world.oauth import ACCESS_TOKEN_LIFE_S, PREFIX, full_names
from calferry.emulator.world.people import Person
from calferry.emulator.world.quota import quota_of

DEFAULT_SCOPES = ("openid", "email", f"{PREFIX}calendar")
FAULT_FIELDS = ("method", "action", "times", "skip", "calendar_id", "user", "retry_after", "hits")


class ControlError(ValueError):
    """A control request that makes no sense; the message says what would."""


def _answer(body: Json, status: int = 200) -> Answer:
    return Answer(body, status, indent=COMPACT)


def _control(act: Callable[[Call], Json]) -> Callable[[Call], Answer]:
    """Errors of control routes are plain: 400 and a sentence."""

    def answered(call: Call) -> Answer:
        try:
            return _answer(act(call))
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            return _answer({"error": str(error)}, 400)
        except Refused as refused:
            return _answer({"error": refused.message}, 400)

    return answered


def reset(call: Call) -> Json:
    call.backstage.reset()
    return {}


def plant(call: Call) -> Json:
    seed.plant(call.world, call.json(), call.now)
    return {"people": list(call.world.people), "calendars": list(call.world.calendars)}


def tokens(call: Call) -> Json:
    """Tokens as if the person had consented."""
    body = call.json()
    person = _person(call, body)
    client_id = body.get("client_id", seed.DEMO_CLIENT.client_id)
    if client_id not in call.world.oauth.clients:
        raise ControlError(f"unknown client {client_id!r}; there are {', '.join(call.world.oauth.clients)}")
    asked = body.get("scopes", DEFAULT_SCOPES)
    names = asked.split() if isinstance(asked, str) else list(asked)
    scopes = full_names(tuple(PREFIX + name if name.startswith("calendar") else name for name in names))
    oauth = call.world.oauth
    oauth.consent(client_id, person.email, scopes, True)
    refresh = oauth.grant_refresh_token(person.email, client_id, scopes, call.now)
    life_s = int(body.get("expires_in", ACCESS_TOKEN_LIFE_S))
    access = oauth.grant_access_token(person.email, client_id, scopes, call.now, refresh.token, life_s)
    return {
        "access_token": access.token,
        "refresh_token": refresh.token,
        "expires_in": life_s,
        "scope": " ".join(scopes),
        "token_type": "Bearer",
    }


def _person(call: Call, body: Json) -> Person:
    email = str(body.get("email", ""))
    person = call.world.person(email)
    if person is None:
        raise ControlError(f"nobody is called {email!r}; there are {', '.join(call.world.people)}")
    return person


def clock(call: Call) -> Json:
    """Moves the world's time forward."""
    seconds = float(call.json().get("advance_s", 0))
    if seconds < 0:
        raise ControlError("time only moves forward: advance_s is at least 0")
    call.world.clock_offset_s += seconds
    return {"now": call.backstage.now()}


def expire_sync_tokens(call: Call) -> Json:
    """For one calendar its events' tokens; without a calendar every token, calendar lists' too."""
    body = call.json()
    calendars = _calendars(call, body)
    for calendar in calendars:
        call.world.expire_sync_tokens(calendar, call.now)
    if not body.get("calendar_id"):
        call.world.collections_valid_from = call.world.log.next(call.now)
        for person in call.world.people.values():
            person.list_tokens_valid_from = call.world.log.next(call.now)
    return {"calendars": [calendar.id for calendar in calendars]}


def sync_token_life(call: Call) -> Json:
    """How long sync tokens live from when they were given; null lifts the limit."""
    life_s = call.json().get("life_s")
    if life_s is not None and (not isinstance(life_s, int | float) or life_s < 0):
        raise ControlError(f"life_s is a number of seconds, or null for no limit, not {life_s!r}")
    call.world.sync_token_life_s = life_s
    return {"life_s": life_s}


def expire_page_tokens(call: Call) -> Json:
    call.world.listings.forget_all()
    return {}


def _calendars(call: Call, body: Json) -> list[Calendar]:
    """The named calendar, or all of them."""
    calendar_id = body.get("calendar_id")
    if not calendar_id:
        return list(call.world.calendars.values())
    if calendar_id not in call.world.calendars:
        raise ControlError(f"no calendar {calendar_id!r}; there are {', '.join(call.world.calendars)}")
    return [call.world.calendars[calendar_id]]


def revoke(call: Call) -> Json:
    person = _person(call, call.json())
    return {"revoked": call.world.oauth.revoke_person(person.email)}


def decide_device(call: Call) -> Json:
    """Answers for a person whose device shows `user_code`."""
    body = call.json()
    request = call.world.devices.typed(str(body.get("user_code", "")), call.now)
    if request is None:
        raise ControlError(f"no device shows the code {body.get('user_code')!r}")
    devices.settle(request, _person(call, body), bool(body.get("allow", True)))
    return {"client_id": request.client_id, "scopes": list(request.scopes)}


def set_quota(call: Call) -> Json:
    """Limits on requests per minute, counted from now on; an empty object lifts them."""
    found = call.world.quota = quota_of(call.json())
    return {
        "per_minute": found.per_minute,
        "per_minute_per_user": found.per_minute_per_user,
        "status": found.status,
    }


def take_snapshot(call: Call) -> Json:
    return call.backstage.snapshot()


def restore(call: Call) -> Json:
    """Goes on from a snapshot, which is the body."""
    call.backstage.restore(call.json())
    return {"people": list(call.world.people), "calendars": list(call.world.calendars)}


def service_account(call: Call) -> Json:
    """Makes a service account; answers its key file, for clients of Google to load."""
    account = seed.plant_service_account(call.world, call.json(), call.now)
    origin = call.backstage.options.origin
    return {
        "type": "service_account",
        "project_id": "local-google",
        "private_key_id": KEY_ID,
        "private_key": signing_key().as_pem(private=True).decode(),
        "client_email": account.email,
        "client_id": account.client_id,
        "auth_uri": f"{origin}/o/oauth2/auth",
        "token_uri": f"{origin}/token",
        "universe_domain": "googleapis.com",
    }


def empty_pages(call: Call) -> Json:
    """The next `count` listed pages of a calendar carry no items, but a page token."""
    body = call.json()
    for calendar in _calendars(call, body):
        calendar.empty_pages = int(body.get("count", 1))
    return {}


def change_setting(call: Call) -> Json:
    """A setting as its person would change it; the API itself has no way to."""
    body = call.json()
    person = _person(call, body)
    settings.change(call.world, person, str(body.get("id", "")), str(body.get("value", "")), call.now)
    return settings.resource(person, str(body["id"]))


def watchable(call: Call) -> Json:
    body = call.json()
    for calendar in _calendars(call, body):
        calendar.watchable = bool(body.get("watchable", False))
    return {}


def push(call: Call) -> Json:
    """What happens to notifications from now on."""
    body = call.json()
    mode = body.get("mode", "normal")
    if mode not in PUSH_MODES:
        raise ControlError(f"unknown mode {mode!r}; allowed are {', '.join(PUSH_MODES)}")
    times = body.get("times")
    weather = PushWeather(mode, float(body.get("delay_s", 0)), None if times is None else int(times))
    call.world.channels.weather = weather
    return {"mode": mode}


def faults(call: Call) -> Json:
    """Adds orders; an empty list clears all of them."""
    orders = call.json().get("faults")
    if not isinstance(orders, list):
        raise ControlError('expected {"faults": [{"method": "events.list", "action": "return-503"}]}')
    made = [_fault(call, order) for order in orders]
    book = call.world.faults
    book.orders = [*book.orders, *made] if orders else []
    return list_faults(call)


def _fault(call: Call, order: Any) -> Fault:
    if not isinstance(order, dict) or set(order) - set(FAULT_FIELDS):
        raise ControlError(f"a fault is an object with the fields {', '.join(FAULT_FIELDS)}, not {order!r}")
    method = str(order.get("method", "")).removeprefix("oauth.")
    known = call.backstage.methods()
    if method not in known and method != "*":
        raise ControlError(f"unknown method {method!r}; allowed are *, {', '.join(known)}")
    action = order.get("action")
    if not isinstance(action, str):
        raise ControlError(f"a fault needs an action; allowed are {ACTIONS_TEXT}")
    times = int(order.get("times", 1))
    if times < 1:
        raise ControlError(f"times is at least 1, not {times}")
    return Fault(
        method,
        action,
        parse_action(action),
        times,
        skip=int(order.get("skip", 0)),
        calendar_id=str(order.get("calendar_id") or ""),
        user=str(order.get("user") or ""),
        retry_after=str(order.get("retry_after") or ""),
    )


def list_faults(call: Call) -> Json:
    return {"faults": [fault.resource() for fault in call.world.faults.orders]}


def requests(call: Call) -> Json:
    return {"requests": list(call.backstage.requests)}


def mails(call: Call) -> Json:
    return {"mails": [mail.resource() for mail in call.world.post.mails]}


def deliveries(call: Call) -> Json:
    return {"deliveries": list(call.backstage.deliveries.attempts)}


def _route(http: str, name: str, act: Callable[[Call], Json]) -> Route:
    return Route(http, f"/_emulator/{name}", f"control.{name}", _control(act), floor="control")


ROUTES = (
    _route("POST", "reset", reset),
    _route("POST", "seed", plant),
    _route("POST", "tokens", tokens),
    _route("POST", "clock", clock),
    _route("POST", "expire-sync-tokens", expire_sync_tokens),
    _route("POST", "sync-token-life", sync_token_life),
    _route("POST", "expire-page-tokens", expire_page_tokens),
    _route("POST", "revoke", revoke),
    _route("POST", "empty-pages", empty_pages),
    _route("POST", "watchable", watchable),
    _route("POST", "device", decide_device),
    _route("POST", "service-account", service_account),
    _route("POST", "quota", set_quota),
    _route("POST", "snapshot", take_snapshot),
    _route("POST", "restore", restore),
    _route("POST", "push", push),
    _route("POST", "settings", change_setting),
    _route("POST", "faults", faults),
    _route("GET", "faults", list_faults),
    _route("GET", "requests", requests),
    _route("GET", "deliveries", deliveries),
    _route("GET", "mails", mails),
)
