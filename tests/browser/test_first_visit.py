"""From the first page to a calendar that is copied."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from calferry.emulator.server import run_in_thread
from tests.browser.visit import ALICE, visiting
from tests.contract.web.site import running_site


def test_a_person_signs_in_picks_calendars_and_sees_them_copied(browser: Browser, tmp_path: Path) -> None:
    with (
        run_in_thread(auto=False) as google,
        running_site(google, tmp_path, push=True, worker=True) as site,
        visiting(browser, site) as visit,
    ):
        page = visit.page
        visit.open("/")
        page.get_by_role("link", name="Sign in with Google").click()
        page.get_by_role("radio", name="Alice").check()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_title(f"Signed in as {ALICE}")).to_be_visible()
        page.get_by_role("checkbox", name="Team").check()
        page.get_by_role("checkbox", name=ALICE).check()
        expect(page.get_by_role("progressbar")).to_have_count(2)
        expect(page.get_by_text("Up to date.")).to_have_count(2)
        page.get_by_role("link", name="Open the calendar").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
