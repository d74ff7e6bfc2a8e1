"""Reading what callers send."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.web.allowed_emails import is_allowed
from calferry.web.calendar_ids import CalendarIdsInvalid, read_calendar_ids
from calferry.web.return_to import safe_return_to
from calferry.web.same_origin import may_change


def test_ids_keep_their_first_order_without_duplicates() -> None:
    assert read_calendar_ids(["cal_b,cal_a,cal_b,A-1"]) == ("cal_b", "cal_a", "A-1")


def test_duplicates_collapse_before_the_limit_counts() -> None:
    twenty = [f"cal_{n}" for n in range(20)]
    assert read_calendar_ids([",".join(twenty * 5)]) == tuple(twenty)
    with pytest.raises(CalendarIdsInvalid, match="more than 20"):
        read_calendar_ids([",".join([*twenty, "one_more"])])


def test_an_id_may_have_128_characters() -> None:
    assert read_calendar_ids(["x" * 128]) == ("x" * 128,)
    with pytest.raises(CalendarIdsInvalid):
        read_calendar_ids(["x" * 129])


@given(st.lists(st.text()))
def test_whatever_passes_is_distinct_and_well_formed(values: list[str]) -> None:
    try:
        found = read_calendar_ids(values)
    except CalendarIdsInvalid:
        return
    assert 1 <= len(found) == len(set(found)) <= 20
    assert all(member.isascii() and member.replace("_", "a").replace("-", "a").isalnum() for member in found)


@given(st.one_of(st.text(), st.text(alphabet="/\\%2f:@.eh\t\n ?#x", max_size=12), st.just("//evil")))
def test_a_browser_never_leaves_the_site(text: str) -> None:
    path = safe_return_to(text)
    for read in (path, unquote(path), unquote(unquote(path))):
        assert read.startswith("/")
        assert not read.startswith(("//", "/\\"))
        assert not urlsplit(read).netloc
        assert not urlsplit(read).scheme
        assert "\n" not in read
        assert "\r" not in read


@pytest.mark.parametrize("path", ["/", "/calendars", "/a/b?x=1&y=%20z#part", "/?next=/x"])
def test_a_path_of_the_site_is_kept(path: str) -> None:
    assert safe_return_to(path) == path


@pytest.mark.parametrize(
    "text",
    [None, "", "//evil", "https:evil", "https://evil", "/\\evil", "/%2f%2fevil", "/%252f%252fevil", "javascript:alert(1)",
     "/a\r\nb", "/%0d%0a", "@evil", "/" + "x" * 3_000, "/．．", "\t//evil"],
)  # fmt: skip
def test_anything_doubtful_leads_home(text: str | None) -> None:
    assert safe_return_to(text) == "/"


@pytest.mark.parametrize(
    ("email", "patterns", "allowed"),
    [
        ("Alice@Example.com", ("alice@example.com",), True),
        ("bob@example.com", ("alice@example.com",), False),
        ("bob@example.com", ("*@example.com",), True),
        ("bob@sub.example.com", ("*@example.com",), False),
        ("bob@evil-example.com", ("*@example.com",), False),
        ("bob@evil.com", ("alice@example.com", "*"), True),
        ("bob@example.com", (), False),
    ],
)
def test_who_may_sign_in(email: str, patterns: tuple[str, ...], allowed: bool) -> None:
    assert is_allowed(email, patterns) is allowed


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("POST", {}, False),
        ("GET", {}, True),
        ("GET", {"sec-fetch-site": "cross-site"}, False),
        ("GET", {"origin": "https://other"}, False),
        ("POST", {"origin": "https://own"}, True),
        ("POST", {"origin": "https://own.evil"}, False),
        ("POST", {"sec-fetch-site": "same-origin"}, True),
        ("POST", {"sec-fetch-site": "same-site", "origin": "https://own"}, False),
        ("POST", {"sec-fetch-site": "cross-site", "origin": "https://own"}, False),
    ],
)
def test_whose_pages_may_change_something(method: str, headers: dict[str, str], allowed: bool) -> None:
    assert may_change(method, headers, "https://own") is allowed
