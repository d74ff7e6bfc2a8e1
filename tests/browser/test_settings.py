"""What is connected, who may follow, and how both end."""

import httpx
from playwright.sync_api import Route, expect

from tests.browser.visit import ALICE, Visit

LOOK_TWICE = """async () => {
  const { keepLooking } = await import("/static/page/shell.js");
  const ends = [];
  const show = keepLooking(() => new Promise((end) => ends.push(end)));
  const looks = [show(), show()];
  await new Promise((tick) => setTimeout(tick));
  const begun = [ends.length];
  ends[0]();
  await looks[0];
  await new Promise((tick) => setTimeout(tick));
  begun.push(ends.length);
  ends.at(-1)();
  await looks[1];
  return begun;
}"""

IMPATIENT = """
const patient = AbortSignal.timeout;
AbortSignal.timeout = (ms) => patient.call(AbortSignal, ms / 100);
"""


def test_tokens_and_feeds_are_made_shown_once_and_revoked(visit: Visit) -> None:
    visit.sign_in("/healthz")
    visit.mirror_all()
    visit.open("/settings")
    page, site = visit.page, visit.site
    page.get_by_label("Name of a new token").fill("laptop")
    page.locator("#new-tokens").get_by_role("button", name="Create").click()
    token = page.locator("section:has(#tokens) code[data-text=secret]").inner_text()
    assert site.client(token).get("/auth/session").json()["user"]["email"] == ALICE
    page.get_by_label("Calendar of a new feed").select_option("Team")
    page.locator("#new-feeds").get_by_role("button", name="Create").click()
    address = page.locator("section:has(#feeds) code[data-text=secret]").inner_text()
    assert httpx.get(address, trust_env=False).text.startswith("BEGIN:VCALENDAR")
    page.reload()
    expect(page.locator("#tokens")).to_contain_text("laptop")
    expect(page.locator("code[data-text=secret]")).to_have_count(0)
    page.get_by_role("button", name="Revoke laptop").click()
    # What is below moves up by a row.
    expect(page.locator("#tokens li")).to_have_count(0)
    page.get_by_role("button", name="Revoke Team").click()
    expect(page.locator("#feeds li")).to_have_count(0)
    assert site.client(token).get("/auth/session").status_code == 401
    assert httpx.get(address, trust_env=False).status_code == 404


def test_a_look_begins_when_the_one_before_has_ended(visit: Visit) -> None:
    visit.sign_in("/settings")
    assert visit.page.evaluate(LOOK_TWICE) == [1, 2]


def test_a_look_that_gets_no_answer_ends(visit: Visit) -> None:
    held: list[Route] = []
    visit.page.route(
        "**/calendar/conflicts", lambda route: route.continue_() if held else held.append(route), times=2
    )
    visit.page.add_init_script(IMPATIENT)
    visit.sign_in("/settings")
    visit.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(visit.page.locator("#accounts")).to_contain_text(ALICE)
    assert held


def test_an_endpoint_inside_is_refused_with_the_reason(visit: Visit) -> None:
    visit.sign_in("/settings")
    visit.page.get_by_label("Address of a new endpoint").fill("https://127.0.0.1/hook")
    visit.page.locator("#new-webhooks").get_by_role("button", name="Create").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("Nothing was made:")


def test_disconnecting_erases_the_copy_and_asks_first(visit: Visit) -> None:
    visit.sign_in("/healthz")
    visit.mirror_all()
    visit.open("/settings")
    page = visit.page
    page.get_by_role("button", name=f"Disconnect and erase {ALICE}").click()
    page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    expect(page.locator("#accounts")).to_contain_text(ALICE)
    page.get_by_role("button", name=f"Disconnect and erase {ALICE}").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect and erase").click()
    expect(page.get_by_text("is disconnected, and its copy is erased")).to_be_visible()
    expect(page.locator("#accounts li")).to_have_count(0)
