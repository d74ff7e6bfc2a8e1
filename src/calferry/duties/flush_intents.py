"""Edits of ours that wait to be sent to Google."""

import asyncio
from typing import NamedTuple

from sqlalchemy import Connection

from calferry.store import intents
from calferry.sync.engine import Engine
from calferry.sync.lease import terms
from calferry.sync.send_intent import send_intent
from calferry.sync.settle_intent import give_up_gone

AT_ONCE = 10
AT_MOST = 200


class Flush(NamedTuple):
    """How many were sent to Google, whatever it said, and how many given up with their calendars."""

    sent: int
    given_up: int


async def flush_intents(engine: Engine) -> Flush:
    """Send what is due, the first of each line; what waits behind it follows at once."""
    given_up = await give_up_gone(engine)
    places, tried = asyncio.Semaphore(AT_ONCE), set[str]()

    async def send(intent_id: str) -> bool:
        async with places:
            return await send_intent(engine, intent_id)

    sent = 0
    while due := [known for known in await due_now(engine) if known not in tried]:
        tried.update(due)
        sent += sum(await asyncio.gather(*(send(intent_id) for intent_id in due)))
    return Flush(sent, given_up)


async def due_now(engine: Engine) -> list[str]:
    now_ms, lease = engine.clock.now_ms(), terms(engine)

    def look(connection: Connection) -> list[str]:
        return intents.due(connection, now_ms, lease, AT_MOST)

    return await engine.store.read(look)
