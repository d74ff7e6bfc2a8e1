"""The page in the hands of different people: by keyboard, in two zones, by phone, with hostile titles, in a hurry."""

import contextlib
import re
from datetime import datetime

import pytest
from playwright.sync_api import Browser, CDPSession, Request, Response, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.screenshots import prepared
from tests.browser.visit import PHONE, Visit, hours, this_month, visiting
from tests.contract.web.site import Site

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{7*7}}${7*7}",
    "</title><b>bold</b>",
]
MEASURED_LATE = """
window.ResizeObserver = class extends ResizeObserver {
  constructor(told) { super((...sizes) => setTimeout(() => told(...sizes), 50)); }
};
"""
PAGE_WEIGHT_MAX = 250_000
MANY = 500
PAINT = """async () => {
  const shown = () => document.querySelectorAll("#calendar [role=gridcell] [role=button]").length;
  const frame = () => new Promise(requestAnimationFrame);
  const month = document.querySelector("#calendar [role=tab]");
  month.click();
  while (shown() < 80) await frame();
  await frame();
}"""
PAINTED = """() => {
  const count = (selector) => document.querySelectorAll(`#calendar ${selector}`).length;
  return [count("[role=gridcell] [role=button]"), count("*")];
}"""
PAINTED_MIN = 80
ELEMENTS_PER_EVENT_MAX = 20


def paint(visit: Visit) -> float:
    """What the first month of a fresh page costs, fetched and painted: time of the processor, not of the clock."""
    visit.open(f"/?view=day&date={this_month(28)}")
    visit.page.get_by_text("Live", exact=True).wait_for()
    meter = visit.page.context.new_cdp_session(visit.page)
    meter.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    meter.send("Performance.enable")
    before = spent_ms(meter)
    visit.page.evaluate(PAINT)
    return spent_ms(meter) - before


def spent_ms(meter: CDPSession) -> float:
    metrics = meter.send("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def press(visit: Visit, *keys: str) -> None:
    for key in keys:
        visit.page.keyboard.press(key)


def tab_to(visit: Visit, name: str) -> None:
    """Tab until what has the focus is called so."""
    target = visit.page.get_by_role("button", name=name).first
    for _ in range(80):
        if target.evaluate("element => element === document.activeElement"):
            return
        press(visit, "Tab")
    raise AssertionError(f"no way by Tab to {name}")


def open_by_key(visit: Visit, name: str) -> None:
    """As a person does it, once more where the event was drawn anew under the key."""
    dialog = visit.page.get_by_role("dialog")
    for _ in range(5):
        tab_to(visit, name)
        press(visit, "Enter")
        with contextlib.suppress(PlaywrightTimeout):
            dialog.wait_for(state="visible", timeout=3000)
            return
    raise AssertionError(f"{name} does not open")


def test_an_event_is_made_moved_and_deleted_by_keyboard_alone(visit: Visit) -> None:
    visit.open_calendar(f"/?view=day&date={this_month(10)}")
    tab_to(visit, "New event")
    press(visit, "Enter")
    visit.page.keyboard.type("Tea")
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_label("Start", exact=True).evaluate(f"field => (field.value = '{this_month(10)}T10:00')")
    dialog.get_by_label("End", exact=True).evaluate(f"field => (field.value = '{this_month(10)}T11:00')")
    press(visit, "Enter")
    expect(visit.event("Tea")).to_be_visible()
    open_by_key(visit, "Tea")
    expect(dialog.get_by_label("Title")).to_be_focused()
    press(visit, "Tab", "Space")
    expect(dialog.get_by_label("All day")).to_be_checked()
    press(visit, "Enter")
    expect(visit.page.get_by_text("Saved “Tea”")).to_be_visible()
    (event,) = visit.google.get("/calendars/primary/events", params={"q": "Tea"}).json()["items"]
    assert (event["start"], event["end"]["date"]) == ({"date": this_month(10)}, this_month(11))
    open_by_key(visit, "Tea")
    tab_to(visit, "Delete")
    press(visit, "Enter", "Enter")
    expect(visit.event("Tea")).to_have_count(0)
    assert visit.at_google(event["id"])["status"] == "cancelled"


def test_a_page_that_is_loaded_again_shows_the_same_place(visit: Visit) -> None:
    visit.open_calendar("/?view=month")
    expect(visit.page).to_have_url(re.compile(r"date=\d{4}-\d\d-\d\d$"))
    visit.page.get_by_role("button", name="Next").click()
    shown = visit.page.get_by_role("heading", name=re.compile(r" \d{4}$")).inner_text()
    visit.page.reload()
    expect(visit.page.get_by_role("heading", name=shown)).to_be_visible()


def test_an_event_keeps_the_focus_when_it_is_drawn_anew(visit: Visit) -> None:
    """It is hidden until it has been measured, and cannot be given the focus so long."""
    visit.page.add_init_script(MEASURED_LATE)
    at = {"start": {"date": this_month(10)}, "end": {"date": this_month(11)}}
    made = visit.google.post("/calendars/primary/events", json={"summary": "Tea", **at}).json()
    visit.open_calendar(f"/?view=day&date={this_month(10)}")
    visit.event("Tea").focus()
    visit.google.patch(f"/calendars/primary/events/{made['id']}", json={"summary": "Late tea"})
    expect(visit.event("Late tea")).to_be_focused()


def test_times_are_those_of_the_zone_that_is_chosen(visit: Visit) -> None:
    event = visit.insert("Tea", *hours(this_month(10), "16:00", "17:00", "America/New_York"))
    visit.open_calendar(f"/?view=day&date={this_month(10)}")
    assert "22:00–23:00" in visit.event("Tea").inner_text()
    visit.event("Tea").click()
    dialog = visit.page.get_by_role("dialog")
    expect(dialog.get_by_label("Start", exact=True)).to_have_value(f"{this_month(10)}T16:00")
    expect(dialog.get_by_label("Time zone")).to_have_value("America/New_York")
    expect(dialog).to_contain_text("in Europe/Zurich")
    dialog.get_by_label("Start", exact=True).fill(f"{this_month(10)}T15:00")
    expect(dialog.get_by_label("End", exact=True)).to_have_value(f"{this_month(10)}T16:00")
    dialog.get_by_role("button", name="Save").click()
    expect(visit.event("Tea")).to_contain_text("21:00–22:00")
    there = visit.at_google(event["id"])["start"]
    assert (datetime.fromisoformat(there["dateTime"]), there["timeZone"]) == (
        datetime.fromisoformat(f"{this_month(10)}T15:00:00-05:00"),
        "America/New_York",
    )


def test_the_reader_may_look_at_the_clocks_of_a_calendar(browser: Browser) -> None:
    with prepared(browser, {}) as visit:
        visit.sign_in("/healthz")
        visit.mirror_all()
        visit.open("/?view=week")
        expect(visit.event("Sync with NY").first).to_contain_text("16:00–16:45")
        visit.page.get_by_label("Times in").select_option("America/New_York")
        expect(visit.event("Sync with NY").first).to_contain_text("10:00–10:45")
        visit.event("Sync with NY").first.click()
        dialog = visit.page.get_by_role("dialog")
        expect(dialog).to_contain_text("not change it")
        expect(dialog.get_by_label("Title")).to_be_disabled()
        expect(dialog.get_by_role("button", name="Save")).to_be_hidden()


def test_a_phone_shows_a_list_in_which_events_are_edited(browser: Browser, site: Site) -> None:
    with visiting(browser, site, viewport=PHONE, is_mobile=True, has_touch=True) as visit:
        event = visit.insert("Tea", *hours(this_month(10), "10:00", "11:00"))
        visit.open_calendar(f"/?date={this_month(10)}")
        expect(visit.page.get_by_role("tab", name="List")).to_have_attribute("aria-selected", "true")
        visit.page.locator("#calendar").get_by_text("Tea").tap()
        visit.page.get_by_label("Place").fill("Garden")
        visit.page.get_by_role("button", name="Save").tap()
        expect(visit.page.get_by_text("Saved “Tea”")).to_be_visible()
        assert visit.at_google(event["id"])["location"] == "Garden"


def test_titles_are_text_wherever_they_are_shown(visit: Visit) -> None:
    dialogs: list[str] = []
    visit.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    for number, title in enumerate(HOSTILE):
        start, end = hours(this_month(10), f"{8 + number * 2:02}:00", f"{9 + number * 2:02}:00")
        visit.insert(title, start, end, description=title, location=title)
    for view in ("month", "week", "list"):
        visit.open_calendar(f"/?view={view}&date={this_month(10)}") if view == "month" else visit.open(
            f"/?view={view}&date={this_month(10)}"
        )
        expect(visit.page.locator("#calendar").get_by_text("onerror").first).to_be_visible()
    visit.page.locator("#calendar").get_by_text("onerror").click()
    expect(visit.page.get_by_label("Title")).to_have_value(HOSTILE[0])
    expect(visit.page.get_by_label("Notes")).to_have_value(HOSTILE[0])
    visit.page.get_by_label("Place").fill("Garden")
    visit.page.get_by_role("button", name="Save").click()
    expect(visit.page.get_by_text(f"Saved “{HOSTILE[0]}”")).to_be_visible()
    assert visit.page.locator("#calendar img, #calendar script, #notices img").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("path", ["/", "/calendars"])
def test_a_page_is_light(visit: Visit, path: str) -> None:
    sizes: list[int] = []

    def weigh(request: Request) -> None:
        response: Response | None = request.response()
        if response is not None and "/calendar/" not in request.url.replace(visit.site.url, ""):
            sizes.append(request.sizes()["responseBodySize"])

    visit.sign_in("/healthz")
    visit.mirror_all()
    visit.page.on("requestfinished", weigh)
    visit.open(path)
    visit.page.get_by_text("Live" if path == "/" else "Up to date.", exact=True).first.wait_for()
    assert 10_000 < sum(sizes) < PAGE_WEIGHT_MAX


def test_a_month_of_five_hundred_events_is_painted_at_once(browser: Browser, quiet_site: Site) -> None:
    with visiting(browser, quiet_site) as visit:
        events = [
            dict(
                zip(
                    ("start", "end"),
                    hours(this_month(1 + n % 27), f"{8 + n // 27 % 12:02}:00", "21:00"),
                    strict=True,
                )
            )
            | {"summary": f"Event {n}", "status": "confirmed"}
            for n in range(MANY)
        ]
        visit.site.google.control("seed", {"events": {"alice@example.com": events}})
        visit.open_calendar(f"/?view=day&date={this_month(28)}")
        read: list[str] = []
        visit.page.on("request", lambda request: read.append(request.url.partition("?")[0]))
        taken_ms = [paint(visit) for _ in range(3)]
        # Told and not asserted: a busy machine takes three times as long. The quickest is what the page costs.
        print(f"{MANY} events painted in {', '.join(f'{ms:.0f}' for ms in taken_ms)} ms")
        painted, elements = visit.page.evaluate(PAINTED)
        assert painted >= PAINTED_MIN
        assert elements < ELEMENTS_PER_EVENT_MAX * painted
        windows = read.count(f"{visit.site.url}/calendar/events")
        assert windows <= 2 * len(taken_ms), "a view is read once, a day and then a month"
