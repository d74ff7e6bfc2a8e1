"""Parameters of a query that nobody knows."""

import pytest

from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site, sync


@ON_SHARED_SITE
@pytest.mark.parametrize("name", ["calendarIds", "time_min", "max_results", "single_events"])
def test_an_unknown_parameter_is_named_beside_those_known(site: Site, alice: Person, name: str) -> None:
    refused = alice.http.get("/calendar/events", params={name: "of-the-caller"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    detail = refused.json()["detail"]
    assert name in detail
    assert all(known in detail for known in ("calendar_ids", "timeMin", "timeMax", "maxResults", "pageToken"))
    assert "of-the-caller" not in detail


@ON_SHARED_SITE
@pytest.mark.parametrize("path", ["calendars", "accounts", "sync-status"])
def test_where_none_is_taken_that_is_said(site: Site, alice: Person, path: str) -> None:
    refused = alice.http.get(f"/calendar/{path}?selected=true")
    assert (refused.status_code, "takes none" in refused.json()["detail"]) == (400, True)


def test_an_unknown_parameter_costs_no_sync(site: Site, alice: Person) -> None:
    refused = alice.http.get("/calendar/sync", params={"calendarIds": alice.calendar_id})
    assert refused.status_code == 400
    assert "calendarIds" in refused.json()["detail"]
    assert "calendar_ids" in refused.json()["detail"]
    assert sync(alice.http, alice.calendar_id).status == 200


@ON_SHARED_SITE
def test_who_is_not_signed_in_learns_that_first(site: Site) -> None:
    assert site.client().get("/calendar/events?nonsense=1").status_code == 401


@ON_SHARED_SITE
def test_a_strange_name_is_not_repeated(site: Site, alice: Person) -> None:
    refused = alice.http.get("/calendar/events", params={"<script>": "1"})
    assert (refused.status_code, "script" in refused.text) == (400, False)


@ON_SHARED_SITE
def test_the_webhook_answers_200_whatever_its_query_says(site: Site) -> None:
    assert site.client().post("/calendar/webhook?nonsense=1").status_code == 200


def test_the_id_of_the_last_frame_may_come_in_the_query(site: Site, alice: Person) -> None:
    last = sync(alice.http, alice.calendar_id).frames[-1].id
    query = {"calendar_ids": alice.calendar_id, "lastEventId": last or ""}
    assert alice.http.get("/calendar/sync", params=query).status_code == 204
