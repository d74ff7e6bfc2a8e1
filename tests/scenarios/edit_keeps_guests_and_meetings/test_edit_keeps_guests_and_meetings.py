"""An edit that does not speak of guests or of a meeting leaves them as they are, whichever form it has."""

import pytest

from calferry.sync.edit import EditRefused
from tests.scenarios.stage import Json, Stage, event_of, staged

GUESTS = [
    {"email": "bob@example.com", "responseStatus": "accepted", "comment": "with pleasure"},
    {"email": "carol@example.com", "responseStatus": "declined"},
]
MEETING = {
    "conferenceId": "abc-defg-hij",
    "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
    "entryPoints": [{"entryPointType": "video", "uri": "https://meet.google.com/abc-defg-hij"}],
}
TIMES = {name: event_of("lunch")[name] for name in ("start", "end")}


async def planted(stage: Stage, **fields: object) -> None:
    stage.plant({"id": "lunch", "attendees": GUESTS, "location": "Canteen", **fields})
    await stage.done()


def answers(event: Json) -> dict[str, str]:
    return {guest["email"]: guest["responseStatus"] for guest in event["attendees"]}


@staged()
async def test_replacement_without_guests_keeps_them(stage: Stage) -> None:
    await planted(stage)
    assert await stage.edited("update", "lunch", {"summary": "Brunch", **TIMES}) == "done"
    event = stage.at_google("lunch")
    assert (event["summary"], "location" in event) == ("Brunch", False)
    assert answers(event) == {"bob@example.com": "accepted", "carol@example.com": "declined"}


@staged()
async def test_guests_named_again_keep_their_answers_and_one_more_is_invited(stage: Stage) -> None:
    await planted(stage)
    named = [{"email": "carol@example.com"}, {"email": "bob@example.com"}, {"email": "dave@example.com"}]
    assert await stage.edited("patch", "lunch", {"attendees": named}) == "done"
    event = stage.at_google("lunch")
    assert answers(event) == {
        "bob@example.com": "accepted",
        "carol@example.com": "declined",
        "dave@example.com": "needsAction",
    }
    assert [guest.get("comment") for guest in event["attendees"] if guest["email"] == "bob@example.com"] == [
        "with pleasure"
    ]


@staged()
async def test_guests_go_only_when_the_list_says_so(stage: Stage) -> None:
    await planted(stage)
    assert await stage.edited("update", "lunch", {"summary": "Lunch", **TIMES, "attendees": []}) == "done"
    assert "attendees" not in stage.at_google("lunch")


@staged()
async def test_guests_of_whom_only_some_are_known_cannot_be_replaced(stage: Stage) -> None:
    await planted(stage, attendeesOmitted=True)
    with pytest.raises(EditRefused) as refused:
        await stage.edit("patch", "lunch", {"attendees": GUESTS[:1]})
    assert (refused.value.status, refused.value.code) == (403, "attendees_omitted")
    assert await stage.edited("patch", "lunch", {"summary": "Brunch"}) == "done"
    assert len(stage.at_google("lunch")["attendees"]) == 2


@pytest.mark.parametrize("kind", ["patch", "update"])
def test_meeting_stays_and_google_is_told_that_we_know_of_meetings(kind: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        await planted(stage, conferenceData=MEETING)
        stage.written()
        assert await stage.edited(kind, "lunch", {"summary": "Brunch", **TIMES}) == "done"
        event = stage.at_google("lunch")
        assert event["conferenceData"]["entryPoints"] == MEETING["entryPoints"]
        (request,) = stage.written()
        assert (request["method"], request["query"]["conferenceDataVersion"]) == ("PATCH", "1")

    scenario()


@staged()
async def test_meeting_is_made_with_a_new_event(stage: Stage) -> None:
    await stage.done()
    wanted = {"createRequest": {"requestId": "one", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    assert await stage.edited("insert", None, {"id": "lunch", "conferenceData": wanted}) == "done"
    assert stage.at_google("lunch")["conferenceData"]["entryPoints"]
