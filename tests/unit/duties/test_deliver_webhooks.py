"""Endpoints are told every change, in order for each event, whatever happens to them or to us."""

import asyncio
import json
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import standardwebhooks.webhooks
from sqlalchemy import Connection, select, update
from standardwebhooks import Webhook, WebhookVerificationError

from calferry.core.subscription import KINDS, Receipt, new_secret
from calferry.duties.deliver_webhooks import deliver_webhooks, forget_deliveries, raise_alarms
from calferry.store import changes as log
from calferry.store import retention, subscriptions
from calferry.store.sealed import webhook_context
from calferry.store.subscriptions import Secret
from calferry.store.tables import accounts, deliveries
from calferry.store.tables import subscriptions as table
from calferry.sync.engine import Engine
from calferry.vault import SealingVault
from tests.harness.databases import empty_store
from tests.house.tree import ROOT, read
from tests.unit.duties.rows import HOUR, NOW, StillClock, add_account, add_calendar, add_event, engine_over

DOWN, TAKEN = Receipt(None, "refuses connections"), Receipt(200)
DAY = 24 * HOUR
MOVED = (1, "cal_1", "tea", "updated", NOW, True)
PAGE = read(ROOT / "docs" / "webhooks.md")


@dataclass
class Receiver:
    """Somebody's endpoint: verifies what it takes, and answers as it is told."""

    clock: StillClock
    answer: Any = TAKEN
    secrets: list[str] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    attempts: int = 0

    async def refusal(self, address: str) -> str | None:
        raise AssertionError(address)

    async def post(self, address: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        assert address == "https://example.com/hook"
        await asyncio.sleep(0)
        self.attempts += 1
        message = json.loads(body)
        receipt: Receipt = self.answer(message) if callable(self.answer) else self.answer
        if receipt.is_delivered:
            for secret in self.secrets:
                assert Webhook(secret).verify(body, dict(headers)) == message
            self.taken.append(message)
            self.ids.append(headers["webhook-id"])
        return receipt

    def by_event(self) -> dict[str, list[int]]:
        found = defaultdict(list)
        for message in self.taken:
            found[message["data"]["event_id"]].append(int(message["data"]["change_id"]))
        return dict(found)


@dataclass
class Stage:
    engine: Engine
    clock: StillClock
    receiver: Receiver
    secret: str

    async def deliver(self) -> int:
        return await deliver_webhooks(self.engine)

    async def change(self, *kinds: tuple[str | None, str]) -> None:
        await self.engine.store.write(lambda tx: log.append(tx, 1, "cal_1", kinds, self.clock.now))

    async def pass_time(self, hours: float, every_s: float = 60) -> None:
        for _ in range(int(hours * 3_600 / every_s)):
            self.clock.now += int(every_s * 1000)
            self.clock.lease += int(every_s * 1000)
            await self.deliver()

    async def rows(self) -> list[Any]:
        statement = select(deliveries).order_by(deliveries.c.number)
        return await self.engine.store.read(lambda tx: tx.execute(statement).all())

    async def endpoint(self) -> Any:
        return await self.engine.store.read(lambda tx: tx.execute(select(table)).one())


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """One subscription to everything, of a person with one calendar and one event."""
    store, clock, secret = empty_store(), StillClock(), new_secret("random")
    receiver = Receiver(clock, secrets=[secret])
    vault = SealingVault([bytes(range(32))], os.urandom)
    engine = replace(engine_over(store, clock), outbound=receiver, vault=vault)

    class ItsDatetime(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.fromtimestamp(clock.now / 1000, tz or UTC)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", ItsDatetime)

    def fill(connection: Connection) -> None:
        add_account(connection)
        add_calendar(connection, "cal_1", projection_id=1, last_success_at=NOW)
        add_event(connection, "tea", raw='{"id":"tea","summary":"Tee ☕"}')
        subscriptions.create(connection, 1, "sub_1", "https://example.com/hook", "", KINDS, NOW)
        add_secret(connection, engine, "whs_1", secret, NOW)

    await store.write(fill)
    return Stage(engine, clock, receiver, secret)


def add_secret(connection: Connection, engine: Engine, secret_id: str, text: str, until: int) -> None:
    sealed = engine.vault.seal(text, webhook_context(secret_id))
    now_ms = engine.clock.now_ms()
    subscriptions.add_secret(connection, (1, "sub_1"), Secret(secret_id, now_ms, None, sealed), until)


async def test_a_message_says_what_changed_and_holds_the_event_as_it_is(stage: Stage) -> None:
    await stage.change(("tea", "created"))
    await stage.engine.store.write(lambda tx: log.reserve(tx, 1, 1))
    await stage.engine.store.write(lambda tx: log.write(tx, [(*MOVED, 2)]))
    await stage.change(("gone", "cancelled"), (None, "calendar_removed"), (None, "calendar_added"))
    assert await stage.deliver() == 5
    tea = {"calendar_id": "cal_1", "event_id": "tea", "event": {"id": "tea", "summary": "Tee ☕"}}
    at = "2027-01-15T08:00:00.000Z"
    assert sorted(stage.receiver.taken, key=lambda message: message["data"]["change_id"]) == [
        {"type": "event.created", "timestamp": at, "data": {"change_id": "1", **tea}},
        {"type": "event.moved", "timestamp": at, "data": {"change_id": "2", **tea}},
        {
            "type": "event.deleted",
            "timestamp": at,
            "data": {"change_id": "3", "calendar_id": "cal_1", "event_id": "gone", "event": None},
        },
        {"type": "calendar.removed", "timestamp": at, "data": {"change_id": "4", "calendar_id": "cal_1"}},
        {"type": "calendar.added", "timestamp": at, "data": {"change_id": "5", "calendar_id": "cal_1"}},
    ]
    assert {(row.status, row.attempts, row.answer) for row in await stage.rows()} == {("delivered", 1, 200)}
    assert (await stage.endpoint()).lease_owner is None
    assert await stage.deliver() == 0


async def test_the_message_on_the_page_has_the_form_of_those_that_are_sent(stage: Stage) -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    await stage.engine.store.write(lambda tx: log.reserve(tx, 1, 1))
    await stage.engine.store.write(lambda tx: log.write(tx, [(*MOVED, 1)]))
    assert await stage.deliver() == 1
    (sent,) = stage.receiver.taken
    assert form(json.loads(shown)) == form(sent)
    assert json.loads(shown)["type"] == sent["type"]


def form(message: Any) -> Any:
    """Names and types without the values."""
    if isinstance(message, dict):
        return {name: form(value) for name, value in message.items()}
    return type(message)


async def test_after_an_hour_down_every_change_arrives_in_order_per_event(stage: Stage) -> None:
    stage.receiver.answer = DOWN
    told = defaultdict(list)
    number = 0
    for minute in range(60):
        kinds = [(f"event{minute % 7}", "updated"), (f"event{minute % 3}", "updated")]
        for event_id, _ in kinds:
            number += 1
            told[event_id].append(number)
        await stage.change(*kinds)
        await stage.pass_time(1 / 60)
    assert stage.receiver.taken == []
    assert stage.receiver.attempts < 120
    assert (await stage.endpoint()).last_error == "refuses connections"
    stage.receiver.answer = TAKEN
    await stage.pass_time(0.4)
    assert stage.receiver.by_event() == told
    assert len(set(stage.receiver.ids)) == len(stage.receiver.ids) == number
    assert ((await stage.endpoint()).failures, (await stage.endpoint()).last_error) == (0, None)


async def test_a_message_that_is_refused_holds_up_its_own_event_alone(stage: Stage) -> None:
    refused = Receipt(422)
    stage.receiver.answer = lambda message: refused if message["data"]["event_id"] == "bad" else TAKEN
    await stage.change(("bad", "created"), ("good", "created"), ("bad", "updated"), ("good", "updated"))
    await stage.deliver()
    assert stage.receiver.by_event() == {"good": [2, 4]}
    for _ in range(26):
        await stage.change(("good", "updated"))
        await stage.pass_time(1, every_s=1_800)
    first, second = [row for row in await stage.rows() if row.event_id == "bad"]
    assert (first.status, first.answer, first.error) == ("failed", 422, "answered 422")
    assert (second.status, (await stage.endpoint()).status) == ("pending", "active")
    stage.receiver.answer = TAKEN
    await stage.pass_time(0.5)
    assert stage.receiver.by_event()["bad"] == [3]


async def test_an_endpoint_down_for_a_day_is_left_alone_until_its_owner_says_so(stage: Stage) -> None:
    stage.receiver.answer = Receipt(503, retry_after_s=1_800.0)
    await stage.change(("tea", "created"), ("tea", "updated"))
    await stage.pass_time(25, every_s=300)
    assert (await stage.endpoint()).status == "failing"
    assert 40 < stage.receiver.attempts < 60
    attempts, stage.receiver.answer = stage.receiver.attempts, TAKEN
    await stage.change(("cake", "created"))
    await stage.pass_time(2, every_s=600)
    assert stage.receiver.attempts == attempts

    def resume(connection: Connection) -> None:
        subscriptions.change(connection, 1, "sub_1", subscriptions.RESUMED)
        subscriptions.begin_anew(connection, "sub_1")

    await stage.engine.store.write(resume)
    await stage.deliver()
    assert stage.receiver.by_event() == {"tea": [1, 2], "cake": [3]}


async def test_who_answers_410_is_told_nothing_more(stage: Stage) -> None:
    stage.receiver.answer = Receipt(410)
    await stage.change(("tea", "created"))
    await stage.pass_time(1)
    assert ((await stage.endpoint()).status, stage.receiver.attempts) == ("failing", 1)


async def test_messages_carry_a_signature_for_every_live_secret(stage: Stage) -> None:
    fresh = new_secret("another")
    stage.clock.now += 1000
    until = stage.clock.now + HOUR
    await stage.engine.store.write(lambda tx: add_secret(tx, stage.engine, "whs_2", fresh, until))
    stage.receiver.secrets = [stage.secret, fresh]
    await stage.change(("tea", "created"))
    assert await stage.deliver() == 1
    stage.clock.now = until
    await stage.change(("tea", "updated"))
    with pytest.raises(WebhookVerificationError):
        await stage.deliver()
    stage.clock.lease += HOUR
    stage.receiver.secrets = [fresh]
    assert await stage.deliver() == 1


async def test_what_was_in_hand_at_a_crash_is_sent_again_and_nothing_is_lost(stage: Stage) -> None:
    await stage.change(("tea", "created"), ("tea", "updated"))
    stage.receiver.answer = lambda message: (_ for _ in ()).throw(OSError("the process dies"))
    with pytest.raises(OSError, match="dies"):
        await stage.deliver()
    stage.receiver.answer = TAKEN
    assert await stage.deliver() == 0
    stage.clock.lease += 31_000
    assert await stage.deliver() == 2
    assert stage.receiver.by_event() == {"tea": [1, 2]}


async def test_two_processes_do_not_send_the_same(stage: Stage) -> None:
    await stage.change(*((f"event{n}", "created") for n in range(20)))
    other = replace(stage.engine, owner="another process")
    assert sum(await asyncio.gather(stage.deliver(), deliver_webhooks(other))) == 20
    assert stage.receiver.attempts == 20


async def test_kinds_that_nobody_asked_for_are_passed_over(stage: Stage) -> None:
    only = {"kinds": subscriptions.written(["event.deleted"])}
    await stage.engine.store.write(lambda tx: subscriptions.change(tx, 1, "sub_1", only))
    await stage.change(("tea", "created"), ("tea", "cancelled"))
    assert await stage.deliver() == 1
    assert (await stage.endpoint()).position == 2


async def test_a_log_that_does_not_go_back_so_far_is_said(stage: Stage) -> None:
    paused = {"status": "paused"}
    await stage.engine.store.write(lambda tx: subscriptions.change(tx, 1, "sub_1", paused))
    await stage.change(("tea", "created"), ("tea", "updated"))
    assert await stage.deliver() == 0
    await stage.engine.store.write(partial(retention.forget_changes, user_id=1, up_to=2))
    await stage.change(("tea", "updated"))
    await stage.engine.store.write(lambda tx: subscriptions.change(tx, 1, "sub_1", subscriptions.RESUMED))
    assert await stage.deliver() == 1
    assert [(message["type"], message["data"]) for message in stage.receiver.taken] == [
        ("sync.reset", {"change_id": "3"})
    ]


async def test_what_lasts_is_told_once_and_again_when_it_comes_back(stage: Stage) -> None:
    async def set_status(status: str) -> None:
        await stage.engine.store.write(lambda tx: tx.execute(update(accounts).values(status=status)))
        await raise_alarms(stage.engine)
        await stage.deliver()

    for status in ("needs_reauth", "needs_reauth", "active", "needs_reauth"):
        await set_status(status)
    told = [(message["type"], message["data"]) for message in stage.receiver.taken]
    assert told == [("account.needs_reauth", {"account_id": "acc_1"})] * 2
    await set_status("active")
    stage.clock.now += 9 * HOUR
    assert [await raise_alarms(stage.engine) for _ in range(2)] == [1, 0]
    await stage.deliver()
    stale = {"account_id": "acc_1", "calendar_id": "cal_1"}
    assert stage.receiver.taken[-1]["type"] == "sync.stale"
    assert stage.receiver.taken[-1]["data"] == stale
    stage.clock.now += 8 * DAY
    assert await forget_deliveries(stage.engine) == 2
    assert await raise_alarms(stage.engine) == 0


async def test_a_subscription_without_a_readable_secret_sends_nothing(stage: Stage) -> None:
    vault = SealingVault([bytes(range(1, 33))], os.urandom)
    await stage.change(("tea", "created"))
    assert await deliver_webhooks(replace(stage.engine, vault=vault)) == 0
    assert stage.receiver.attempts == 0
    assert "no secret" in (await stage.endpoint()).last_error
