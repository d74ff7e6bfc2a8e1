"""Every query parameter of Google's inventory has its effect, and every wrong value of it Google's refusal."""

from collections.abc import Iterator
from typing import Any

import pytest

from calferry.emulator.routes import ROUTES, inventory
from scripts.coverage_table import has_effect
from tests.unit.emulator import probes_of_listings
from tests.unit.emulator.desk import ALICE, Answer, Desk
from tests.unit.emulator.probes import PROBES

COMMON = set(inventory.document()["parameters"])
API = {route.method: route for route in ROUTES if route.floor == "api"}
WRONG = {
    "boolean": ("maybe", "", "2"),
    "integer": ("many", "1.5", "0x1", "", "-1", "99999999999999999999"),
}


def own(method: str) -> dict[str, Any]:
    return {name: each for name, each in inventory.query_parameters(method).items() if name not in COMMON}


def test_every_parameter_has_a_probe() -> None:
    assert probes_of_listings
    wanted = {
        (method, name) for method in inventory.methods() for name in own(method) if has_effect(method, name)
    }
    assert set(PROBES) == wanted


@pytest.mark.parametrize("pair", sorted(PROBES), ids="/".join)
def test_the_parameter_has_its_effect(desk: Desk, pair: tuple[str, str]) -> None:
    PROBES[pair](desk, pair[0])


def ask(desk: Desk, method: str, **query: Any) -> Answer:
    """The method as Alice, with something at every place of its address."""
    declared = own(method).items()
    required = {
        n: "true" if each["type"] == "boolean" else "x" for n, each in declared if each.get("required")
    }
    path = API[method].template.removeprefix("/calendar/v3/")
    path = path.format(calendarId=ALICE, eventId="e", ruleId="default", setting="locale")
    return desk.api(
        API[method].http, path, {} if API[method].http != "GET" else None, **{**required, **query}
    )


def wrong_values() -> Iterator[tuple[str, str, str]]:
    for method in inventory.methods():
        for name, each in own(method).items():
            if name == "alwaysIncludeEmail":
                continue
            values = ("nonsense",) if "enum" in each else WRONG.get(each["type"], ())
            yield from ((method, name, value) for value in values if value or not each.get("required"))
            if "minimum" in each:
                yield method, name, str(int(each["minimum"]) - 1)
            if "maximum" in each:
                yield method, name, str(int(each["maximum"]) + 1)


@pytest.mark.parametrize(("method", "name", "value"), tuple(wrong_values()))
def test_a_wrong_value_is_refused_where_it_stands(desk: Desk, method: str, name: str, value: str) -> None:
    answer = ask(desk, method, **{name: value})
    (item,) = answer.json["error"]["errors"]
    assert (answer.status, item["reason"]) == (400, "invalidParameter")
    assert (item["locationType"], item["location"]) == ("parameter", name)
    assert item["message"].startswith("Invalid ")
    assert f"'{value}'" in item["message"]


TIMES = [
    (method, name)
    for method in inventory.methods()
    for name, each in own(method).items()
    if each.get("format") == "date-time"
]


@pytest.mark.parametrize("value", ["today", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"])
@pytest.mark.parametrize(("method", "name"), TIMES)
def test_a_time_needs_an_offset(desk: Desk, method: str, name: str, value: str) -> None:
    answer = ask(desk, method, **{name: value})
    assert (answer.status, answer.reason, answer.message) == (400, "badRequest", "Bad Request")


REQUIRED = [
    (method, name)
    for method in inventory.methods()
    for name, each in own(method).items()
    if each.get("required")
]


@pytest.mark.parametrize(("method", "name"), REQUIRED)
def test_a_parameter_that_is_needed_is_missed(desk: Desk, method: str, name: str) -> None:
    answer = ask(desk, method, **{name: ""})
    assert (answer.status, answer.reason) == (400, "required")
    assert answer.json["error"]["errors"][0]["location"] == name


@pytest.mark.parametrize("method", inventory.methods())
def test_unknown_and_deprecated_parameters_change_nothing(desk: Desk, method: str) -> None:
    plain = ask(Desk(), method)
    assert ask(desk, method, unheard="of", userIp="192.0.2.1").status == plain.status


@pytest.mark.parametrize("method", inventory.methods())
def test_every_method_takes_the_common_parameters(desk: Desk, method: str) -> None:
    for name, value in (("alt", "xml"), ("prettyPrint", "nicely"), ("quotaUser", "x" * 41)):
        refused = ask(desk, method, **{name: value})
        assert (refused.status, refused.reason) == (400, "invalidParameter")
        assert refused.json["error"]["errors"][0]["location"] == name
    assert ask(desk, method, alt="json", prettyPrint="false").status == ask(Desk(), method).status


def test_pretty_print_is_one_blank_deep_and_can_be_switched_off(desk: Desk) -> None:
    assert desk.api("GET", "colors").response.body.startswith(b'{\n "kind"')
    assert b"\n" not in desk.api("GET", "colors", prettyPrint="false").response.body.strip()


def test_a_key_opens_what_is_public_and_a_token_may_stand_in_the_query(desk: Desk) -> None:
    desk.api("POST", "calendars/primary/acl", {"scope": {"type": "default"}, "role": "reader"})
    events = f"/calendar/v3/calendars/{ALICE}/events"
    assert desk.send("GET", events).status == 401
    assert desk.send("GET", events, key="any").status == 200
    assert desk.send("GET", "/calendar/v3/users/me/calendarList", key="any").status == 401
    assert desk.send("GET", "/calendar/v3/users/me/calendarList", oauth_token=desk.token()).status == 200


def test_quota_user_names_whom_to_charge(desk: Desk) -> None:
    desk.control("quota", {"per_minute_per_user": 1})
    assert [desk.events(quotaUser=name).status for name in ("a", "b", "a")] == [200, 200, 403]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [("nonsense", "nonsense"), ("items(id,foo)", "foo"), ("items/start/moment", "moment"), ("etag,x/y", "x")],
)
def test_fields_that_an_answer_does_not_have_are_refused_before_anything_is_done(
    desk: Desk, fields: str, wrong: str
) -> None:
    answer = desk.events(fields=fields)
    assert (answer.status, answer.reason) == (400, "invalidParameter")
    assert answer.message == f"Invalid field selection {wrong}"
    body = {"start": {"date": "2026-11-23"}, "end": {"date": "2026-11-24"}}
    assert desk.api("POST", "calendars/primary/events", body, fields="foo").status == 400
    assert desk.events().json["items"] == []


@pytest.mark.parametrize(
    "fields",
    [
        "*",
        "items/*",
        "items(id,start/dateTime)",
        "items/extendedProperties/private/anything",
        "nextSyncToken",
    ],
)
def test_fields_that_there_are_may_be_absent(desk: Desk, fields: str) -> None:
    assert desk.events(fields=fields).status == 200
