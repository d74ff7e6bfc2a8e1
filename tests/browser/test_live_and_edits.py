"""What happens at Google is seen without a reload, and what is done in the page happens at Google."""

import pytest
from playwright.sync_api import Browser, expect

from calferry.emulator.server import RunningGoogle
from tests.browser.visit import ALICE, Visit, hours, this_month, visiting
from tests.contract.emulator.clients import python_client
from tests.contract.web.site import Site
from tests.waiting import until


def test_an_event_made_moved_and_deleted_at_google_is_seen_without_a_reload(
    visit: Visit, google: RunningGoogle
) -> None:
    visit.open_calendar()
    visit.page.evaluate("window.sameDocument = true")
    start, end = hours(this_month(10), "10:00", "11:00")
    with python_client(google) as client:
        events = client.events()
        made = events.insert(calendarId="primary", body={"summary": "Tea", "start": start, "end": end})
        event_id = made.execute()["id"]
        expect(visit.day(this_month(10)).get_by_text("Tea")).to_be_visible()
        start, end = hours(this_month(12), "10:00", "11:00")
        moved = events.patch(calendarId="primary", eventId=event_id, body={"start": start, "end": end})
        moved.execute()
        expect(visit.day(this_month(12)).get_by_text("Tea")).to_be_visible()
        events.delete(calendarId="primary", eventId=event_id).execute()
        expect(visit.event("Tea")).to_have_count(0)
    assert visit.page.evaluate("window.sameDocument") is True


def test_a_drag_to_another_day_is_written_to_google_and_can_be_undone(visit: Visit) -> None:
    event = visit.insert(
        "Tea", *hours(this_month(10), "10:00", "11:00"), attendees=[{"email": "bob@example.com"}]
    )
    visit.open_calendar()
    visit.drag(visit.event("Tea"), visit.day(this_month(12)))
    expect(visit.page.get_by_text("Moved “Tea”")).to_be_visible()
    there = visit.at_google(event["id"])
    assert there["start"]["dateTime"].startswith(f"{this_month(12)}T10:00")
    assert there["attendees"][0]["email"] == "bob@example.com"
    visit.page.get_by_role("button", name="Undo").click()
    expect(visit.page.get_by_text("Put “Tea” back")).to_be_visible()
    assert visit.at_google(event["id"])["start"] == event["start"]
    expect(visit.day(this_month(10)).get_by_text("Tea")).to_be_visible()


def test_an_end_that_is_dragged_down_makes_it_longer_at_google(visit: Visit) -> None:
    event = visit.insert("Tea", *hours(this_month(10), "10:00", "11:00"))
    visit.open_calendar(f"/?view=day&date={this_month(10)}")
    tea = visit.event("Tea")
    tea.hover()
    box = tea.bounding_box()
    assert box is not None
    bottom = box["y"] + box["height"]
    visit.page.mouse.move(box["x"] + 60, bottom - 2)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 60, bottom + box["height"] - 2, steps=5)
    visit.page.mouse.up()
    expect(visit.page.get_by_text("Moved “Tea”")).to_be_visible()
    there = visit.at_google(event["id"])
    assert (there["start"], there["end"]["dateTime"][11:16]) == (event["start"], "12:00")


@pytest.mark.parametrize(("decision", "kept"), [("Use mine", "12"), ("Keep theirs", "14")])
def test_a_conflict_is_shown_undone_and_decided(
    browser: Browser, quiet_site: Site, decision: str, kept: str
) -> None:
    with visiting(browser, quiet_site) as visit:
        event = visit.insert("Tea", *hours(this_month(10), "10:00", "11:00"))
        visit.open_calendar()
        start, end = hours(this_month(14), "10:00", "11:00")
        visit.google.patch(f"/calendars/primary/events/{event['id']}", json={"start": start, "end": end})
        visit.drag(visit.event("Tea"), visit.day(this_month(12)))
        conflict = visit.page.get_by_role("alert").filter(has_text="Conflict")
        expect(conflict).to_contain_text("Your change was undone")
        expect(visit.day(this_month(10)).get_by_text("Tea")).to_be_visible()
        expect(visit.page.get_by_role("link", name="Conflicts 1")).to_be_visible()
        conflict.get_by_role("button", name=decision).click()
        expect(conflict).to_have_count(0)
        until(lambda: f"-{kept}T10:00" in visit.at_google(event["id"])["start"]["dateTime"])
        visit.open("/conflicts")
        expect(visit.page.get_by_text("There is nothing to decide.")).to_be_visible()


SCOPES = [
    ("This occurrence", ["Standing", "Tea", "Standing", "Standing"]),
    ("This and the following ones", ["Standing", "Tea", "Tea", "Tea"]),
    ("All occurrences", ["Tea", "Tea", "Tea", "Tea"]),
]


@pytest.mark.parametrize(("scope", "titles"), SCOPES)
def test_an_edit_of_a_series_goes_as_far_as_is_chosen(visit: Visit, scope: str, titles: list[str]) -> None:
    start, end = hours(this_month(10), "09:00", "10:00")
    visit.insert("Standing", start, end, recurrence=["RRULE:FREQ=DAILY;COUNT=4"])
    visit.open_calendar(f"/?view=week&date={this_month(10)}")
    visit.open(f"/?view=day&date={this_month(11)}")
    visit.event("Standing").click()
    visit.page.get_by_label("Title").fill("Tea")
    visit.page.get_by_role("radio", name=scope).check()
    visit.page.get_by_role("button", name="Save").click()
    expect(visit.page.get_by_text("Saved “Standing”")).to_be_visible()
    expect(visit.event("Tea")).to_be_visible()
    query = {"singleEvents": True, "orderBy": "startTime", "timeMin": f"{this_month(10)}T00:00:00Z"}
    listed = visit.google.get("/calendars/primary/events", params=query).json()["items"]
    assert [event["summary"] for event in listed if event["summary"] in ("Standing", "Tea")] == titles


def test_a_dragged_occurrence_asks_how_far_it_goes(visit: Visit) -> None:
    start, end = hours(this_month(10), "09:00", "10:00")
    visit.insert("Standing", start, end, recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    visit.open_calendar()
    visit.drag(visit.day(this_month(11)).get_by_role("button"), visit.day(this_month(14)))
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel").click()
    expect(visit.day(this_month(11)).get_by_text("Standing")).to_be_visible()
    visit.drag(visit.day(this_month(11)).get_by_role("button"), visit.day(this_month(14)))
    dialog.get_by_role("button", name="Move").click()
    expect(visit.page.get_by_text("Moved “Standing”")).to_be_visible()
    expect(visit.day(this_month(14)).get_by_text("Standing")).to_be_visible()
    expect(visit.day(this_month(10)).get_by_text("Standing")).to_be_visible()


def test_a_revoked_grant_leads_to_the_banner_and_back(visit: Visit) -> None:
    visit.open_calendar("/")
    page = visit.page
    visit.site.google.control("revoke", {"email": ALICE})
    page.get_by_role("link", name="Sync").click()
    page.get_by_role("button", name="Sync all now").click()
    expect(page.get_by_text("Not syncing: Google no longer accepts").first).to_be_visible()
    page.get_by_role("region", name="Notices").get_by_role("link", name="Reconnect").click()
    expect(page.get_by_role("link", name="Reconnect")).to_have_count(0)
    expect(page.get_by_text("Up to date.")).to_have_count(2)
