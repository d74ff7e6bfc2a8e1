"""One event on several calendars: what travels between organizer and guests, and what stays."""

from typing import Any

import pytest

from tests.unit.emulator.desk import ALICE, BOB, Answer, Desk, timed

CAROL = "carol@example.com"
ADA = "ada@example.org"


@pytest.fixture
def desk() -> Desk:
    people = [{"email": email, "time_zone": "Europe/Berlin"} for email in (ALICE, BOB, CAROL)]
    return Desk(({"people": people},))


def invite(desk: Desk, *emails: str, **fields: Any) -> Any:
    return desk.insert(attendees=[{"email": email} for email in emails], **fields)


def of(desk: Desk, email: str, event: str) -> Any:
    return desk.api("GET", f"calendars/{email}/events/{event}", user=email).json


def patch(desk: Desk, email: str, event: str, body: Any) -> Answer:
    return desk.api("PATCH", f"calendars/primary/events/{event}", body, email)


def answers(event: Any) -> dict[str, str]:
    return {guest["email"]: guest["responseStatus"] for guest in event["attendees"]}


def respond(desk: Desk, email: str, event: str, status: str) -> Answer:
    guests = of(desk, email, event)["attendees"]
    changed = [{**guest, "responseStatus": status} if guest.get("self") else guest for guest in guests]
    return patch(desk, email, event, {"attendees": changed})


def test_a_guest_gets_a_copy_under_the_same_names(desk: Desk) -> None:
    made = invite(
        desk, ALICE, BOB, ADA, colorId="3", extendedProperties={"private": {"a": "1"}, "shared": {"b": "2"}}
    )
    copy = of(desk, BOB, made["id"])
    assert [copy[key] == made[key] for key in ("id", "iCalUID", "summary", "start", "sequence")] == [True] * 5
    assert copy["organizer"] == {"email": ALICE}
    assert [guest.get("self") for guest in copy["attendees"]] == [None, True, None]
    assert copy["attendees"][0]["organizer"] is True
    assert "colorId" not in copy
    assert copy["extendedProperties"] == {"shared": {"b": "2"}}
    assert copy["htmlLink"] != made["htmlLink"]


def test_the_organizers_edits_reach_every_copy_and_its_watcher(desk: Desk) -> None:
    made = invite(desk, BOB)
    patch(desk, BOB, made["id"], {"colorId": "5", "reminders": {"useDefault": False}})
    _, token = desk.all_events(BOB, user=BOB)
    body = {"id": "channel", "type": "web_hook", "address": "https://example.org/hook"}
    desk.api("POST", "calendars/primary/events/watch", body, BOB)
    desk.google.take_deliveries()
    patch(desk, ALICE, made["id"], {"summary": "New", **timed(start="12:00", end="13:00")})
    delta, _ = desk.all_events(BOB, user=BOB, syncToken=token)
    assert [(item["summary"], item["colorId"], item["sequence"]) for item in delta] == [("Meeting", "5", 1)]
    assert len(desk.google.take_deliveries()) == 1


def test_an_answer_travels_to_the_organizer_and_to_the_other_guests(desk: Desk) -> None:
    made = invite(desk, BOB, CAROL)
    assert respond(desk, BOB, made["id"], "accepted").status == 200
    for email in (ALICE, BOB, CAROL):
        assert answers(of(desk, email, made["id"])) == {BOB: "accepted", CAROL: "needsAction"}
    assert of(desk, ALICE, made["id"])["sequence"] == 0


def test_a_guest_changes_only_what_is_private(desk: Desk) -> None:
    made = invite(desk, BOB)
    refused = patch(desk, BOB, made["id"], {"summary": "Mine"})
    assert (refused.status, refused.reason) == (403, "forbiddenForNonOrganizer")
    private = {"colorId": "4", "transparency": "transparent", "extendedProperties": {"private": {"x": "1"}}}
    assert patch(desk, BOB, made["id"], private).status == 200
    assert "colorId" not in of(desk, ALICE, made["id"])
    assert "extendedProperties" not in of(desk, ALICE, made["id"])


def test_a_guest_who_may_modify_changes_it_for_all(desk: Desk) -> None:
    made = invite(desk, BOB, CAROL, guestsCanModify=True, extendedProperties={"private": {"a": "1"}})
    change = {"summary": "Ours", "location": "Here", "extendedProperties": {"shared": {"b": "2"}}}
    assert patch(desk, BOB, made["id"], change).status == 200
    for email in (ALICE, CAROL):
        assert [of(desk, email, made["id"])[key] for key in ("summary", "location")] == ["Ours", "Here"]
    assert of(desk, ALICE, made["id"])["extendedProperties"] == {"private": {"a": "1"}, "shared": {"b": "2"}}


def test_guests_bring_guests_unless_they_may_not(desk: Desk) -> None:
    for allowed, status in ((True, 200), (False, 403)):
        made = invite(desk, BOB, guestsCanInviteOthers=allowed)
        more = [*of(desk, BOB, made["id"])["attendees"], {"email": CAROL}]
        assert patch(desk, BOB, made["id"], {"attendees": more}).status == status
        invited = desk.api("GET", f"calendars/primary/events/{made['id']}", user=CAROL).status
        assert invited == (200 if allowed else 404)


def test_guests_who_may_not_see_each_other_see_themselves(desk: Desk) -> None:
    made = invite(desk, BOB, CAROL, guestsCanSeeOtherGuests=False)
    copy = of(desk, BOB, made["id"])
    assert (list(answers(copy)), copy["attendeesOmitted"]) == ([BOB], True)
    assert respond(desk, BOB, made["id"], "tentative").status == 200
    assert answers(of(desk, ALICE, made["id"])) == {BOB: "tentative", CAROL: "needsAction"}
    assert list(answers(of(desk, CAROL, made["id"]))) == [CAROL]


def test_throwing_a_copy_away_declines_for_good(desk: Desk) -> None:
    made = invite(desk, BOB)
    assert desk.api("DELETE", f"calendars/primary/events/{made['id']}", user=BOB).status == 204
    assert answers(of(desk, ALICE, made["id"])) == {BOB: "declined"}
    patch(desk, ALICE, made["id"], {"summary": "Still on"})
    assert of(desk, BOB, made["id"])["status"] == "cancelled"


def test_uninviting_and_calling_off_cancel_the_copies(desk: Desk) -> None:
    made = invite(desk, BOB, CAROL)
    patch(desk, ALICE, made["id"], {"attendees": [{"email": CAROL}]})
    assert of(desk, BOB, made["id"])["status"] == "cancelled"
    desk.change("DELETE", made["id"])
    assert of(desk, CAROL, made["id"])["status"] == "cancelled"


def test_series_and_their_instances_are_copied(desk: Desk) -> None:
    made = invite(desk, BOB, recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    second, third = (f"{made['id']}_2026112{day}T090000Z" for day in (4, 5))
    patch(desk, ALICE, second, {"summary": "Odd one"})
    desk.change("DELETE", third)
    items = desk.events("primary", user=BOB, singleEvents="true").json["items"]
    assert sorted(item["summary"] for item in items) == ["Meeting", "Odd one"]
    assert respond(desk, BOB, second, "declined").status == 200
    assert answers(of(desk, ALICE, second)) == {BOB: "declined"}
    assert answers(of(desk, ALICE, made["id"])) == {BOB: "needsAction"}


def test_a_guest_of_one_instance_gets_only_that(desk: Desk) -> None:
    made = desk.insert(recurrence=["RRULE:FREQ=DAILY"])
    patch(desk, ALICE, f"{made['id']}_20261124T090000Z", {"attendees": [{"email": BOB}]})
    items, _ = desk.all_events("primary", user=BOB)
    assert [item["recurringEventId"] for item in items] == [made["id"]]


def test_attendees_omitted_changes_one_answer_only(desk: Desk) -> None:
    made = invite(desk, BOB, CAROL)
    body = {"attendeesOmitted": True, "attendees": [{"email": BOB, "responseStatus": "accepted"}]}
    assert patch(desk, BOB, made["id"], body).status == 200
    assert answers(of(desk, ALICE, made["id"])) == {BOB: "accepted", CAROL: "needsAction"}


def test_events_of_group_calendars_invite_people_too(desk: Desk) -> None:
    group = desk.api("POST", "calendars", {"summary": "Club"}).json["id"]
    made = desk.insert(group, attendees=[{"email": ALICE}])
    copy = of(desk, ALICE, made["id"])
    assert copy["organizer"] == {"email": group, "displayName": "Club"}
    assert copy["creator"] == {"email": ALICE, "self": True}


def test_moving_an_event_tells_its_guests(desk: Desk) -> None:
    group = desk.api("POST", "calendars", {"summary": "Club"}).json["id"]
    made = invite(desk, BOB)
    desk.api("POST", f"calendars/primary/events/{made['id']}/move", destination=group)
    assert of(desk, BOB, made["id"])["organizer"]["email"] == group


def test_clearing_a_calendar_calls_everything_off(desk: Desk) -> None:
    made = invite(desk, BOB)
    assert desk.api("POST", "calendars/primary/clear").status == 204
    assert of(desk, BOB, made["id"])["status"] == "cancelled"


def test_clearing_a_guests_calendar_declines(desk: Desk) -> None:
    made = invite(desk, BOB)
    assert desk.api("POST", "calendars/primary/clear", user=BOB).status == 204
    assert answers(of(desk, ALICE, made["id"])) == {BOB: "declined"}


def test_an_instance_of_a_series_that_a_guest_threw_away_stays_away(desk: Desk) -> None:
    series = invite(desk, BOB, recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"])["id"]
    desk.api("DELETE", f"calendars/primary/events/{series}", user=BOB)
    _, token = desk.all_events(BOB, user=BOB)
    patch(desk, ALICE, f"{series}_20261130T090000Z", {"summary": "moved"})
    assert desk.all_events(BOB, user=BOB, syncToken=token)[0] == []
