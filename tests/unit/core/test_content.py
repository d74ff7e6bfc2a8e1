"""When two versions of an event say the same."""

import json

from hypothesis import given
from hypothesis import strategies as st

from calferry.core.content import same_content

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
bodies = st.dictionaries(st.text(min_size=1, max_size=4), values, max_size=5)


def test_etag_and_updated_are_no_content() -> None:
    assert same_content('{"id":"a","etag":"1","updated":"x"}', '{"id":"a","etag":"2","updated":"y"}')


def test_any_other_field_is() -> None:
    assert not same_content('{"id":"a","sequence":1}', '{"id":"a","sequence":2}')


def test_etag_further_inside_is_content() -> None:
    assert not same_content('{"extendedProperties":{"etag":"1"}}', '{"extendedProperties":{"etag":"2"}}')


def test_unreadable_text_equals_only_itself() -> None:
    assert same_content("{", "{")
    assert not same_content("{", "{}")
    assert not same_content("[" * 100_000, "{}")


@given(bodies)
def test_order_of_keys_and_spaces_do_not_matter(body: dict[str, object]) -> None:
    turned = dict(reversed(body.items()))
    assert same_content(json.dumps(body), json.dumps(turned, indent=1))


@given(bodies, bodies)
def test_it_is_symmetric(one: dict[str, object], other: dict[str, object]) -> None:
    first, second = json.dumps(one), json.dumps(other)
    assert same_content(first, second) == same_content(second, first)
