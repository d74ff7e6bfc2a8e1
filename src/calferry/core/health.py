"""How a calendar is doing, in one word: the same wherever somebody asks."""

from typing import Literal

Health = Literal[
    "ok",
    "syncing",
    "never_synced",
    "not_selected",
    "failing",
    "halted",
    "blocked",
    "needs_reauth",
    "calendar_disabled",
    "paused",
]
ACCOUNT_TROUBLES: tuple[Health, ...] = ("needs_reauth", "calendar_disabled", "paused")


def health_of(
    *, account_status: str, selected: bool, sync_status: str | None, failed: bool, synced: bool
) -> Health:
    """What somebody who looks for trouble wants to know first. `failed`: the last run did; `synced`: one ever did."""
    for trouble in ACCOUNT_TROUBLES:
        if account_status == trouble:
            return trouble
    if not selected:
        return "not_selected"
    if sync_status == "halted":
        return "halted"
    if sync_status == "blocked":
        return "blocked"
    if failed:
        return "failing"
    if not synced:
        return "never_synced"
    return "syncing" if sync_status == "syncing" else "ok"
