"""What every answer of every address carries, whoever asks by whatever method."""

from typing import Any

import httpx
import pytest

from tests.contract.web.routes import CLOSED, METHODS, Answer, addresses, ask
from tests.contract.web.site import Person, Site

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
POLICY_OF_DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'none'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
ALWAYS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
TELLTALE = ("server", "x-powered-by", "access-control-allow-origin", "via")


def expected(path: str, method: str, answer: Answer) -> dict[str, str]:
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        return ALWAYS | {"cache-control": "no-cache"}
    if path == "/docs" and method in ("GET", "HEAD"):
        return ALWAYS | {"content-security-policy": POLICY_OF_DOCS}
    if path.startswith("/static/"):
        return ALWAYS | {"cache-control": "no-cache"}
    return ALWAYS


def answers(site: Site, http: httpx.Client) -> list[tuple[str, str, Answer]]:
    found = []
    for address in addresses(site.app):
        for method in METHODS:
            answer = ask(http, http.build_request(method, address.filled({})))
            found.append((address.path, method, answer))
    return [*found, ("/nowhere", "GET", ask(http, http.build_request("GET", "/nowhere")))]


@pytest.mark.parametrize("who", ["stranger", "alice"])
def test_every_answer_carries_the_safe_headers_and_no_telltale(site: Site, alice: Person, who: str) -> None:
    known = {address.path: address.methods for address in addresses(site.app)}
    wrong: list[Any] = []
    for path, method, answer in answers(site, site.client() if who == "stranger" else alice.http):
        wanted = expected(path, method, answer)
        carried = {name: answer.headers.get(name) for name in wanted}
        if carried != wanted or any(name in answer.headers for name in TELLTALE):
            wrong.append((method, path, answer.status, carried))
        assert answer.status < 500 or path in CLOSED, (method, path, answer.text)
        if path in known and method not in known[path] | {"HEAD"}:
            assert answer.status == 405, (method, path)
            assert method not in answer.headers["allow"], (method, path)
    assert wrong == []


def test_nothing_but_the_open_addresses_answers_a_stranger(site: Site) -> None:
    open_addresses = {
        "/", "/healthz", "/readyz", "/docs", "/openapi.json", "/static/calferry.css", "/auth/google/login",
        "/auth/google/callback", "/api/webhooks/google-calendar", "/calendar/webhook", "/feeds/{secret}.ics",
    }  # fmt: skip
    answered = {
        address.path
        for address in addresses(site.app)
        if address.path not in CLOSED
        for method in address.methods
        if site.client().request(method, address.filled({}), json={}).status_code != 401
    }
    assert answered == open_addresses
