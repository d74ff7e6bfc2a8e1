"""The pages and their files."""

import httpx
import pytest

from tests.contract.web.shared import ON_SHARED_SITE
from tests.contract.web.site import Person, Site


@ON_SHARED_SITE
@pytest.mark.parametrize("path", ["/calendars", "/conflicts", "/settings"])
def test_a_page_asks_a_stranger_to_sign_in_and_comes_back(site: Site, alice: Person, path: str) -> None:
    stranger = site.client().get(path)
    assert stranger.status_code == 401
    assert f'href="/auth/google/login?return_to={path}"' in stranger.text
    page = alice.http.get(path)
    assert page.status_code == 200
    assert f'<a href="{path}" aria-current="page">' in page.text


def test_the_first_page_is_the_choice_of_calendars_until_one_is_mirrored(site: Site, alice: Person) -> None:
    assert "/static/page/calendars.js" in alice.http.get("/").text
    alice.http.patch(f"/calendar/calendars/{alice.calendar_id}", json={"selected": True})
    assert "/static/page/calendar.js" in alice.http.get("/").text


@ON_SHARED_SITE
def test_pages_hold_no_script_and_no_style_of_their_own(alice: Person) -> None:
    for path in ("/", "/calendars", "/conflicts", "/settings"):
        text = alice.http.get(path).text
        assert text.count("<script") == text.count('<script type="module" src="/static/page/')
        assert "<style" not in text
        assert " style=" not in text
        assert " on" + "click=" not in text


@ON_SHARED_SITE
def test_files_are_sent_compressed_to_who_takes_that(site: Site) -> None:
    address = "/static/vendor/fullcalendar/fullcalendar.js"
    plain = site.client().get(address, headers={"Accept-Encoding": "identity"})
    with site.client().stream("GET", address, headers={"Accept-Encoding": "gzip"}) as packed:
        size = sum(len(part) for part in packed.iter_raw())
        assert packed.headers["content-encoding"] == "gzip"
    assert size * 3 < len(plain.content)
    again: httpx.Response = site.client().get(address, headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304
