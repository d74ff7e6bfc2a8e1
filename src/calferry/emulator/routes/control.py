"""Switches behind the scenes, for tests and demos: `/_emulator/…`. Never listed among the requests."""

from collections.abc import Callable, Sequence

from calferry.emulator import seed
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.errors import Refused
from calferry.emulator.json_text import COMPACT
from calferry.emulator.routes import devices, misbehaviour
from calferry.emulator.routes.control_fields import (
    SECONDS_MAX,
    ControlError,
    body_of,
    calendar_named,
    flag,
    needed,
    number,
    scope_names,
    text,
    whole,
)
from calferry.emulator.signing_key import KEY_ID, signing_key
from calferry.emulator.world import settings
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.oauth import ACCESS_TOKEN_LIFE_S, PREFIX
from calferry.emulator.world.people import Person
from calferry.emulator.world.quota import quota_of
from calferry.emulator.world.sample_edits import sample_edit
from calferry.emulator.world.world import CLOCK_OFFSET_S_MAX

EDITS_MAX = 1_000
DEFAULT_SCOPES = ("openid", "email", f"{PREFIX}calendar")
Act = Callable[[Call, Json], Json]


def _answer(body: Json, status: int = 200) -> Answer:
    return Answer(body, status, indent=COMPACT)


def _control(act: Act, known: Sequence[str] | None) -> Callable[[Call], Answer]:
    """Errors of control routes are plain: 400 and a sentence."""

    def answered(call: Call) -> Answer:
        try:
            return _answer(act(call, body_of(call, known)))
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            return _answer({"error": str(error)}, 400)
        except Refused as refused:
            return _answer({"error": refused.message}, 400)

    return answered


def reset(call: Call, _body: Json) -> Json:
    call.backstage.reset()
    return {}


def plant(call: Call, body: Json) -> Json:
    seed.plant(call.world, body, call.now)
    return {"people": list(call.world.people), "calendars": list(call.world.calendars)}


def tokens(call: Call, body: Json) -> Json:
    """Tokens as if the person had consented."""
    person = _person(call, body)
    client_id = text(body, "client_id", seed.DEMO_CLIENT.client_id)
    if client_id not in call.world.oauth.clients:
        raise ControlError(f"unknown client {client_id!r}; there are {', '.join(call.world.oauth.clients)}")
    scopes = scope_names(body, DEFAULT_SCOPES)
    life_s = whole(body, "expires_in", ACCESS_TOKEN_LIFE_S, most=SECONDS_MAX)
    oauth = call.world.oauth
    oauth.consent(client_id, person.email, scopes, True)
    refresh = oauth.grant_refresh_token(person.email, client_id, scopes, call.now)
    access = oauth.grant_access_token(person.email, client_id, scopes, call.now, refresh.token, life_s)
    return {
        "access_token": access.token,
        "refresh_token": refresh.token,
        "expires_in": life_s,
        "scope": " ".join(scopes),
        "token_type": "Bearer",
    }


def _person(call: Call, body: Json) -> Person:
    email = text(body, "email")
    if not email:
        raise ControlError(f"email is missing; there are {', '.join(call.world.people)}")
    person = call.world.person(email)
    if person is None:
        raise ControlError(f"nobody is called {email!r}; there are {', '.join(call.world.people)}")
    return person


def clock(call: Call, body: Json) -> Json:
    """Moves the world's time forward; without `advance_s` it only tells the time."""
    seconds = number(body, "advance_s", 0)
    if call.world.clock_offset_s + seconds > CLOCK_OFFSET_S_MAX:
        raise ControlError("advance_s is too much: the clock stays below the year 9000")
    call.world.clock_offset_s += seconds
    return {"now": call.backstage.now()}


def expire_sync_tokens(call: Call, body: Json) -> Json:
    """For one calendar its events' tokens; without a calendar every token, calendar lists' too."""
    calendars = _calendars(call, body)
    for calendar in calendars:
        call.world.expire_sync_tokens(calendar, call.now)
    if body.get("calendar_id") is None:
        call.world.collections_valid_from = call.world.log.next(call.now)
        for person in call.world.people.values():
            person.list_tokens_valid_from = call.world.log.next(call.now)
    return {"calendars": [calendar.id for calendar in calendars]}


def sync_token_life(call: Call, body: Json) -> Json:
    """How long sync tokens live from when they were given; null lifts the limit."""
    life_s = needed(body, "life_s", '{"life_s": 600}, or null for no limit')
    call.world.sync_token_life_s = life_s if life_s is None else number(body, "life_s", 0)
    return {"life_s": life_s}


def make_edits(call: Call, body: Json) -> Json:
    """Random edits of random calendars, or of one, as their owners make them; notifications follow."""
    calendars = [calendar for calendar in _calendars(call, body) if not calendar.deleted]
    if not calendars:
        raise ControlError("there is no calendar to edit")
    done: list[Json] = []
    for _ in range(whole(body, "count", 1, least=1, most=EDITS_MAX)):
        calendar = call.world.dice.choice(calendars)
        edit = sample_edit(call.world.dice, call.world, calendar, call.now)
        done.append({"kind": edit.kind, "calendar_id": calendar.id, "event_id": edit.event_id})
    return {"edits": done}


def expire_page_tokens(call: Call, _body: Json) -> Json:
    call.world.listings.forget_all()
    return {}


def _calendars(call: Call, body: Json) -> list[Calendar]:
    """The named calendar, or all of them."""
    if body.get("calendar_id") is None:
        return list(call.world.calendars.values())
    return [calendar_named(call, text(body, "calendar_id"))]


def revoke(call: Call, body: Json) -> Json:
    person = _person(call, body)
    return {"revoked": call.world.oauth.revoke_person(person.email)}


def decide_device(call: Call, body: Json) -> Json:
    """Answers for a person whose device shows `user_code`."""
    request = call.world.devices.typed(text(body, "user_code"), call.now)
    if request is None:
        raise ControlError(f"no device shows the code {body.get('user_code')!r}")
    devices.settle(request, _person(call, body), flag(body, "allow", True))
    return {"client_id": request.client_id, "scopes": list(request.scopes)}


def set_quota(call: Call, body: Json) -> Json:
    """Limits on requests per minute, counted from now on; an empty object lifts them."""
    found = call.world.quota = quota_of(body)
    return {
        "per_minute": found.per_minute,
        "per_minute_per_user": found.per_minute_per_user,
        "status": found.status,
    }


def take_snapshot(call: Call, _body: Json) -> Json:
    return call.backstage.snapshot()


def restore(call: Call, body: Json) -> Json:
    """Goes on from a snapshot, which is the body."""
    call.backstage.restore(body)
    return {"people": list(call.world.people), "calendars": list(call.world.calendars)}


def service_account(call: Call, body: Json) -> Json:
    """Makes a service account; answers its key file, for clients of Google to load."""
    account = seed.plant_service_account(call.world, body, call.now)
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


def empty_pages(call: Call, body: Json) -> Json:
    """The next `count` listed pages of a calendar carry no items, but a page token."""
    count = whole(body, "count", 1)
    for calendar in _calendars(call, body):
        calendar.empty_pages = count
    return {}


def change_setting(call: Call, body: Json) -> Json:
    """A setting as its person would change it; the API itself has no way to."""
    person = _person(call, body)
    needed(body, "value", '{"email": …, "id": "weekStart", "value": "1"}')
    settings.change(call.world, person, text(body, "id"), text(body, "value"), call.now)
    return settings.resource(person, text(body, "id"))


def watchable(call: Call, body: Json) -> Json:
    needed(body, "watchable", '{"calendar_id": …, "watchable": false}')
    accepts = flag(body, "watchable", False)
    for calendar in _calendars(call, body):
        calendar.watchable = accepts
    return {}


def requests(call: Call, _body: Json) -> Json:
    return {"requests": list(call.backstage.requests)}


def mails(call: Call, _body: Json) -> Json:
    return {"mails": [mail.resource() for mail in call.world.post.mails]}


def deliveries(call: Call, _body: Json) -> Json:
    return {"deliveries": list(call.backstage.deliveries.attempts)}


def _route(http: str, name: str, act: Act, *known: str, free: bool = False) -> Route:
    """`known` are the fields of its body; a `free` one is checked by whoever reads it."""
    acted = _control(act, None if free else known)
    return Route(http, f"/_emulator/{name}", f"control.{name}", acted, floor="control")


ROUTES = (
    _route("POST", "reset", reset),
    _route("POST", "seed", plant, free=True),
    _route("POST", "tokens", tokens, "email", "scopes", "expires_in", "client_id"),
    _route("POST", "clock", clock, "advance_s"),
    _route("POST", "edits", make_edits, "calendar_id", "count"),
    _route("POST", "expire-sync-tokens", expire_sync_tokens, "calendar_id"),
    _route("POST", "sync-token-life", sync_token_life, "life_s"),
    _route("POST", "expire-page-tokens", expire_page_tokens),
    _route("POST", "revoke", revoke, "email"),
    _route("POST", "empty-pages", empty_pages, "calendar_id", "count"),
    _route("POST", "watchable", watchable, "calendar_id", "watchable"),
    _route("POST", "device", decide_device, "user_code", "email", "allow"),
    _route("POST", "service-account", service_account, free=True),
    _route("POST", "quota", set_quota, "per_minute", "per_minute_per_user", "status"),
    _route("POST", "snapshot", take_snapshot),
    _route("POST", "restore", restore, free=True),
    _route("POST", "push", misbehaviour.push, "mode", "delay_s", "times"),
    _route("POST", "settings", change_setting, "email", "id", "value"),
    _route("POST", "faults", misbehaviour.order, "faults"),
    _route("GET", "faults", misbehaviour.ordered),
    _route("GET", "requests", requests),
    _route("GET", "deliveries", deliveries),
    _route("GET", "mails", mails),
)
