"""A person in front of the page: the real service, the local Google, and a browser that watches itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.contract.web.site import Site

ALICE = "alice@example.com"
ZONE = "Europe/Zurich"
WITHIN_MS = 30_000
DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (one) => violations.push(`${one.violatedDirective} ${one.blockedURI}`));
"""
MIRROR_ALL = """async () => {
  const { calendars } = await (await fetch("/calendar/calendars")).json();
  const ids = calendars.map(({ id }) => id);
  await (await fetch(`/calendar/sync?calendar_ids=${ids}`)).text();
}"""

expect.set_options(timeout=WITHIN_MS)


@dataclass
class Visit:
    """`troubles` are what the browser complained of: scripts that failed, and what the policy forbade."""

    page: Page
    site: Site
    troubles: list[str] = field(default_factory=list)

    @cached_property
    def google(self) -> httpx.Client:
        """Google's own API, as the same person."""
        return self.site.google_client(ALICE)

    def sign_in(self, path: str = "/") -> None:
        """By way of a Google that consents without a click."""
        self.page.goto(f"{self.site.url}/auth/google/login?login_hint={ALICE}&return_to={path}")

    def mirror_all(self) -> None:
        """Sync every calendar once, to the end."""
        self.page.evaluate(MIRROR_ALL)

    def open(self, path: str = "/") -> None:
        self.page.goto(f"{self.site.url}{path}")

    def open_calendar(self, path: str = "/") -> None:
        """Signed in, everything mirrored, and the page live."""
        self.sign_in("/healthz")
        self.mirror_all()
        self.open(path)
        self.page.get_by_text("Live", exact=True).wait_for()

    def insert(self, summary: str, start: dict[str, Any], end: dict[str, Any], **more: Any) -> dict[str, Any]:
        """At Google, into the primary calendar."""
        body = {"summary": summary, "start": start, "end": end, **more}
        answer = self.google.post("/calendars/primary/events", json=body)
        assert answer.status_code == 200, answer.text
        event: dict[str, Any] = answer.json()
        return event

    def at_google(self, event_id: str) -> dict[str, Any]:
        event: dict[str, Any] = self.google.get(f"/calendars/primary/events/{event_id}").json()
        return event

    def event(self, title: str) -> Locator:
        """The event of that title in the view."""
        return self.page.locator("#calendar").get_by_role("button").filter(has_text=title)

    def day(self, date: str) -> Locator:
        return self.page.locator(f'#calendar [role="gridcell"][data-date="{date}"]')

    def drag(self, moved: Locator, target: Locator) -> None:
        """As a hand does it: by way of a few places between."""
        begin, end = moved.bounding_box(), target.bounding_box()
        assert begin is not None
        assert end is not None
        mouse = self.page.mouse
        mouse.move(begin["x"] + 8, begin["y"] + begin["height"] / 2)
        mouse.down()
        mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=6)
        mouse.up()

    def hear(self, message: ConsoleMessage) -> None:
        # A refused request is no failure of the page: what it makes of it is what tests look at.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.troubles.append(message.text)


@contextmanager
def visiting(browser: Browser, site: Site, **options: Any) -> Iterator[Visit]:
    """A fresh browser profile; at the end nothing may have gone wrong in it."""
    options = {"timezone_id": ZONE, "locale": "en-GB", "viewport": DESKTOP, **options}
    context = browser.new_context(**options)
    try:
        page = context.new_page()
        page.set_default_timeout(WITHIN_MS)
        page.add_init_script(WATCH)
        visit = Visit(page, site)
        page.on("pageerror", lambda error: visit.troubles.append(str(error)))
        page.on("console", visit.hear)
        yield visit
        assert page.evaluate("window.violations ?? []") == []
        assert visit.troubles == []
    finally:
        context.close()


def this_month(day: int) -> str:
    """A date that the month view shows without a click."""
    return f"{datetime.now(ZoneInfo(ZONE)):%Y-%m}-{day:02}"


def hours(date: str, begin: str, end: str, zone: str = ZONE) -> tuple[dict[str, str], dict[str, str]]:
    """Start and end in Google's JSON."""
    return (
        {"dateTime": f"{date}T{begin}:00", "timeZone": zone},
        {"dateTime": f"{date}T{end}:00", "timeZone": zone},
    )
