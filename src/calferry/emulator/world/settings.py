"""Settings of a person's Google Calendar: strings with Google's ids, allowed values and defaults."""

from typing import Any

from calferry.emulator import errors
from calferry.emulator.world.calendar import opaque_etag
from calferry.emulator.world.channels import WatchedResource
from calferry.emulator.world.people import Person
from calferry.emulator.world.world import API_ROOT, World

Json = dict[str, Any]

_SWITCH = ("true", "false")
CHOICES: dict[str, tuple[str, ...]] = {
    "autoAddHangouts": _SWITCH,
    "dateFieldOrder": ("MDY", "DMY", "YMD"),
    "format24HourTime": _SWITCH,
    "hideInvitations": _SWITCH,
    "hideWeekends": _SWITCH,
    "remindOnRespondedEventsOnly": _SWITCH,
    "showDeclinedEvents": _SWITCH,
    "useKeyboardShortcuts": _SWITCH,
    "weekStart": ("0", "1", "6"),
}
DEFAULTS = {
    "autoAddHangouts": "false",
    "dateFieldOrder": "MDY",
    "defaultEventLength": "60",
    "format24HourTime": "false",
    "hideInvitations": "false",
    "hideWeekends": "false",
    "locale": "en",
    "remindOnRespondedEventsOnly": "false",
    "showDeclinedEvents": "true",
    "timezone": "Etc/GMT",
    "useKeyboardShortcuts": "true",
    "weekStart": "0",
}
VALUE_LENGTH_MAX = 1024


def settings_resource(person: Person) -> WatchedResource:
    """One per person, although its address names nobody."""
    return WatchedResource(f"{API_ROOT}/users/me/settings?alt=json", person.email)


def value_of(person: Person, name: str) -> str:
    """The person's setting; the time zone defaults to that of the account."""
    default = person.time_zone if name == "timezone" else DEFAULTS[name]
    return person.settings.get(name, default)


def resource(person: Person, name: str) -> Json:
    """Refuses names that Google does not know with 404."""
    if name not in DEFAULTS:
        raise errors.not_found()
    number = person.settings_numbers.get(name, 0)
    return {"kind": "calendar#setting", "etag": f'"{number}"', "id": name, "value": value_of(person, name)}


def etag(person: Person) -> str:
    return opaque_etag(f"settings {person.email} {max(person.settings_numbers.values(), default=0)}")


def names(person: Person, since: int | None) -> list[str]:
    """Every setting, or those that changed after `since`."""
    return [name for name in DEFAULTS if since is None or person.settings_numbers.get(name, 0) > since]


def change(world: World, person: Person, name: str, value: str, now: float) -> None:
    """Sets a value as the person would in the calendar's own pages. Raises ValueError for nonsense."""
    if name not in DEFAULTS:
        raise ValueError(f"no setting {name!r}; there are {', '.join(DEFAULTS)}")
    allowed = CHOICES.get(name)
    if (allowed and value not in allowed) or len(value) > VALUE_LENGTH_MAX:
        raise ValueError(f"{value!r} is no value of {name}; allowed are {', '.join(allowed or ())}")
    if value_of(person, name) == value:
        return
    person.settings[name] = value
    person.settings_numbers[name] = world.log.next(now, person.settings_numbers.get(name, 0))
    world.channels.notify(settings_resource(person), now)
