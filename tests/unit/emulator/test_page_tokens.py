"""Who may go on with a listing, and from where."""

import pytest

from calferry.emulator.world import page_tokens
from tests.unit.emulator.desk import ALICE, BOB, Desk

RULES = "calendars/primary/acl"


def share(desk: Desk, role: str) -> None:
    rule = {"role": role, "scope": {"type": "user", "value": BOB}}
    assert desk.api("POST", RULES, rule).status == 200


def is_refused(desk: Desk, token: str, user: str = ALICE, **more: object) -> bool:
    answer = desk.events(ALICE, maxResults=1, pageToken=token, user=user, **more)
    return (answer.status, answer.json.get("error", {}).get("message")) == (400, "Invalid page token value.")


def test_nobody_goes_on_with_the_listing_of_somebody_else(desk: Desk) -> None:
    share(desk, "freeBusyReader")
    for _ in range(2):
        desk.insert(visibility="private")
    token = desk.events(ALICE, maxResults=1).json["nextPageToken"]
    assert is_refused(desk, token, BOB)
    assert not is_refused(desk, token)


def test_a_listing_ends_for_whoever_has_lost_the_role_that_it_was_begun_in(desk: Desk) -> None:
    share(desk, "reader")
    for _ in range(2):
        desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    token = desk.events(ALICE, maxResults=1, user=BOB).json["nextPageToken"]
    share(desk, "freeBusyReader")
    assert is_refused(desk, token, BOB)


def test_pages_of_instances_belong_to_whoever_asked_first(desk: Desk) -> None:
    share(desk, "reader")
    series = desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=3"])["id"]
    path = f"calendars/{ALICE}/events/{series}/instances"
    token = desk.api("GET", path, maxResults=1).json["nextPageToken"]
    assert desk.api("GET", path, user=BOB, maxResults=1, pageToken=token).status == 400
    assert desk.api("GET", path, maxResults=1, pageToken=token).status == 200


@pytest.mark.parametrize("offset", [-3, -1, 1, 6, 10**30])
def test_a_token_for_a_place_where_no_page_begins_is_refused(desk: Desk, offset: int) -> None:
    for _ in range(5):
        desk.insert()
    assert "nextPageToken" in desk.events(maxResults=2).json
    answer = desk.events(maxResults=2, pageToken=page_tokens.encode(1, offset))
    assert (answer.status, answer.message) == (400, "Invalid page token value.")
    assert desk.events(maxResults=2, pageToken=page_tokens.encode(1, 2)).status == 200


def test_a_current_etag_excuses_no_bad_page_token_and_skips_no_page(desk: Desk) -> None:
    for _ in range(2):
        desk.insert()
    first = desk.events(ALICE, maxResults=1).json
    current = {"If-None-Match": first["etag"]}
    assert desk.events(ALICE, maxResults=1, headers=current).status == 304
    assert is_refused(desk, "garbage", headers=current)
    second = desk.events(ALICE, maxResults=1, pageToken=first["nextPageToken"], headers=current)
    assert (second.status, len(second.json["items"])) == (200, 1)
