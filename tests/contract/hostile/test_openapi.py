"""Requests made up from our own OpenAPI document, fitting it and not: every answer is one that it announces."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from calferry.emulator.server import run_in_thread
from tests.contract.web.routes import CLOSED
from tests.contract.web.site import CRON_SECRET, Person, Site, running_site, sync

ALICE = "alice@example.com"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 4
STREAMS = ("/calendar/sync",)
"""Their frames are held against their grammar elsewhere."""
NOT_ASKED = {"/calendar/stream", *CLOSED}
"""A stream without an end, and what is not configured here."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with run_in_thread(auto=True) as google, running_site(google, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def alice(site: Site) -> Person:
    alice = site.person(ALICE)
    event = {
        "id": "lunch000",
        "summary": "Lunch",
        "start": {"date": "2027-03-01"},
        "end": {"date": "2027-03-02"},
    }
    site.google_client(ALICE).post(f"/calendars/{ALICE}/events", json=event).raise_for_status()
    sync(alice.http, alice.calendars[ALICE])
    return alice


def operations(site: Site) -> list[Any]:
    document = site.client().get("/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    return [result.ok() for result in schema.get_all_operations()]


def credentials(path: str, alice: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {CRON_SECRET if path.startswith('/api/cron/') else alice.token}"}


def check(operation: Any, mode: GenerationMode, site: Site, alice: Person) -> int:
    """How many requests were made. Nothing is asked of an operation that takes nothing which could be wrong."""
    known = {"calendar_id": alice.calendars[ALICE]} if "{calendar_id}" in operation.path else None
    cases = operation.as_strategy(mode, path_parameters=known)
    session = requests.Session()
    session.trust_env = False

    count = 0

    @seed(0)
    @settings(max_examples=EXAMPLES, suppress_health_check=[*HealthCheck])
    @given(case=cases)
    def asked(case: Any) -> None:
        nonlocal count
        count += 1
        site.clock.advance(6)
        response = case.call(
            base_url=site.url,
            session=session,
            headers=credentials(operation.path, alice),
            allow_redirects=False,
            timeout=30,
        )
        unread = [response_schema_conformance] if operation.path in STREAMS else []
        case.validate_response(response, checks=[check for check in CHECKS if check not in unread])

    with session, suppress(Unsatisfiable):
        asked()
    return count


@pytest.mark.parametrize("mode", GenerationMode)
def test_every_answer_is_one_that_the_document_announces(
    site: Site, alice: Person, mode: GenerationMode
) -> None:
    found = [operation for operation in operations(site) if operation.path not in NOT_ASKED]
    assert len(found) >= 29
    failures, asked = [], 0
    for operation in found:
        try:
            asked += check(operation, mode, site, alice) > 0
        except AssertionError as failure:
            failures.append(f"{operation.label}: {failure}")
        except BaseExceptionGroup as group:
            failures += [f"{operation.label}: {failure}" for failure in group.exceptions]
    assert asked >= 25
    assert not failures, "\n\n".join(failures)
