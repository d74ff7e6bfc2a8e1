"""The access token ends while several workers need one: one of them refreshes, the others take its token."""

import asyncio
import sqlite3

from sqlalchemy.exc import OperationalError

from calferry.sync.credentials import Credentials
from tests.harness.ports import PlainVault
from tests.scenarios.stage import Stage, staged


def another(stage: Stage, name: str) -> Credentials:
    """The same store seen by another process."""
    own = stage.service.credentials
    return Credentials(name, own.store, PlainVault(), own.oauth, own.clock, own.dice)


@staged()
async def test_one_request_serves_them_all(stage: Stage) -> None:
    await stage.clock.sleep(3600)
    stage.asked()
    stage.service.transport.latency_s = 0.5
    workers = [another(stage, f"worker-{n}").of(stage.account_id) for n in range(4)]  # type: ignore[arg-type]
    tokens = await asyncio.gather(*(worker.access_token() for worker in workers for _ in range(3)))
    assert len(set(tokens)) == 1
    assert stage.asked_methods() == {"token": 1}


@staged()
async def test_dead_worker_does_not_hold_the_right_for_ever(stage: Stage) -> None:
    await stage.clock.sleep(3600)
    stage.service.transport.latency_s = 10.0
    dying = asyncio.create_task(another(stage, "dying").of(stage.account_id).access_token())  # type: ignore[arg-type]
    await stage.clock.sleep(1)

    async def never(row: object, values: object) -> bool:
        return False

    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    stage.service.transport.latency_s = 0.0
    token = await another(stage, "living").of(stage.account_id).access_token()  # type: ignore[arg-type]
    assert token


@staged()
async def test_rotated_refresh_token_is_kept(stage: Stage) -> None:
    before = (await stage.account()).refresh_token
    fresh = stage.google.grant("alice@example.com").refresh_token
    await stage.clock.sleep(3600)
    oauth = stage.service.credentials.oauth
    refresh = oauth.refresh

    async def rotating(token: str):  # type: ignore[no-untyped-def]
        answer = await refresh(token)
        return type(answer)(answer.token, answer.expires_in_s, answer.scopes, fresh)

    oauth.refresh = rotating  # type: ignore[method-assign]
    await stage.done()
    oauth.refresh = refresh  # type: ignore[method-assign]
    assert (await stage.account()).refresh_token != before
    await stage.clock.sleep(3600)
    await stage.done()


@staged()
async def test_right_and_token_survive_a_store_that_failed_once(stage: Stage) -> None:
    await stage.clock.sleep(3600)
    stage.asked()
    stage.service.transport.latency_s = 6.0
    write, refused = stage.service.store.write, list[str]()

    async def failing(work):  # type: ignore[no-untyped-def]
        if stage.clock.monotonic() > began_at + 9 and not refused:
            refused.append("renewal")
            raise OperationalError("", None, sqlite3.OperationalError("disk I/O error"))
        return await write(work)

    began_at = stage.clock.monotonic()
    stage.service.store.write = failing  # type: ignore[method-assign]
    token = await another(stage, "worker").of(stage.account_id).access_token()  # type: ignore[arg-type]
    assert (refused, bool(token)) == (["renewal"], True)
    assert stage.asked_methods() == {"token": 1}
