"""HEAD, pages of other origins, tunnelled and unknown methods."""

import pytest

from tests.unit.emulator.desk import Desk


@pytest.mark.parametrize(
    "path", ["calendars/primary/events", "colors", "calendars/nobody@example.com/events"]
)
def test_head_is_get_without_a_body(desk: Desk, path: str) -> None:
    head, get = desk.api("HEAD", path), desk.api("GET", path)
    assert (head.status, head.response.body) == (get.status, b"")
    assert head.response.headers == get.response.headers


def test_a_page_of_another_origin_may_ask_and_read(desk: Desk) -> None:
    origin = "http://127.0.0.1:3000"
    wanted = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    allowed = desk.send("OPTIONS", "/calendar/v3/colors", None, {"Origin": origin, **wanted}).response
    assert allowed.status == 200
    assert allowed.headers["Access-Control-Allow-Origin"] == origin
    assert allowed.headers["Access-Control-Allow-Methods"] == "PATCH"
    assert allowed.headers["Access-Control-Allow-Headers"] == "authorization"
    for path in ("colors", "calendars/nobody@example.com/events"):
        answer = desk.api("GET", path, headers={"Origin": origin})
        assert answer.response.headers["Access-Control-Allow-Origin"] == origin
    assert "Access-Control-Allow-Origin" not in desk.api("GET", "colors").response.headers


@pytest.mark.parametrize("method", ["PUT", "BREW", "TRACE", "DELETE"])
def test_a_method_that_an_address_does_not_know_is_not_found(desk: Desk, method: str) -> None:
    answer = desk.api(method, "users/me/calendarList")
    assert answer.status == 404
    assert answer.response.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("wanted", ["PATCH", "DELETE", "GET"])
def test_a_method_may_travel_inside_a_post(desk: Desk, wanted: str) -> None:
    made = desk.insert()["id"]
    path = f"calendars/primary/events/{made}"
    body = {"summary": "Tunnelled"} if wanted == "PATCH" else None
    answer = desk.api("POST", path, body, headers={"X-HTTP-Method-Override": wanted})
    assert answer.status == (204 if wanted == "DELETE" else 200)
    assert desk.control("requests")["requests"][-1]["method"] == wanted
