"""The page that says what the local Google covers is current, and leaves nothing out."""

from calferry.emulator.routes import inventory
from scripts.coverage_table import METHOD_NOTES, PAGE, WITHOUT_EFFECT, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make reference`"


def test_every_method_is_served() -> None:
    assert "not served" not in page()
    assert set(METHOD_NOTES) <= set(inventory.methods())


def test_reasons_are_only_given_for_what_exists() -> None:
    known = {name for method in inventory.methods() for name in inventory.query_parameters(method)}
    assert set(WITHOUT_EFFECT) <= known
    assert set(WITHOUT_EFFECT) == {"alwaysIncludeEmail", "userIp"}, "only what Google itself ignores"
