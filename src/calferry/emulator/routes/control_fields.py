"""Reading the bodies of control requests: what is not known or makes no sense is refused by its name."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from calferry.emulator.call import Call, Json
from calferry.emulator.routes import scopes
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.oauth import ALIASES, IDENTITY, PREFIX, full_names

SECONDS_MAX = 100 * 366 * 86_400
COUNT_MAX = 1_000_000
CALENDAR_SCOPES = frozenset().union(*(each for each in vars(scopes).values() if isinstance(each, frozenset)))


class ControlError(ValueError):
    """A control request that makes no sense; the message says what would."""


def body_of(call: Call, known: Sequence[str] | None) -> Json:
    """The body as an object, an empty one for none; with `known` it has no other fields. Raises ControlError."""
    text = call.request.body
    if call.request.method == "GET" or not text.strip():
        return {}
    try:
        body = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ControlError(f"the body is a JSON object, not {_shown(body)}")
    if known is not None:
        only(body, known, "this request")
    return body


def only(fields: Json, known: Sequence[str], what: str) -> None:
    """Raises ControlError that names the fields which are not known, and lists those that are."""
    unknown = [name for name in fields if name not in known]
    if unknown:
        listed = f"known are {', '.join(known)}" if known else "it has none"
        names = ", ".join(repr(name) for name in unknown)
        raise ControlError(f"{what} has no field {names}; {listed}")


def needed(fields: Json, name: str, example: str) -> Any:
    if name not in fields:
        raise ControlError(f"{name} is missing; for example {example}")
    return fields[name]


def number(fields: Json, name: str, default: float) -> float:
    """Seconds, from 0 to a hundred years."""
    found = fields.get(name, default)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise ControlError(f"{name} is a number of seconds, not {_shown(found)}")
    if not 0 <= found <= SECONDS_MAX:
        raise ControlError(
            f"{name} is a number of seconds from 0 to {SECONDS_MAX} (100 years), not {_shown(found)}"
        )
    return float(found)


def whole(fields: Json, name: str, default: int, least: int = 0, most: int = COUNT_MAX) -> int:
    """A whole number from `least` to `most`."""
    found = fields.get(name, default)
    if isinstance(found, bool) or not isinstance(found, int):
        raise ControlError(f"{name} is a whole number, not {_shown(found)}")
    if not least <= found <= most:
        raise ControlError(f"{name} is at least {least} and at most {most}, not {_shown(found)}")
    return found


def flag(fields: Json, name: str, default: bool) -> bool:
    found = fields.get(name, default)
    if not isinstance(found, bool):
        raise ControlError(f"{name} is true or false, not {_shown(found)}")
    return found


def text(fields: Json, name: str, default: str = "") -> str:
    found = fields.get(name, default)
    if not isinstance(found, str):
        raise ControlError(f"{name} is a text, not {_shown(found)}")
    return found


def calendar_named(call: Call, calendar_id: str) -> Calendar:
    """By its id. Raises ControlError that lists those there are."""
    found = call.world.calendars.get(calendar_id)
    if found is None:
        raise ControlError(f"no calendar {calendar_id!r}; there are {', '.join(call.world.calendars)}")
    return found


def scope_names(fields: Json, default: Iterable[str]) -> tuple[str, ...]:
    """`scopes`, a list or a text with spaces, under their long names; other APIs' have to be whole addresses."""
    asked = fields.get("scopes", default)
    names = asked.split() if isinstance(asked, str) else asked
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ControlError(
            f"scopes is a list of names, or a text with spaces between them, not {_shown(asked)}"
        )
    for name in names:
        if not _is_scope(name):
            known = sorted((*CALENDAR_SCOPES, "openid", *ALIASES))
            raise ControlError(f"scopes has the unknown {_shown(name)}; known are {', '.join(known)}")
    return full_names(tuple(PREFIX + name if name in CALENDAR_SCOPES else name for name in names))


def _is_scope(name: str) -> bool:
    if name in IDENTITY or name in ALIASES or name.removeprefix(PREFIX) in CALENDAR_SCOPES:
        return True
    return name.startswith("https://") and not name.startswith(f"{PREFIX}calendar")


def _refuse_constant(name: str) -> None:
    """Python reads NaN and Infinity, but they are no JSON."""
    raise ValueError(f"{name} is no number of JSON")


def _shown(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
