"""Edits on their way: sent at once, waited for a little, and what is answered then."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from calferry.core.intent import Intent
from calferry.store import conflicts, intents
from calferry.store.unavailable import UNAVAILABLE
from calferry.sync.accept_edit import Accepted, accept, no_objection
from calferry.sync.edit import NO_CALENDAR, Edit, EditRefused
from calferry.sync.send_intent import send_intent
from calferry.web.problems import Problem
from calferry.web.service import Service

WAIT_S = 5.0
LOOK_AGAIN_S = 0.2
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an edit so far. `intent` is None where there was nothing to do; `last` is the last of its intents."""

    accepted: Accepted
    intent: Intent | None
    last: Intent | None


async def send(
    service: Service,
    edit: Edit,
    idempotency_key: str | None,
    objection: Callable[[Connection], None] = no_objection,
) -> Sent:
    """Store the edit, try it at once, and return when it is settled or has taken too long. Raises the `Problem` of an edit
    that is refused, by us or by Google, that met another one, or that went with its account. For `objection` see `accept`.
    """
    try:
        accepted = await accept(service.engine, edit, idempotency_key, objection)
    except EditRefused as refused:
        raise problem_of(refused) from None
    if not accepted.intent_ids:
        return Sent(accepted, None, None)
    done = asyncio.Event()
    service.spawn(deliver(service, edit.user_id, accepted.intent_ids, done))
    try:
        async with asyncio.timeout(WAIT_S):
            await done.wait()
    except TimeoutError:
        log.info("edit_takes_long", intent=accepted.intent_ids[-1])
    found = await service.engine.store.read(lambda tx: rows_of(tx, edit.user_id, accepted.intent_ids))
    if not found:
        raise problem_of(EditRefused(*NO_CALENDAR))
    for intent in found:
        await refuse_unsuccessful(service, intent)
    return Sent(accepted, found[0], found[-1])


def problem_of(refused: EditRefused) -> Problem:
    headers = {"Retry-After": "60"} if refused.status == 429 else None
    return Problem(refused.status, refused.code, refused.detail, retryable=refused.retryable, headers=headers)


def rows_of(connection: Connection, user_id: int, intent_ids: tuple[str, ...]) -> list[Intent]:
    found = [intents.load(connection, user_id, intent_id) for intent_id in intent_ids]
    return [intent for intent in found if intent is not None]


async def deliver(service: Service, user_id: int, intent_ids: tuple[str, ...], done: asyncio.Event) -> None:
    """Send them one after the other, as far as that is possible now; the duty sends the rest."""
    engine, tries = service.engine, int(WAIT_S / LOOK_AGAIN_S)
    try:
        for intent_id in intent_ids:
            for _ in range(tries):
                if await send_intent(engine, intent_id):
                    break
                found = await engine.store.read(lambda tx, key=intent_id: rows_of(tx, user_id, (key,)))  # type: ignore[misc]
                if not any(intent.status == "pending" for intent in found):
                    break
                await engine.signals.wait("intents", LOOK_AGAIN_S)
    except UNAVAILABLE as error:
        log.warning("edit_not_sent", error=str(error))
    finally:
        done.set()


async def refuse_unsuccessful(service: Service, intent: Intent) -> None:
    """Raises the `Problem` of an intent that failed, once and for all."""
    if intent.status == "failed":
        raise Problem(
            refused_status(intent.error_code),
            "google_refused",
            intent.error_message or "Google refused this edit.",
            reason=intent.error_reason or None,
            intent_id=intent.id,
        )
    if intent.status == "conflict":
        conflict = await service.engine.store.read(
            lambda tx: conflicts.of_intent(tx, intent.user_id, intent.id)
        )
        raise Problem(
            409,
            "conflict",
            intent.error_message or "The event has been changed at Google meanwhile.",
            intent_id=intent.id,
            conflict_id=conflict.id if conflict else None,
            fields=conflict.field_names if conflict else None,
        )
    if intent.status == "cancelled":
        raise Problem(409, "intent_cancelled", "This edit was taken back.", intent_id=intent.id)


def refused_status(code: str | None) -> int:
    """Google's status where it says that the request is at fault."""
    return int(code) if code and code.isdigit() and 400 <= int(code) < 500 else 502
