"""The local Google judges the client's retries: every method, every documented way to fail, the right decision."""

import pytest

from tests.contract.google.retry_bench import judged
from tests.contract.google.retry_rules import ALWAYS, Case, Decision, cases, pauses_fit
from tests.harness.virtual_loop import run_virtually

CASES = tuple(cases())
LEAST = 300


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_client_decides_as_the_documentation_says(case: Case) -> None:
    account = run_virtually(judged(case))
    told = type(account.error) if account.error else None
    assert (told, account.requests) == (case.error, case.requests)
    assert account.hits == (1 if case.times == 1 else case.requests)
    assert [request["api_method"] for request in account.asked] == [case.method.name] * case.requests
    assert account.renewals == (case.decision in (Decision.RENEWED, Decision.RENEWED_IN_VAIN))
    expected_pauses = 0 if account.renewals else case.requests - 1
    assert len(account.pauses) == expected_pauses
    assert pauses_fit(account.pauses, case.fault)
    if case.decision is Decision.WAIT_TOLD:
        assert getattr(account.error, "retry_after_s", None) == float(case.fault.retry_after)


def test_there_are_at_least_three_hundred_different_cases() -> None:
    keys = {case.key for case in CASES}
    assert len(keys) == len(CASES), "two cases say the same"
    assert len(keys) >= LEAST
    assert {case.decision for case in CASES} == set(Decision)
    assert all(case.times in (1, ALWAYS) for case in CASES)
