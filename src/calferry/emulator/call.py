"""What a route is given and what it gives back."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from calferry.emulator import errors, json_text
from calferry.emulator.delivery_log import DeliveryLog
from calferry.emulator.query import Query
from calferry.emulator.wire import Request, Response
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.event import Event
from calferry.emulator.world.faults import Target
from calferry.emulator.world.narrow_scopes import role_under
from calferry.emulator.world.oauth import AccessToken
from calferry.emulator.world.people import Person
from calferry.emulator.world.visibility import shaped, with_attendees
from calferry.emulator.world.world import World

Json = dict[str, Any]

JSON_DEPTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Options:
    """How this Google behaves: `auto` consents without a click, `origin` is its own address."""

    auto: bool = False
    origin: str = "http://127.0.0.1:8001"


class Backstage(Protocol):
    """What the control routes reach of the emulator that runs them."""

    options: Options
    requests: deque[Json]
    deliveries: DeliveryLog

    def now(self) -> float: ...

    def reset(self) -> None: ...

    def methods(self) -> list[str]: ...

    def handle(self, request: Request, batch_from: int | None = None) -> Response: ...

    def snapshot(self) -> Json: ...

    def restore(self, document: Json) -> None: ...


@dataclass(slots=True)
class Call:
    """One request on its way through a route. `now` is unix seconds of the world's clock.

    `opened_by` are the scopes of the token that open the method. `batch_from` is set for a part of a batch: the
    last change before it.
    """

    backstage: Backstage
    world: World
    request: Request
    query: Query
    path: dict[str, str]
    now: float
    method: str = ""
    token: AccessToken | None = None
    person: Person | None = None
    opened_by: frozenset[str] = frozenset()
    batch_from: int | None = None

    def header(self, name: str) -> str:
        """A header's value; names arrive in lower case."""
        return self.request.headers.get(name, "")

    def caller(self) -> Person:
        """The signed-in person. Refuses callers who only brought an API key."""
        if self.person is None:
            raise errors.login_required(self.method)
        return self.person

    def calendar(self, name: str = "calendarId") -> tuple[Calendar, str]:
        """The calendar in the path and what the token's scopes leave of the caller's role on it."""
        calendar, role = self.world.calendar(self.path[name], self.person.email if self.person else None)
        if self.token is None or not self.opened_by:
            return calendar, role
        left = role_under(self.opened_by, self.token.client_id, self.method, calendar, role)
        if left == "none":
            raise errors.insufficient_permissions(metadata_name(self.method))
        return calendar, left

    def target(self) -> Target:
        """How faults see this request; `primary` counts as the calendar it stands for."""
        email = self.person.email if self.person else ""
        calendar_id = self.path.get("calendarId", "")
        named = email if calendar_id == "primary" else calendar_id
        return Target(self.method, named, email, "pageToken" in self.query)

    def may_write_over(self, etag: str) -> bool:
        """Whether If-Match is missing, or names this version among others or any."""
        wanted = self.header("if-match")
        return not wanted or bool({"*", etag} & {each.strip() for each in wanted.split(",")})

    def json(self) -> Json:
        """The body as a JSON object; an empty body is an empty object.

        A null deletes in a PATCH; in any other body it counts as not there.
        """
        if not self.request.body.strip():
            return {}
        try:
            body = json.loads(self.request.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise errors.parse_error() from error
        if not isinstance(body, dict):
            raise errors.parse_error()
        if _is_too_deep(body):
            raise errors.parse_error()
        return body if self.request.method == "PATCH" else dict(_without_nulls(body))


def metadata_name(method: str) -> str:
    """`events.list` as the front end's errors spell it: `calendar.v3.Events.List`."""
    parts = method.split(".")
    return "calendar.v3." + ".".join(part[:1].upper() + part[1:] for part in parts)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value


def _is_too_deep(body: Json) -> bool:
    level: list[Any] = [body]
    for _ in range(JSON_DEPTH_MAX):
        below = (each.values() if isinstance(each, dict) else each for each in level)
        level = [inner for values in below for inner in values if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> None:
    """NaN and Infinity, which Python reads, are not JSON."""
    raise ValueError(name)


@dataclass(frozen=True, slots=True)
class Item:
    """One event of a page in the shape its reader gets."""

    event: Event
    shape: str
    zone: str
    attendees_max: int | None = None

    def resource(self) -> Json:
        return with_attendees(shaped(self.event, self.shape, self.zone), self.attendees_max)

    def json(self, indent: int) -> bytes:
        """Serialised once per version, shape, zone and indent."""
        if self.attendees_max is not None:
            return json_text.dump(self.resource(), indent)
        key = (self.shape, self.zone, indent)
        text = self.event.rendered.get(key)
        if text is None:
            text = self.event.rendered[key] = json_text.dump(self.resource(), indent)
        return text


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: its envelope, and its items not yet serialised."""

    envelope: Json
    items: list[Item]

    def resource(self) -> Json:
        return {**self.envelope, "items": [item.resource() for item in self.items]}

    def json(self, indent: int) -> bytes:
        return json_text.list_page(self.envelope, [item.json(indent) for item in self.items], indent)


@dataclass(slots=True)
class Answer:
    """What a route found. `body` is a resource, a page, bytes (with their content type), or nothing."""

    body: Json | Page | bytes | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=UTF-8"
    indent: int | None = None

    def resource(self) -> Json | None:
        """The body as a dict, if it is JSON."""
        if isinstance(self.body, Page):
            return self.body.resource()
        return self.body if isinstance(self.body, dict) else None


NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class Route:
    """One method: how it is addressed, what Google calls it, what it does, which scopes open it.

    `floor` says who answers: `api` (bearer token, Google's error body), `open` (the same without a token),
    `oauth` or `control`.
    """

    http: str
    template: str
    method: str
    act: Callable[[Call], Answer]
    scopes: frozenset[str] = frozenset()
    floor: str = "api"
    public: bool = False
