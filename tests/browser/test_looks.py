"""How times and calendars look: as the reader's country writes them, and so that they can be told apart."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visit import Visit, hours, this_month, visiting
from tests.contract.web.site import Site

DOTS = """dots => dots.map((dot) => [dot.parentElement.textContent.trim(), getComputedStyle(dot).backgroundColor])"""
ITS_OWN = "rgb(73, 134, 231)"


@pytest.mark.parametrize(("locale", "begin", "end"), [("en-US", "7:15", "6:00"), ("en-GB", "07:15", "18:00")])
def test_every_view_writes_times_as_the_country_does(
    browser: Browser, quiet_site: Site, locale: str, begin: str, end: str
) -> None:
    with visiting(browser, quiet_site, locale=locale) as visit:
        visit.insert("Tea", *hours(this_month(10), "07:15", "08:00"))
        visit.insert("Supper", *hours(this_month(10), "18:00", "19:00"))
        visit.open_calendar(f"/?view=month&date={this_month(10)}")
        for view in ("Month", "Week", "Day", "List"):
            visit.page.get_by_role("tab", name=view).click()
            for title, time in (("Tea", begin), ("Supper", end)):
                shown = visit.page.locator("#calendar").get_by_role("button").filter(has_text=title)
                expect(shown).to_be_visible()
                assert shown.inner_text().startswith(time), view


def test_calendars_that_google_colours_alike_are_told_apart(visit: Visit) -> None:
    for name in ("Garden", "House"):
        visit.google.post("/calendars", json={"summary": name}).raise_for_status()
    calendars = visit.google.get("/users/me/calendarList").json()["items"]
    assert len(calendars) >= 4
    for calendar in calendars:
        path = f"/users/me/calendarList/{calendar['id']}"
        visit.google.patch(path, json={"colorId": "16"}).raise_for_status()
    visit.sign_in("/healthz")
    visit.mirror_all()
    visit.open("/calendars")
    expect(visit.page.get_by_text("Up to date.")).to_have_count(len(calendars))
    picked = visit.page.locator(".calendar .dot").evaluate_all(DOTS)
    visit.open("/")
    expect(visit.page.locator("#shown-calendars .dot")).to_have_count(len(calendars))
    shown = visit.page.locator("#shown-calendars .dot").evaluate_all(DOTS)
    colours = [colour for _, colour in shown]
    assert len(set(colours)) == len(calendars)
    assert colours[0] == ITS_OWN
    assert [colour for _, colour in picked] == colours
