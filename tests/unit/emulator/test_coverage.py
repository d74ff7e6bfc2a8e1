"""The page that says what the local Google covers is current, and leaves nothing out."""

import pytest

from calferry.emulator.routes import inventory
from scripts import coverage_table
from scripts.coverage_table import METHOD_NOTES, PAGE, WITHOUT_EFFECT, has_effect, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make reference`"


def test_every_method_is_served() -> None:
    assert "not served" not in page()
    assert set(METHOD_NOTES) <= set(inventory.methods())


@pytest.mark.parametrize("method", inventory.methods())
def test_every_parameter_has_an_effect_or_a_reason(method: str) -> None:
    if method.endswith(".watch"):
        return
    silent = [
        name
        for name in inventory.query_parameters(method)
        if not has_effect(method, name) and name not in WITHOUT_EFFECT
    ]
    assert silent == []


def test_reasons_are_only_given_for_what_exists() -> None:
    known = {name for method in inventory.methods() for name in inventory.query_parameters(method)}
    assert set(WITHOUT_EFFECT) <= known
    assert coverage_table.is_read("singleEvents")
    assert not coverage_table.is_read("noSuchParameter")
