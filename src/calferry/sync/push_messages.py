"""What a push channel's messages do. In a flood many are looked up and noted at once, with a few statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from calferry.core.channel_state import KnownChannel, Message, Verdict, verify
from calferry.store import channels, sync_states
from calferry.store.tables import sync_states as states
from calferry.sync.begin import USABLE
from calferry.sync.engine import Engine


class Notification(Protocol):
    """What a webhook's headers say."""

    @property
    def channel_id(self) -> str: ...
    @property
    def resource_id(self) -> str: ...
    @property
    def resource_state(self) -> str: ...
    @property
    def channel_token(self) -> str | None: ...


async def receive(engine: Engine, notification: Notification, received_ms: int | None = None) -> Verdict:
    """Verify a message and mark what it is about. A stranger's message writes nothing.

    A channel that speaks although it was stopped is to be stopped once more. `received_ms` is the lease time at which the
    message came, where that was not just now.
    """
    now_ms = engine.clock.now_ms()
    received_ms = engine.clock.lease_ms() if received_ms is None else received_ms
    row = await engine.store.read(LookUp(notification.channel_id))
    known = None
    if row is not None:
        usable = row.account_status in USABLE and row.removed_at is None
        known = KnownChannel(row.state, row.token_hash, row.resource_id, row.expires_at, usable)
    message = Message(notification.channel_token, notification.resource_id)
    verdict = verify(known, message, now_ms)
    if verdict == "accepted" and row is not None:
        mark = await accept(engine, row.resource, row.account_id, notification, now_ms)
        if mark is not None:
            engine.observer.marked(row.resource, mark, received_ms)
    if verdict == "closed":
        await engine.store.write(lambda tx: channels.stop_again(tx, notification.channel_id))
    return verdict


async def accept(
    engine: Engine, resource: str, account_id: str, notification: Notification, now_ms: int
) -> int | None:
    """The mark that the message has left; None for one that brings no news."""
    mark = await engine.store.write(Noting(resource, account_id, notification, now_ms))
    if notification.resource_state != "sync":
        engine.signals.wake("due")
    return mark


@dataclass(frozen=True, slots=True)
class LookUp:
    """The reading of a message's channel."""

    channel_id: str

    def __call__(self, connection: Connection) -> Any | None:
        return channels.load_for_push(connection, self.channel_id)

    @staticmethod
    def together(connection: Connection, works: Sequence["LookUp"]) -> list[Any | None]:
        """The answer of each."""
        found = channels.load_all_for_push(connection, {work.channel_id for work in works})
        return [found.get(work.channel_id) for work in works]


@dataclass(frozen=True, slots=True)
class Noting:
    """The transaction of an accepted message. `about` puts those that are carried out together into one order everywhere."""

    about: str
    account_id: str
    notification: Notification
    now_ms: int

    def __call__(self, connection: Connection) -> int | None:
        mark, told = None, self.notification
        channels.note_push(connection, told.channel_id, told.resource_id, self.now_ms)
        if told.resource_state != "sync":
            mark = sync_states.mark(connection, [self.about], self.now_ms).get(self.about)
        if told.resource_state == "not_exists":
            listed = {"last_full_at": None, "next_due_at": self.now_ms}
            connection.execute(states.update().where(states.c.id == self.account_id).values(listed))
        return mark

    @staticmethod
    def together(connection: Connection, works: Sequence["Noting"]) -> list[int | None]:
        """The answer of each. Messages about one resource share a mark; rarer ones than `exists` are noted one by one."""
        usual = [work for work in works if work.notification.resource_state == "exists"]
        resources = sorted({work.about for work in usual})
        sync_states.hold(connection, *resources)
        channels.note_pushes(
            connection,
            [(work.notification.channel_id, work.notification.resource_id, work.now_ms) for work in usual],
        )
        now_ms = max((work.now_ms for work in usual), default=0)
        marks = sync_states.mark(connection, resources, now_ms) if resources else {}
        return [
            marks.get(work.about) if work.notification.resource_state == "exists" else work(connection)
            for work in works
        ]
