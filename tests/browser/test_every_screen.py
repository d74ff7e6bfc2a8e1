"""What holds of every screen: it can be used by everybody, obeys its policy, and fits a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.screenshots import LOOKS, SCREENS, prepared

AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
SERIOUS = ("serious", "critical")
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

STICKING_OUT = """[...document.querySelectorAll("#calendar [role=button]")].filter((event) =>
  [...event.querySelectorAll("*")].some((part) => part.getBoundingClientRect().right > event.getBoundingClientRect().right + 1)
).map((event) => event.title)"""


def serious(page: Page) -> list[tuple[str, str]]:
    """What axe finds that keeps somebody out: the rule, and the first element that breaks it."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")[
        "violations"
    ]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]


LARGE = ("signed-out", "picking", "month", "week", "day", "list", "locked")
SMALL = ("signed-out", "sync", "week", "edit", "conflicts", "settings", "revoked")


@pytest.mark.parametrize(("look", "screens"), [("desktop-light", LARGE), ("phone-dark", SMALL)])
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(
    browser: Browser, look: str, screens: tuple[str, ...]
) -> None:
    # The browser's own complaints, of its policy among them, fail the visit at its end.
    with prepared(browser, dict(LOOKS)[look]) as visit:
        for screen in screens:
            SCREENS[screen](visit)
            assert (screen, serious(visit.page)) == (screen, [])
            assert (screen, visit.page.evaluate(WIDER)) == (screen, 0)
            assert (screen, visit.page.evaluate(STICKING_OUT)) == (screen, [])
