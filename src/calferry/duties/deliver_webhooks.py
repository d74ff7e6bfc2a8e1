"""Telling people's endpoints what has changed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from calferry.core import subscription as rules
from calferry.core.failure import LeaseLost
from calferry.core.subscription import Receipt
from calferry.store import alarms, deliveries
from calferry.store.deliveries import Delivery
from calferry.store.sealed import webhook_context
from calferry.store.subscriptions import Subscription
from calferry.store.sync_states import NO_LEASE, LeaseTerms
from calferry.sync.engine import Engine
from calferry.sync.lease import terms
from calferry.vault import VaultError

AT_ONCE = 8
"""Messages of one endpoint that are on their way together, of different lines."""
ENDPOINTS_AT_ONCE = 50
SLICE_MS = 30_000
LOOK_EVERY_S = 1.0
KEPT_MS = 7 * 24 * 3_600_000
STALE_SLACK_S = 3_600.0
NO_SECRET = Receipt(None, "no secret of the subscription can be opened: make a new one")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt and how it went."""

    delivery: Delivery
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Round:
    """What is to be sent next for a subscription that this process holds."""

    held: Subscription
    messages: list[Delivery]


async def deliver_webhooks(engine: Engine) -> int:
    """Send what is due, each endpoint at its own pace; returns how many messages were taken."""
    running: dict[str, asyncio.Task[int]] = {}
    ends_ms, taken, resting = engine.clock.lease_ms() + SLICE_MS, 0, set[str]()
    while True:
        if engine.clock.lease_ms() < ends_ms:
            for subscription_id in await due_now(engine):
                if subscription_id not in running.keys() | resting and len(running) < ENDPOINTS_AT_ONCE:
                    work = deliver_to(engine, subscription_id, ends_ms)
                    running[subscription_id] = asyncio.create_task(work, name=f"deliver {subscription_id}")
        if not running:
            return taken
        await asyncio.wait(running.values(), timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        ended = {key: task for key, task in running.items() if task.done()}
        taken += sum(task.result() for task in ended.values())
        resting |= {key for key, task in ended.items() if task.result() == 0}
        running = {key: task for key, task in running.items() if key not in ended}


async def due_now(engine: Engine) -> list[str]:
    now_ms, lease = engine.clock.now_ms(), terms(engine)
    return await engine.store.read(lambda connection: deliveries.due(connection, now_ms, lease))


async def deliver_to(engine: Engine, subscription_id: str, ends_ms: int) -> int:
    """Send for one subscription until there is nothing more to send now; what is in hand at the end is sent still."""
    held, taken, sent = None, 0, list[Sent]()
    try:
        while True:
            step = partial(
                next_round, held=held, sent=sent, lease=terms(engine), now_ms=engine.clock.now_ms(),
                jitter=engine.dice.uniform(1.0, 1.25), goes_on=engine.clock.lease_ms() < ends_ms,
            )  # fmt: skip
            work = await engine.store.write(partial(step, subscription_id=subscription_id))
            if work is None:
                return taken
            held = work.held
            sent = await asyncio.gather(*(send(engine, held, message) for message in work.messages))
            taken += sum(one.receipt.is_delivered for one in sent)
    except LeaseLost:
        return taken


def next_round(
    connection: Connection,
    *,
    subscription_id: str,
    held: Subscription | None,
    sent: Sequence[Sent],
    lease: LeaseTerms,
    now_ms: int,
    jitter: float,
    goes_on: bool,
) -> Round | None:
    """One transaction: what became of the round before, what is new in the log, and what comes next. None: nothing does,
    and the lease is given back. Raises `LeaseLost`."""
    if held is None:
        held = deliveries.take(connection, subscription_id, lease, now_ms)
        if held is None:
            return None
    elif not record(connection, held, sent, now_ms, jitter):
        return None
    deliveries.take_news(connection, held, now_ms)
    messages = deliveries.next_ones(connection, held, now_ms, AT_ONCE) if goes_on else []
    if not messages:
        deliveries.release(connection, held)
        return None
    deliveries.write(connection, held, {"lease_until": lease.until, "lease_boot": lease.boot})
    for message in messages:
        if message.first_try_at is None:
            deliveries.set_fate(connection, message.number, {"first_try_at": now_ms})
    return Round(held, messages)


def record(
    connection: Connection, held: Subscription, sent: Sequence[Sent], now_ms: int, jitter: float
) -> bool:
    """Write how a round went. Tells whether the endpoint may be sent more now; else the lease has been given back."""
    kept = deliveries.facts(connection, held)
    success_at = now_ms if any(one.receipt.is_delivered for one in sent) else kept.last_success_at
    fates: dict[rules.Follows, Sent] = {}
    for one in sent:
        fate = rules.follows(one.receipt, one.delivery.first_try_at or now_ms, success_at, now_ms)
        wait_ms = int(rules.wait_ms(one.delivery.attempts + 1, one.receipt.retry_after_s) * jitter)
        deliveries.set_fate(connection, one.delivery.number, fate_values(one, fate, now_ms, wait_ms))
        fates.setdefault(fate, one)
    values: dict[str, Any] = {}
    if "delivered" in fates:
        values = {"failures": 0, "last_success_at": now_ms, "last_error": None}
    broken = fates.get("endpoint_fails") or fates.get("endpoint_waits")
    if broken is not None:
        failures = values.get("failures", kept.failures) + 1
        wait_ms = int(rules.wait_ms(failures, broken.receipt.retry_after_s) * jitter)
        values |= {"failures": failures, "next_try_at": now_ms + wait_ms, "last_error": broken.receipt.reason}
    if "endpoint_fails" in fates:
        values |= {"status": "failing", "next_try_at": None}
    if values:
        deliveries.write(connection, held, values if broken is None else {**values, **NO_LEASE})
    return broken is None


def fate_values(one: Sent, fate: rules.Follows, now_ms: int, wait_ms: int) -> dict[str, Any]:
    values = {
        "attempts": one.delivery.attempts + 1,
        "answer": one.receipt.answer,
        "error": one.receipt.reason,
    }
    match fate:
        case "delivered":
            return {**values, "status": "delivered", "settled_at": now_ms}
        case "given_up":
            return {**values, "status": "failed", "settled_at": now_ms}
        case "wait":
            return {**values, "next_try_at": now_ms + wait_ms}
        case _:
            return {**values, "next_try_at": None}


async def send(engine: Engine, held: Subscription, message: Delivery) -> Sent:
    """One attempt; whatever goes wrong is in the receipt."""
    secrets = opened_secrets(engine, held)
    if not secrets:
        return Sent(message, NO_SECRET)
    body, at_s = message_of(message), engine.clock.now_ms() // 1000
    headers = rules.headers_of(secrets, message.id, at_s, body)
    return Sent(message, await engine.outbound.post(held.url, headers, body))


def opened_secrets(engine: Engine, held: Subscription) -> list[str]:
    opened = []
    for secret in held.secrets:
        try:
            opened.append(engine.vault.open(secret.secret, webhook_context(secret.id)))
        except VaultError as error:
            log.warning("webhook_secret_unreadable", secret=secret.id, error=str(error))
    return opened


def message_of(message: Delivery) -> bytes:
    data = {
        "change_id": None if message.change_id is None else str(message.change_id),
        "account_id": message.account_id,
        "calendar_id": message.calendar_id,
        "event_id": message.event_id,
    }
    return rules.body_of(message.kind, rules.timestamp(message.at), data, message.raw)


async def raise_alarms(engine: Engine) -> int:
    """Tell of accounts that need their person, and of calendars that were not read for too long; returns how many."""
    now_ms, intervals = engine.clock.now_ms(), engine.intervals
    usual_s = intervals.poll_without_push_s if engine.webhook_address is None else intervals.poll_with_push_s
    stale_before_ms = now_ms - int((usual_s * (1 + intervals.jitter) + STALE_SLACK_S) * 1000)
    found = await engine.store.read(partial(alarms.look, stale_before_ms=stale_before_ms))
    if not found.alarms and not found.over:
        return 0
    ids = [engine.ids.new("msg") for _ in found.alarms]
    return await engine.store.write(lambda connection: alarms.write(connection, ids, stale_before_ms, now_ms))


async def forget_deliveries(engine: Engine) -> int:
    """The log of deliveries is kept for a week."""
    before_ms = engine.clock.now_ms() - KEPT_MS
    return await engine.store.write(partial(deliveries.delete_settled, settled_before_ms=before_ms))
