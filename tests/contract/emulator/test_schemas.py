"""The checks that every answer goes through see what is wrong."""

import contextlib
from typing import Any

import pytest
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.checked import checked, checked_google
from tests.contract.emulator.schemas import (
    FORMATS,
    SCHEMAS,
    TYPES,
    complaints,
    wrong_in_answer,
    wrong_in_error,
)

FAULT = {"error": {"code": 404, "message": "Not Found", "errors": []}}


@pytest.mark.parametrize(
    ("value", "schema", "complaint"),
    [
        ({"kind": 1}, "Event", "answer.kind is 1, not a string"),
        ({"birthday": "x"}, "Event", "answer has the unknown property 'birthday'"),
        ({"updated": "yesterday"}, "Event", "answer.updated is 'yesterday', not a date-time"),
        ({"sequence": True}, "Event", "answer.sequence is True, not a integer"),
        ({"expiration": 1}, "Channel", "answer.expiration is 1, not a string"),
        ({"items": [{"start": {"date": "2026-1-1"}}]}, "Events", "answer.items[0].start.date is '2026-1-1', not a date"),
        ({"calendars": {"a": {"busy": [{"start": None}]}}}, "FreeBusyResponse",
         "answer.calendars.a.busy[0].start is None, not a string"),
    ],
)  # fmt: skip
def test_a_value_that_breaks_its_schema_is_named(value: Any, schema: str, complaint: str) -> None:
    assert list(complaints(value, {"$ref": schema})) == [complaint]


def test_every_type_and_format_of_the_schemas_is_known() -> None:
    found = list(described(SCHEMAS))
    assert {each["type"] for each in found} - set(TYPES) <= {"any"}
    assert {each.get("format") for each in found} - set(FORMATS) <= {None, "int32"}


def described(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("type"), str):
            yield value
        for inner in value.values():
            yield from described(inner)


def test_an_answer_of_the_wrong_kind_is_named() -> None:
    method = "calendar.events.get"
    assert list(wrong_in_answer(method, {})) == [f"{method}.kind is None, not 'calendar#event'"]
    assert list(wrong_in_answer(method, {}, is_partial=True)) == []
    assert list(wrong_in_answer("calendar.events.delete", {})) == [
        "calendar.events.delete answers nothing, not {}"
    ]


@pytest.mark.parametrize(
    ("status", "body", "complaint"),
    [
        (410, FAULT, "error.code is 404, not the 410 of its answer"),
        (404, {"error": "gone"}, "error is 'gone', not a object"),
        (404, {"error": {"code": 404}}, "the error lacks ['errors', 'message']"),
        (404, None, "the body of a 404 is None, not an error"),
    ],
)
def test_a_refusal_that_clients_could_not_read_is_named(status: int, body: Any, complaint: str) -> None:
    assert complaint in list(wrong_in_error(status, body))


def ask(google: RunningGoogle) -> None:
    with AuthorizedSession(Credentials(google.tokens("alice@example.com")["access_token"])) as session:
        session.get(f"{google.url}/calendar/v3/users/me/calendarList")


def test_one_wrong_answer_to_a_client_fails_its_test() -> None:
    damage = {"method": "calendarList.list", "action": 'mutate:{"items": {"selected": "yes"}}'}
    run = contextlib.ExitStack()
    google = run.enter_context(checked_google())
    google.control("faults", {"faults": [damage]})
    ask(google)
    with pytest.raises(AssertionError, match="selected is 'yes', not a boolean"):
        run.close()


def test_answers_are_counted_by_method_and_status(local_google: RunningGoogle) -> None:
    ask(local_google)
    assert checked(local_google).checked == {"calendarList.list 200": 1}
