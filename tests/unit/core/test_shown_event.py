"""What readers see of an event with edits of our own laid over."""

from typing import Any

from calferry.core.intent import Intent
from calferry.core.shown_event import StoredRow, Version, lay_over, updated_at

BEFORE = '{"id":"lunch","status":"confirmed","summary":"before","updated":"2026-09-21T10:00:00.000Z"}'
AFTER = '{"id":"lunch","status":"confirmed","summary":"after","updated":"2026-09-21T11:00:00.000Z"}'
GONE = '{"id":"lunch","status":"cancelled"}'
PATCHED: dict[str, Any] = {
    "kind": "patch",
    "changes": '{"summary":"after"}',
    "answer": AFTER,
    "settled_at": 2_000,
}
DELETED: dict[str, Any] = {"number": 2, "id": "int_2", "kind": "delete", "settled_at": 2_001}
LIVE = StoredRow(BEFORE, updated_at=1_000)
PULLED = StoredRow(GONE, status="cancelled", updated_at=updated_at(AFTER) + 1)
SWEPT = StoredRow(GONE, status="cancelled", updated_at=1_000)


def edit(**fields: Any) -> Intent:
    values: dict[str, Any] = dict.fromkeys(Intent.__dataclass_fields__)
    values |= {"number": 1, "id": "int_1", "event_id": "lunch", "status": "done", "base_raw": BEFORE}
    return Intent(**(values | fields))


def test_answer_is_seen_before_it_is_pulled() -> None:
    assert lay_over(LIVE, [edit(**PATCHED)]) == Version(AFTER, None)


def test_deletion_is_seen_before_it_is_pulled() -> None:
    seen = lay_over(LIVE, [edit(**PATCHED), edit(**DELETED)])
    assert seen is not None
    assert '"status":"cancelled"' in seen.raw


def test_pulled_deletion_covers_every_edit_before_it() -> None:
    assert lay_over(PULLED, [edit(**PATCHED), edit(**DELETED)]) is None


def test_pulled_deletion_covers_them_although_the_clock_went_back_since() -> None:
    later = PATCHED | {"settled_at": 90_000_000}
    assert lay_over(PULLED, [edit(**later), edit(**DELETED | {"settled_at": 90_000_001})]) is None


def test_answer_is_seen_although_a_listing_that_began_before_it_sweeps_the_row() -> None:
    assert lay_over(SWEPT, [edit(**PATCHED)]) == Version(AFTER, None)


def test_deletion_by_others_after_the_answer_is_seen() -> None:
    assert lay_over(PULLED, [edit(**PATCHED)]) is None


def test_edit_after_a_pulled_deletion_is_seen() -> None:
    revived = edit(number=3, id="int_3", kind="patch", status="pending", changes='{"status":"confirmed"}')
    seen = lay_over(PULLED, [edit(**PATCHED), edit(**DELETED), revived])
    assert seen is not None
    assert seen.pending == 3
