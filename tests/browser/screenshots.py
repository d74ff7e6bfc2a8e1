"""Pictures of every screen for the documents: `python -m tests.browser.screenshots [FOLDER]`, docs/screenshots without one."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from calferry.emulator.server import run_in_thread
from tests.browser.chromium import chromium
from tests.browser.visit import ALICE, DESKTOP, PHONE, Visit, hours, visiting
from tests.contract.web.site import running_site

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
LOOKS = [
    (f"{size}-{scheme}", {"viewport": viewport, "color_scheme": scheme, "is_mobile": size == "phone"})
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE))
    for scheme in ("light", "dark")
]
ZURICH, NEW_YORK = "Europe/Zurich", "America/New_York"
TODAY = datetime.now(UTC).date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())


def on(day: int, begin: str, end: str, summary: str, zone: str = ZURICH, **more: Any) -> dict[str, Any]:
    """An event of this week, or of those beside it."""
    start, finish = hours(str(MONDAY + timedelta(days=day)), begin, end, zone)
    return {"summary": summary, "start": start, "end": finish, **more}


def whole(first: int, days: int, summary: str) -> dict[str, Any]:
    start, end = (str(MONDAY + timedelta(days=day)) for day in (first, first + days))
    return {"summary": summary, "start": {"date": start}, "end": {"date": end}}


def every(rule: str, event: dict[str, Any]) -> dict[str, Any]:
    return event | {"recurrence": [f"RRULE:{rule}"]}


SEED = {
    "people": [
        {
            "email": ALICE,
            "name": "Alice Example",
            "time_zone": ZURICH,
            "calendars": [
                {
                    "id": ALICE,
                    "summary": "Alice",
                    "primary": True,
                    "time_zone": ZURICH,
                    "color_id": "16",
                    "events": [
                        every("FREQ=WEEKLY;BYDAY=MO,WE,FR", on(-21, "09:00", "09:30", "Stand-up")),
                        on(0, "12:15", "13:15", "Lunch with Ada", location="Canteen"),
                        on(1, "10:00", "11:30", "Release review"),
                        on(2, "14:00", "15:00", "Interview"),
                        on(3, "16:30", "17:30", "Dentist", location="Bahnhofstrasse 1"),
                        on(8, "11:00", "12:00", "Budget"),
                        on(-5, "15:00", "16:30", "Design session"),
                        every("FREQ=WEEKLY", on(-20, "18:30", "20:00", "Choir")),
                    ],
                },
                {
                    "id": "family@group.calendar.google.com",
                    "summary": "Family",
                    "time_zone": ZURICH,
                    "color_id": "3",
                    "events": [
                        whole(4, 3, "Weekend in Ticino"),
                        on(2, "18:00", "19:00", "Parents' evening"),
                        whole(-3, 1, "Grandma's birthday"),
                        on(9, "17:00", "18:00", "Swimming"),
                    ],
                },
                {
                    "id": "team@group.calendar.google.com",
                    "summary": "Team in New York",
                    "time_zone": NEW_YORK,
                    "color_id": "8",
                    "access_role": "reader",
                    "owner": "bob@example.com",
                    "events": [
                        every("FREQ=WEEKLY;BYDAY=TU,TH", on(-20, "10:00", "10:45", "Sync with NY", NEW_YORK)),
                        whole(10, 2, "Offsite"),
                    ],
                },
                {
                    "id": "holidays@group.v.calendar.google.com",
                    "summary": "Holidays in Switzerland",
                    "time_zone": ZURICH,
                    "color_id": "10",
                    "access_role": "reader",
                    "owner": "bob@example.com",
                    "events": [whole(5, 1, "St Nicholas' Day")],
                },
            ],
        },
        {"email": "bob@example.com", "name": "Bob Example"},
    ]
}


@contextmanager
def prepared(browser: Browser, look: dict[str, Any]) -> Iterator[Visit]:
    with (
        tempfile.TemporaryDirectory() as folder,
        run_in_thread(seeds=[SEED], auto=True) as google,
        running_site(google, Path(folder), push=True, worker=True) as site,
        visiting(browser, site, **look) as visit,
    ):
        yield visit


def show_signed_out(visit: Visit) -> None:
    visit.open("/")


def show_picking(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    for name in ("Alice", "Family", "Team in New York"):
        page.get_by_role("checkbox", name=name).check()
    expect(page.get_by_text("Up to date.")).to_have_count(3)
    expect(page.get_by_text("Done:")).to_be_visible()


def show_sync(visit: Visit) -> None:
    visit.sign_in("/healthz")
    visit.mirror_all()
    visit.open("/calendars")
    visit.page.get_by_text("Health").first.click()


def show_view(name: str) -> Callable[[Visit], None]:
    def show(visit: Visit) -> None:
        if not visit.page.locator("header.bar").count():
            show_sync(visit)
        visit.open(f"/?view={name}&date={MONDAY + timedelta(days=2)}")
        visit.page.get_by_text("Live", exact=True).wait_for()
        expect(visit.event("Stand-up").first).to_be_visible()

    return show


def show_edit(visit: Visit) -> None:
    show_view("list")(visit)
    visit.page.locator("#calendar").get_by_text("Choir").first.click()
    expect(visit.page.get_by_role("dialog")).to_be_visible()


def show_locked(visit: Visit) -> None:
    show_view("list")(visit)
    visit.page.locator("#calendar").get_by_text("Sync with NY").first.click()
    expect(visit.page.get_by_role("dialog")).to_be_visible()


def show_settings(visit: Visit) -> None:
    visit.open("/settings")
    page = visit.page
    page.get_by_label("Name of a new token").fill("laptop")
    page.locator("#new-tokens").get_by_role("button", name="Create").click()
    expect(page.locator("#tokens")).to_contain_text("laptop")
    page.locator("#new-feeds").get_by_role("button", name="Create").click()
    expect(page.locator("#feeds")).to_contain_text("All calendars")
    expect(page.get_by_text("This is the only time it is shown")).to_have_count(2)
    page.locator(".made code").evaluate_all(
        "codes => codes.forEach((code) => (code.textContent = 'shown-once'))"
    )


def show_conflicts(visit: Visit) -> None:
    visit.site.engine.signals.wake("due")
    meet_at_google(visit, "Budget")
    visit.open("/conflicts")
    expect(visit.page.get_by_role("heading", name="Budget")).to_be_visible()


def show_revoked(visit: Visit) -> None:
    visit.site.google.control("revoke", {"email": ALICE})
    visit.open("/calendars")
    visit.page.get_by_role("button", name="Sync all now").click()
    expect(visit.page.get_by_role("link", name="Reconnect")).to_be_visible()
    visit.page.get_by_text("Why is it not syncing?").first.click()


SCREENS: dict[str, Callable[[Visit], None]] = {
    "signed-out": show_signed_out,
    "picking": show_picking,
    "sync": show_sync,
    "month": show_view("month"),
    "week": show_view("week"),
    "day": show_view("day"),
    "list": show_view("list"),
    "edit": show_edit,
    "locked": show_locked,
    "conflicts": show_conflicts,
    "settings": show_settings,
    "revoked": show_revoked,
}

CHANGE_TITLE = """async ([title, ours]) => {
  const found = await (await fetch(`/calendar/events?q=${title}`)).json();
  const { id, calendar_id } = found.items[0];
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ summary: ours });
  const answer = await fetch(`/calendar/calendars/${calendar_id}/events/${id}`, { method: "PATCH", headers, body });
  return answer.status;
}"""


def meet_at_google(visit: Visit, title: str) -> None:
    """An edit here of what somebody else has just changed there, without a notification of it."""
    found = visit.google.get("/calendars/primary/events", params={"q": title}).json()["items"][0]
    visit.site.google.control("push", {"mode": "drop"})
    visit.google.patch(f"/calendars/primary/events/{found['id']}", json={"summary": "Budget 2027"})
    visit.page.evaluate(CHANGE_TITLE, [title, "Budget, second round"])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for look, options in LOOKS:
            with prepared(browser, options) as visit:
                for screen, show in SCREENS.items():
                    show(visit)
                    visit.page.mouse.move(0, 0)
                    visit.page.evaluate("scrollTo(0, 0)")
                    visit.page.screenshot(path=folder / f"{screen}-{look}.png")
                    print(f"{screen}-{look}.png at {datetime.now(UTC):%H:%M:%S}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
