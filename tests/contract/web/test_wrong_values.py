"""What a refused value is told: the field and what it has to be, in plain words."""

from typing import Any

import pytest

from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site

pytestmark = ON_SHARED_SITE
FRAMEWORK = ("Input", "input should", "value error", "valid ", "dictionary", "unable to", "String", "string")


def said(answer: Any) -> str:
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.text
    detail: str = answer.json()["detail"]
    assert not [word for word in FRAMEWORK if word in detail], detail
    return detail


@pytest.mark.parametrize("field", ["paused", "selected"])
@pytest.mark.parametrize("value", ["true", "yes", "off", 1, 0, 1.0, 2, [], {}])
def test_a_switch_is_true_or_false_and_nothing_like_it(
    site: Site, alice: Person, field: str, value: object
) -> None:
    path = f"/calendar/calendars/{alice.calendar_id}"
    before = alice.http.get("/calendar/calendars").json()
    refused = said(alice.http.patch(path, json={field: value}))
    assert refused == f"The body field {field} is not usable: it has to be true or false, without quotes."
    assert alice.http.get("/calendar/calendars").json() == before


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "The body is not usable: it has to name what to change: selected or paused or mode."),
        ([], "The body is not usable: it has to be an object."),
        ("paused", "The body is not usable: it has to be an object."),
        (None, "The body is missing."),
        ({"mode": 5}, "The body field mode is not usable: it has to be 'series' or 'instances'."),
    ],
)
def test_an_unusable_body_is_told_what_it_has_to_be(
    site: Site, alice: Person, body: object, words: str
) -> None:
    assert said(alice.http.patch(f"/calendar/calendars/{alice.calendar_id}", json=body)) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "field name is missing."),
        ({"name": 5}, "it has to be text."),
        ({"name": " "}, "it is blank or too short."),
        ({"name": "x" * 101}, "it may be 100 characters long at most."),
        ({"name": "a\x00b"}, "it holds characters that may not stand there."),
    ],
)
def test_an_unusable_name_is_told_what_it_has_to_be(
    site: Site, alice: Person, body: object, words: str
) -> None:
    assert said(alice.http.post("/auth/tokens", json=body)).endswith(words)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("showDeleted=perhaps", "it has to be true or false."),
        ("maxResults=many", "it has to be a whole number."),
        ("maxResults=1.5", "it has to be a whole number."),
        ("maxResults=0", "it has to be 1 at least."),
        (f"q={'x' * 257}", "it may be 256 characters long at most."),
        ("orderBy=updated", "it has to be 'startTime'."),
    ],
)
def test_an_unusable_parameter_is_told_what_it_has_to_be(
    site: Site, alice: Person, query: str, words: str
) -> None:
    detail = said(alice.http.get(f"/calendar/events?{query}"))
    assert detail.startswith(f"The query field {query.partition('=')[0]} ")
    assert detail.endswith(words)
