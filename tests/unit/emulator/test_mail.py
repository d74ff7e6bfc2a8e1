"""Who would have got a mail: what sendUpdates and sendNotifications do."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Desk, timed

ADA = "ada@example.org"


def mails(desk: Desk) -> list[tuple[str, str]]:
    """Kind and address of every mail since the last question."""
    found = [(mail["kind"], mail["to"]) for mail in desk.control("mails")["mails"]]
    desk.google.world.post.mails.clear()
    return found


def insert(desk: Desk, **query: Any) -> str:
    body = {**timed(), "attendees": [{"email": email} for email in (ALICE, BOB, ADA)]}
    return str(desk.api("POST", "calendars/primary/events", body, **query).json["id"])


BOTH = [("invitation", BOB), ("invitation", ADA)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, []),
        ({"sendUpdates": "none"}, []),
        ({"sendUpdates": "all"}, BOTH),
        ({"sendUpdates": "externalOnly"}, [("invitation", ADA)]),
        ({"sendNotifications": "true"}, BOTH),
        ({"sendNotifications": "true", "sendUpdates": "none"}, []),
    ],
)
def test_an_invitation_is_mailed_as_the_request_says(desk: Desk, query: Any, expected: Any) -> None:
    insert(desk, **query)
    assert mails(desk) == expected


def test_changes_and_ends_are_mailed(desk: Desk) -> None:
    made = insert(desk)
    desk.change(
        "PATCH", made, {"attendees": [{"email": ADA}, {"email": "new@example.com"}]}, sendUpdates="all"
    )
    assert mails(desk) == [("update", ADA), ("invitation", "new@example.com"), ("cancellation", BOB)]
    desk.change("PUT", made, {**timed(), "attendees": [{"email": ADA}]}, sendUpdates="externalOnly")
    assert mails(desk) == [("update", ADA)]
    desk.change("DELETE", made)
    assert mails(desk) == []
    other = insert(desk)
    desk.change("DELETE", other, sendUpdates="all")
    assert mails(desk) == [("cancellation", BOB), ("cancellation", ADA)]


def test_an_answer_is_mailed_to_the_organizer(desk: Desk) -> None:
    made = insert(desk)
    body = {"attendeesOmitted": True, "attendees": [{"email": BOB, "responseStatus": "accepted"}]}
    answer = desk.api("PATCH", f"calendars/primary/events/{made}", body, BOB, sendUpdates="all")
    assert (answer.status, mails(desk)) == (200, [("response", ALICE)])


def test_moving_is_mailed_and_importing_is_not(desk: Desk) -> None:
    made = insert(desk)
    team = "alice-team@group.calendar.google.com"
    desk.api("POST", f"calendars/primary/events/{made}/move", destination=team, sendUpdates="all")
    assert {address for _, address in mails(desk)} == {BOB, ADA}
    body = {**timed(), "iCalUID": "x@y", "attendees": [{"email": BOB}]}
    desk.api("POST", "calendars/primary/events/import", body, sendUpdates="all")
    assert mails(desk) == []


def test_sharing_is_mailed_unless_it_shall_not_be(desk: Desk) -> None:
    rule = {"scope": {"type": "user", "value": BOB}, "role": "reader"}
    path = "calendars/primary/acl"
    desk.api("POST", path, rule)
    assert mails(desk) == [("sharing", BOB)]
    desk.api("PATCH", f"{path}/user:{BOB}", {"role": "writer"})
    desk.api("PUT", f"{path}/user:{BOB}", rule, sendNotifications="false")
    assert mails(desk) == [("sharing", BOB)]
    desk.api("DELETE", f"{path}/user:{BOB}")
    desk.api("POST", path, {"scope": {"type": "default"}, "role": "reader"})
    assert mails(desk) == []
