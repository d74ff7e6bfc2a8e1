"""Which grants are enough, and what their age says."""

import pytest

from calferry.core.grant_age import reason_of_death
from calferry.core.limits import WEEK_MS
from calferry.core.scopes import ALL, ASKED, CALENDAR_LIST, EVENTS, READ_ALL, missing_scopes, status_for


@pytest.mark.parametrize("granted", [ASKED, (ALL,), (EVENTS, READ_ALL), (EVENTS, CALENDAR_LIST)])
def test_enough(granted: tuple[str, ...]) -> None:
    assert (missing_scopes(granted), status_for(granted)) == ([], "active")


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ((), [EVENTS, CALENDAR_LIST]),
        ((READ_ALL,), [EVENTS]),
        ((EVENTS,), [CALENDAR_LIST]),
        (("openid", "email"), [EVENTS, CALENDAR_LIST]),
    ],
)
def test_not_enough(granted: tuple[str, ...], missing: list[str]) -> None:
    assert (missing_scopes(granted), status_for(granted)) == (missing, "partial")


def test_seven_days_are_explained_and_nothing_else() -> None:
    day = WEEK_MS // 7
    told = [reason_of_death("Revoked.", 0, int(day * days)) for days in (1, 6.4, 6.9, 7, 7.4, 8)]
    assert ["Testing" in reason for reason in told] == [False, False, True, True, True, False]
    assert all(reason.startswith("Revoked.") for reason in told)
    assert reason_of_death("Revoked.", None, WEEK_MS) == "Revoked."
