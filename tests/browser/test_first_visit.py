"""From the first page to a calendar that is copied."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from calferry.emulator.server import run_in_thread
from tests.browser.screenshots import SEED
from tests.browser.visit import ALICE, visiting
from tests.contract.web.site import running_site

NOTE_BARS = """
window.bars = [];
const note = ({ target }) => target.tagName === "PROGRESS" && bars.push([target.ariaLabel, target.value]);
new MutationObserver((changes) => changes.forEach(note)).observe(document, { subtree: true, attributeFilter: ["value"] });
"""


def test_a_person_signs_in_picks_calendars_and_sees_them_copied(browser: Browser, tmp_path: Path) -> None:
    with (
        run_in_thread(seeds=[SEED], auto=False) as google,
        running_site(google, tmp_path, push=True, worker=True) as site,
        visiting(browser, site) as visit,
    ):
        page = visit.page
        page.add_init_script(NOTE_BARS)
        visit.open("/")
        page.get_by_role("link", name="Sign in with Google").click()
        page.get_by_role("radio", name="Alice").check()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_title(f"Signed in as {ALICE}")).to_be_visible()
        page.get_by_role("checkbox", name="Family").check()
        page.get_by_role("checkbox", name="Team").check()
        expect(page.get_by_role("progressbar")).to_have_count(2)
        expect(page.get_by_text("Done: 2 calendars synced, 6 events fetched.")).to_be_visible()
        expect(page.get_by_text("Up to date.")).to_have_count(2)
        for name in ("Family", "Team in New York"):
            values = [value for bar, value in page.evaluate("bars") if bar == f"Progress of {name}"]
            assert values == sorted(values)
            assert any(0 < value < 1 for value in values)
            assert values[-1] == 1
        page.get_by_role("link", name="Open the calendar").click()
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
