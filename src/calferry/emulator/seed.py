"""Seed documents: people, calendars, events, rules, clients and tokens, planted into a world.

    {"people": [{"email", "name", "sub", "time_zone", "hosted_domain", "admin", "settings": {id: value}, "calendars": [
        {"id", "summary", "primary", "time_zone", "description", "location", "access_role", "watchable",
         "selected", "hidden", "color_id", "default_reminders", "events": [...], "acl": [...]}]}],
     "calendars": [{"owner", ...as above}], "events": {calendar id: [...]}, "acl": {calendar id: [...]},
     "tokens": [{"email", "access_token", "refresh_token", "scopes", "client_id", "expires_in"}],
     "oauth_clients": [{"client_id", "client_secret", "redirect_uris", "testing"}],
     "service_accounts": [{"email", "client_id", "public_key", "delegated": [scopes]}],
     "groups": {address: [addresses of members]},
     "quota": {"per_minute", "per_minute_per_user", "status"}}

Events are in Google's own shape and keep fields that nobody knows. Calendar fields are taken in Google's
spelling as well (`timeZone`, `accessRole`). A calendar listed under a person who does not own it names its
`owner`; `access_role` is then that person's role.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from calferry.emulator import seed_events
from calferry.emulator.world import calendar_lists, settings, when
from calferry.emulator.world.calendar import ROLES, Calendar
from calferry.emulator.world.oauth import ACCESS_TOKEN_LIFE_S, OAuthClient, ServiceAccount
from calferry.emulator.world.people import CalendarListEntry, Person, subject
from calferry.emulator.world.quota import quota_of
from calferry.emulator.world.world import World

Json = dict[str, Any]

DEMO_CLIENT = OAuthClient("demo-client", "demo-secret")
SECTIONS = (
    "people",
    "calendars",
    "events",
    "acl",
    "tokens",
    "oauth_clients",
    "groups",
    "service_accounts",
    "quota",
)
CALENDAR_FIELDS = (
    "id", "summary", "primary", "timeZone", "description", "location", "accessRole", "watchable", "owner",
    "selected", "hidden", "colorId", "defaultReminders", "summaryOverride", "events", "acl",
)  # fmt: skip
PERSON_FIELDS = (
    "email",
    "name",
    "sub",
    "timeZone",
    "hostedDomain",
    "picture",
    "calendars",
    "signedUp",
    "settings",
    "admin",
)
UNWATCHABLE = (
    "@group.v.calendar.google.com",
    "@import.calendar.google.com",
    "@resource.calendar.google.com",
)
_OWN_FIELDS = ("selected", "hidden", "colorId", "defaultReminders", "summaryOverride")


class SeedError(ValueError):
    """A seed document that makes no sense; the message says where and what. `document` is the one, if known."""

    document: Json | None = None


def default_people() -> list[Json]:
    """Alice and Bob, each with a primary and a secondary calendar."""
    return [
        _default_person("alice", "Alice Example", "Team"),
        _default_person("bob", "Bob Example", "Family"),
    ]


def _default_person(name: str, full_name: str, second: str) -> Json:
    email = f"{name}@example.com"
    secondary = {"id": f"{name}-{second.lower()}@group.calendar.google.com", "summary": second}
    zone = "Europe/Berlin"
    primary: Json = {"id": email, "summary": email, "primary": True}
    return {"email": email, "name": full_name, "time_zone": zone, "calendars": [primary, secondary]}


def plant_start(world: World, seeds: Sequence[Json], now: float) -> None:
    """The world at its start: the demo client, the seeds, and Alice and Bob if no seed names people."""
    world.oauth.clients[DEMO_CLIENT.client_id] = DEMO_CLIENT
    if not any(document.get("people") for document in seeds):
        plant(world, {"people": default_people()}, now)
    for document in sorted(seeds, key=lambda document: not document.get("people")):
        try:
            plant(world, document, now)
        except SeedError as error:
            error.document = document
            raise


def plant(world: World, document: Json, now: float) -> None:
    """Adds a seed document to the world. Raises SeedError; what stood before the mistake is planted."""
    try:
        _plant(world, document, now)
    except (AttributeError, KeyError, TypeError) as error:
        raise SeedError(f"the seed has a value of the wrong type: {error}") from error


def _plant(world: World, document: Json, now: float) -> None:
    _known(document, SECTIONS, "the seed")
    for person in _list(document, "people", "the seed"):
        _plant_person(world, person, now)
    for fields in _list(document, "calendars", "the seed"):
        _plant_calendar(world, _owner(world, fields), _spelled(fields), now)
    _plant_events(world, document.get("events", {}), now)
    for calendar_id, rules in _mapping(document, "acl").items():
        _plant_acl(world, _calendar(world, calendar_id), rules, now)
    for email, members in _mapping(document, "groups").items():
        world.groups[email.lower()] = tuple(str(member).lower() for member in members)
    if "quota" in document:
        world.quota = quota_of(_mapping(document, "quota"))
    for account in _list(document, "service_accounts", "the seed"):
        plant_service_account(world, account, now)
    for client in _list(document, "oauth_clients", "the seed"):
        _plant_client(world, client)
    for token in _list(document, "tokens", "the seed"):
        _plant_token(world, token, now)


def _plant_person(world: World, fields: Json, now: float) -> None:
    fields = _spelled(fields)
    _known(fields, PERSON_FIELDS, "a person")
    email = str(fields.get("email", "")).lower()
    if "@" not in email:
        raise SeedError(f"a person needs an email address, not {fields.get('email')!r}")
    zone = fields.get("timeZone", "Etc/UTC")
    person = world.people.get(email) or Person(email, time_zone=_zone(zone, email))
    person.name = fields.get("name", person.name)
    person.sub = str(fields.get("sub", person.sub))
    person.picture = fields.get("picture", person.picture)
    person.hosted_domain = fields.get("hostedDomain", person.hosted_domain)
    person.signed_up = fields.get("signedUp", person.signed_up)
    person.is_admin = bool(fields.get("admin", person.is_admin))
    for name, value in _mapping(fields, "settings").items():
        settings.change(world, person, name, str(value), now)
    world.people[email] = person
    calendars = [_spelled(calendar) for calendar in _list(fields, "calendars", email)]
    if email not in world.calendars and not any(_is_primary(calendar, email) for calendar in calendars):
        calendars.insert(0, {"id": email, "primary": True})
    for calendar in calendars:
        _plant_calendar(world, person, calendar, now)


def _is_primary(fields: Json, email: str) -> bool:
    return bool(fields.get("primary")) or fields.get("id") in ("primary", email)


def _plant_calendar(world: World, person: Person, fields: Json, now: float) -> None:
    _known(fields, CALENDAR_FIELDS, f"a calendar of {person.email}")
    primary = _is_primary(fields, person.email)
    calendar_id = person.email if primary else str(fields.get("id", ""))
    if not calendar_id:
        raise SeedError(f"a calendar of {person.email} has no id")
    calendar = world.calendars.get(calendar_id)
    if calendar is None:
        calendar = _new_calendar(world, person, fields, calendar_id, now)
    _set_calendar(calendar, fields)
    role = fields.get("accessRole")
    if role:
        _plant_acl(world, calendar, [{"scope": {"type": "user", "value": person.email}, "role": role}], now)
    _plant_entry(world, person, calendar, fields, now)
    seed_events.plant(world, calendar, _list(fields, "events", calendar_id), now)
    _plant_acl(world, calendar, _list(fields, "acl", calendar_id), now)


def _new_calendar(world: World, person: Person, fields: Json, calendar_id: str, now: float) -> Calendar:
    owner = str(fields.get("owner", person.email)).lower()
    zone = _zone(fields.get("timeZone", person.time_zone), calendar_id)
    summary = str(fields.get("summary", calendar_id))
    primary = calendar_id == person.email
    number = world.log.next(now)
    calendar = Calendar(calendar_id, summary, zone, owner, number, primary, tokens_valid_from=number)
    calendar.watchable = not calendar_id.endswith(UNWATCHABLE)
    calendar.groups = world.groups
    calendar.acl[f"user:{owner}"] = "owner"
    world.calendars[calendar_id] = calendar
    return calendar


def _set_calendar(calendar: Calendar, fields: Json) -> None:
    calendar.summary = str(fields.get("summary", calendar.summary))
    calendar.description = fields.get("description", calendar.description)
    calendar.location = fields.get("location", calendar.location)
    calendar.watchable = bool(fields.get("watchable", calendar.watchable))
    if "timeZone" in fields:
        calendar.time_zone = _zone(fields["timeZone"], calendar.id)


def _plant_entry(world: World, person: Person, calendar: Calendar, fields: Json, now: float) -> None:
    own = {name: fields[name] for name in _OWN_FIELDS if name in fields}
    entry = person.entries.get(calendar.id)
    first = entry.own if entry else calendar_lists.first_fields(calendar, len(person.entries) + 13)
    if entry is None or own:
        fresh = first | calendar_lists.own_fields(own)
        person.put_entry(CalendarListEntry(calendar.id, world.log.next(now), fresh))


def _plant_events(world: World, events: Any, now: float) -> None:
    if isinstance(events, dict):
        for calendar_id, found in events.items():
            seed_events.plant(world, _calendar(world, calendar_id), found, now)
        return
    for event in events:
        calendar_id = event.get("calendarId") or event.get("calendar_id") or "primary"
        rest = {key: value for key, value in event.items() if key not in ("calendarId", "calendar_id")}
        seed_events.plant(world, _calendar(world, calendar_id), [rest], now)


def _plant_acl(world: World, calendar: Calendar, rules: Iterable[Json], now: float) -> None:
    before = dict(calendar.acl)
    for rule in rules:
        scope = rule.get("scope") or {"type": "default"}
        role = rule.get("role")
        if role not in ROLES:
            raise SeedError(f"the role {role!r} on {calendar.id} is none of {', '.join(ROLES)}")
        rule_id = scope["type"] if scope["type"] == "default" else f"{scope['type']}:{scope.get('value')}"
        calendar.acl[rule_id] = role
    if calendar.acl != before:
        world.expire_sync_tokens(calendar, now)


def _plant_client(world: World, fields: Json) -> None:
    _known(fields, ("client_id", "client_secret", "redirect_uris", "testing"), "an OAuth client")
    if not fields.get("client_id"):
        raise SeedError("an OAuth client needs a client_id")
    uris = tuple(fields.get("redirect_uris", ()))
    testing = bool(fields.get("testing"))
    client = OAuthClient(str(fields["client_id"]), str(fields.get("client_secret", "")), uris, testing)
    world.oauth.clients[client.client_id] = client


def plant_service_account(world: World, fields: Json, now: float) -> ServiceAccount:
    """A service account with a calendar of its own. Raises SeedError."""
    _known(fields, ("email", "client_id", "public_key", "delegated"), "a service account")
    email = str(fields.get("email", "")).lower()
    _plant_person(world, {"email": email}, now)
    world.people[email].is_service_account = True
    client_id = str(fields.get("client_id") or subject(email))
    delegated = tuple(str(scope) for scope in _list(fields, "delegated", email))
    account = ServiceAccount(email, client_id, str(fields.get("public_key", "")), delegated)
    world.oauth.service_accounts[email] = account
    return account


def _plant_token(world: World, fields: Json, now: float) -> None:
    known = ("email", "access_token", "refresh_token", "scopes", "client_id", "expires_in")
    _known(fields, known, "a token")
    email = str(fields.get("email", "")).lower()
    if email not in world.people:
        raise SeedError(f"a token is for {email!r}, who is not among the people")
    scopes, client_id = tuple(fields.get("scopes", ())), fields.get("client_id", DEMO_CLIENT.client_id)
    life_s = int(fields.get("expires_in", ACCESS_TOKEN_LIFE_S))
    world.oauth.plant(
        email, client_id, scopes, fields.get("refresh_token"), fields.get("access_token"), now, life_s
    )


def _owner(world: World, fields: Json) -> Person:
    """The named owner; a calendar that names nobody is the first person's."""
    if not fields.get("owner"):
        return next(iter(world.people.values()))
    owner = str(fields["owner"]).lower()
    if owner not in world.people:
        raise SeedError(f"the calendar {fields.get('id')!r} names the owner {owner!r}, who is unknown")
    return world.people[owner]


def _calendar(world: World, calendar_id: str) -> Calendar:
    if calendar_id == "primary" and world.people:
        calendar_id = next(iter(world.people))
    if calendar_id not in world.calendars:
        raise SeedError(f"no calendar {calendar_id!r}; there are {', '.join(world.calendars)}")
    return world.calendars[calendar_id]


def _spelled(fields: Any) -> Json:
    """The object with its keys in Google's spelling."""
    if not isinstance(fields, dict):
        raise SeedError(f"expected an object, not {fields!r}")
    return {_camel(key): value for key, value in fields.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _known(fields: Json, allowed: Sequence[str], where: str) -> None:
    unknown = set(fields) - set(allowed)
    if unknown:
        raise SeedError(f"{where} has unknown fields {sorted(unknown)}; known are {', '.join(allowed)}")


def _list(fields: Json, name: str, where: str) -> list[Json]:
    found = fields.get(name, [])
    if not isinstance(found, list):
        raise SeedError(f"{name} of {where} has to be a list")
    return found


def _mapping(document: Json, name: str) -> Json:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise SeedError(f"{name} has to be an object")
    return found


def _zone(name: Any, where: str) -> str:
    try:
        when.zone(str(name))
    except ValueError as error:
        raise SeedError(f"{where} has the unknown time zone {name!r}") from error
    return str(name)
