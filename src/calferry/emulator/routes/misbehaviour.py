"""Control requests that order misbehaviour: faults on requests, and what happens to notifications."""

from typing import Any

from calferry.emulator.call import Call, Json
from calferry.emulator.routes.control_fields import ControlError, calendar_named, number, only, text, whole
from calferry.emulator.world.channels import PUSH_MODES, PushWeather
from calferry.emulator.world.faults import ACTIONS_TEXT, Fault, parse_action

FAULT_FIELDS = ("method", "action", "times", "skip", "calendar_id", "user", "retry_after", "hits")


def push(call: Call, body: Json) -> Json:
    """What happens to notifications from now on."""
    mode = text(body, "mode", "normal")
    if mode not in PUSH_MODES:
        raise ControlError(f"unknown mode {mode!r}; allowed are {', '.join(PUSH_MODES)}")
    times = None if body.get("times") is None else whole(body, "times", 1, least=1)
    call.world.channels.weather = PushWeather(mode, number(body, "delay_s", 0), times)
    return {"mode": mode}


def order(call: Call, body: Json) -> Json:
    """Adds faults; an empty list clears all of them."""
    orders = body.get("faults")
    if not isinstance(orders, list):
        raise ControlError('expected {"faults": [{"method": "events.list", "action": "return-503"}]}')
    made = [_fault(call, each) for each in orders]
    book = call.world.faults
    book.orders = [*book.orders, *made] if orders else []
    return ordered(call, {})


def _fault(call: Call, fields: Any) -> Fault:
    if not isinstance(fields, dict):
        raise ControlError(f"a fault is an object with the fields {', '.join(FAULT_FIELDS)}, not {fields!r}")
    only(fields, FAULT_FIELDS, "a fault")
    method = text(fields, "method").removeprefix("oauth.")
    known = call.backstage.methods()
    if method not in known and method != "*":
        raise ControlError(f"unknown method {method!r}; allowed are *, {', '.join(known)}")
    action = fields.get("action")
    if not isinstance(action, str):
        raise ControlError(f"a fault needs an action; allowed are {ACTIONS_TEXT}")
    calendar_id = text(fields, "calendar_id")
    return Fault(
        method,
        action,
        parse_action(action),
        whole(fields, "times", 1, least=1),
        skip=whole(fields, "skip", 0),
        calendar_id=calendar_named(call, calendar_id).id if calendar_id else "",
        user=text(fields, "user"),
        retry_after=_retry_after(fields),
    )


def _retry_after(fields: Json) -> str:
    """A number of seconds or a date; it is sent as it stands."""
    found = fields.get("retry_after", "")
    if isinstance(found, str) and found.isascii() and found.isprintable():
        return found
    return str(whole(fields, "retry_after", 0))


def ordered(call: Call, _body: Json) -> Json:
    """Every order, and how often it struck."""
    return {"faults": [fault.resource() for fault in call.world.faults.orders]}
