"""One word for how a calendar is doing: the first trouble is told."""

import pytest

from calferry.core.health import health_of

WELL = {
    "account_status": "active",
    "selected": True,
    "sync_status": "idle",
    "failed": False,
    "synced": True,
}


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        ({}, "ok"),
        ({"account_status": "partial"}, "ok"),
        ({"sync_status": "syncing"}, "syncing"),
        ({"sync_status": "syncing", "synced": False}, "never_synced"),
        ({"synced": False, "failed": True}, "failing"),
        ({"sync_status": "halted", "failed": True}, "halted"),
        ({"sync_status": "blocked", "failed": True, "account_status": "partial"}, "blocked"),
        ({"selected": False, "synced": False}, "not_selected"),
        ({"selected": False, "sync_status": "halted"}, "not_selected"),
        ({"selected": False, "account_status": "needs_reauth"}, "needs_reauth"),
        ({"account_status": "calendar_disabled", "sync_status": "blocked"}, "calendar_disabled"),
        ({"account_status": "paused"}, "paused"),
    ],
)
def test_the_first_trouble_is_told(facts: dict, word: str) -> None:
    assert health_of(**(WELL | facts)) == word
