"""What is past its keeping goes, and nothing else."""

import pytest
from sqlalchemy import Connection, select

from calferry.core.limits import SYNC_REQUEST_KEPT_MS, TOMBSTONE_KEPT_MS
from calferry.duties import purge as purging
from calferry.duties.purge import Keeping, purge
from calferry.ports import Store
from calferry.store.tables import (
    calendars,
    changes,
    events,
    projections,
    sessions,
    sign_ins,
    sync_requests,
    sync_states,
    users,
)
from tests.harness.databases import empty_store
from tests.unit.duties.rows import (
    HOUR,
    NOW,
    add,
    add_account,
    add_calendar,
    add_event,
    engine_over,
)

OLD = NOW - TOMBSTONE_KEPT_MS - 1
YOUNG = NOW - TOMBSTONE_KEPT_MS + 1
OPEN = {"id": 1, "user_id": 1, "calendar_id": "cal", "mode": "series", "created_at": 0}


@pytest.fixture
async def store() -> Store:
    store = empty_store()
    await store.write(add_account)
    return store


async def event_ids(store: Store) -> list[str]:
    statement = select(events.c.event_id).order_by(events.c.event_id)
    return list(await store.read(lambda connection: connection.execute(statement).scalars().all()))


async def test_old_tombstones_go_and_young_ones_stay(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add(connection, projections, **OPEN)
        add_event(connection, "old", status="cancelled", deleted_at=OLD)
        add_event(connection, "young", status="cancelled", deleted_at=YOUNG)
        add_event(connection, "alive", deleted_at=None)

    await store.write(fill)
    assert (await purge(engine_over(store))).tombstones == 1
    assert await event_ids(store) == ["alive", "young"]


async def test_a_cancelled_occurrence_stays_as_long_as_its_series_lives(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add(connection, projections, **OPEN)
        add_event(connection, "series", recurring=True)
        add_event(connection, "series_1", status="cancelled", series_id="series", deleted_at=OLD)
        add_event(connection, "dead", recurring=True, status="cancelled", deleted_at=OLD)
        add_event(connection, "dead_1", status="cancelled", series_id="dead", deleted_at=OLD)
        add_event(connection, "lone_1", status="cancelled", series_id="never_seen", deleted_at=OLD)

    await store.write(fill)
    await purge(engine_over(store))
    assert await event_ids(store) == ["series", "series_1"]


async def test_the_change_log_forgets_from_its_beginning_and_says_up_to_where(store: Store) -> None:
    def fill(connection: Connection) -> None:
        for number, at in enumerate([OLD - 2, OLD, YOUNG], start=1):
            add(connection, changes, user_id=1, id=number, calendar_id="cal", kind="updated", at=at)

    await store.write(fill)
    assert (await purge(engine_over(store))).changes == 2
    left = await store.read(lambda connection: connection.execute(select(changes.c.id)).scalars().all())
    floor = await store.read(lambda connection: connection.execute(select(users.c.change_floor)).scalar_one())
    assert (list(left), floor) == ([3], 2)


async def test_an_ended_projection_goes_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "ROWS_AT_ONCE", 2)

    def fill(connection: Connection) -> None:
        add(connection, projections, **OPEN)
        add(connection, projections, **(OPEN | {"id": 2, "ended_at": NOW - HOUR}))
        add(connection, projections, **(OPEN | {"id": 3, "ended_at": NOW}))
        for number in range(5):
            add_event(connection, f"gone_{number}", 2)
        add_event(connection, "seen", 1)
        add_event(connection, "just_ended", 3)

    await store.write(fill)
    assert (await purge(engine_over(store))).events == 5
    assert await event_ids(store) == ["just_ended", "seen"]
    left = await store.read(lambda connection: connection.execute(select(projections.c.id)).scalars().all())
    assert sorted(left) == [1, 3]


async def test_a_calendar_removed_long_ago_loses_token_and_mirror_together(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add(connection, projections, **OPEN)
        add_calendar(
            connection, "cal", removed_at=OLD, projection_id=1, status="removed", sync_token="t", fence=4
        )

    await store.write(fill)
    assert (await purge(engine_over(store))).calendars == 1
    state = await store.read(lambda connection: connection.execute(select(sync_states)).one())
    assert (state.sync_token, state.fence) == (None, 5)
    mirror = await store.read(
        lambda connection: connection.execute(select(calendars.c.projection_id)).scalar_one()
    )
    ended = await store.read(
        lambda connection: connection.execute(select(projections.c.ended_at)).scalar_one()
    )
    assert (mirror, ended) == (None, NOW)


async def test_sign_ins_sessions_and_sync_requests_end(store: Store) -> None:
    def fill(connection: Connection) -> None:
        for expires_at in (NOW - 1, NOW + 1):
            key = str(expires_at).encode()
            times = {"created_at": 0, "seen_at": 0, "expires_at": expires_at}
            add(connection, sessions, token_hash=key, user_id=1, **times)
            fields = {"browser_hash": b"", "verifier": b"", "nonce": "", "intent": "", "return_to": ""}
            add(connection, sign_ins, state_hash=key, expires_at=expires_at, **fields)
        for age in (SYNC_REQUEST_KEPT_MS + 1, SYNC_REQUEST_KEPT_MS - 1):
            times = {"accepted_at": NOW - age, "deadline_at": NOW}
            add(connection, sync_requests, id=f"req_{age}", user_id=1, calendars="[]", head=0, **times)

    await store.write(fill)
    report = await purge(engine_over(store))
    assert (report.sign_ins, report.sessions, report.sync_requests) == (1, 1, 1)


async def test_how_long_is_kept_is_a_setting(store: Store) -> None:
    def fill(connection: Connection) -> None:
        add(connection, projections, **OPEN)
        add_event(connection, "deleted", status="cancelled", deleted_at=NOW - 2 * HOUR)
        add(connection, changes, user_id=1, id=1, calendar_id="cal", kind="updated", at=NOW - 2 * HOUR)

    await store.write(fill)
    kept = await purge(engine_over(store), Keeping(tombstones_ms=3 * HOUR, changes_ms=3 * HOUR))
    assert (kept.tombstones, kept.changes) == (0, 0)
    gone = await purge(engine_over(store), Keeping(tombstones_ms=HOUR, changes_ms=HOUR))
    assert (gone.tombstones, gone.changes) == (1, 1)
