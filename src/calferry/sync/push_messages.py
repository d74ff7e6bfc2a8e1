"""What a push channel's messages do. In a flood many are taken in one transaction, with a few statements."""

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message; `resource` and `mark` where it brought news."""

    verdict: Verdict
    resource: str = ""
    mark: int | None = None


async def receive(engine: Engine, notification: Notification, received_ms: int | None = None) -> Verdict:
    """Verify a message and mark what it is about. A stranger's message writes nothing.

    A channel that speaks although it was stopped is to be stopped once more. `received_ms` is the lease time at which the
    message came, where that was not just now.
    """
    received_ms = engine.clock.lease_ms() if received_ms is None else received_ms
    taken = await engine.store.write(Taking(notification, engine.clock.now_ms()))
    if taken.mark is not None:
        engine.observer.marked(taken.resource, taken.mark, received_ms)
    if taken.verdict == "accepted" and notification.resource_state != "sync":
        engine.signals.wake("due")
    return taken.verdict


@dataclass(frozen=True, slots=True)
class Taking:
    """The transaction of a message. Looked up and noted in one: waiting for a second takes as long again."""

    notification: Notification
    now_ms: int

    def __call__(self, connection: Connection) -> Taken:
        return self.together(connection, [self])[0]

    @staticmethod
    def together(connection: Connection, works: Sequence["Taking"]) -> list[Taken]:
        """The answer of each. Messages about one resource share a mark."""
        rows = channels.load_all_for_push(connection, {work.notification.channel_id for work in works})
        found = [(work, rows.get(work.notification.channel_id)) for work in works]
        judged = [(work, row, verdict_on(work, row)) for work, row in found]
        accepted = [
            Accepted(row.resource, row.account_id, work.notification, work.now_ms)
            for work, row, verdict in judged
            if row is not None and verdict == "accepted"
        ]
        marks = note(connection, accepted) if accepted else {}
        for channel_id in sorted({row.id for _, row, verdict in judged if row and verdict == "closed"}):
            channels.stop_again(connection, channel_id)
        return [
            Taken(verdict) if verdict != "accepted" or row is None else told(work, row.resource, marks)
            for work, row, verdict in judged
        ]


def verdict_on(work: Taking, row: Any | None) -> Verdict:
    known = None
    if row is not None:
        usable = row.account_status in USABLE and row.removed_at is None
        known = KnownChannel(row.state, row.token_hash, row.resource_id, row.expires_at, usable)
    return verify(known, Message(work.notification.channel_token, work.notification.resource_id), work.now_ms)


def told(work: Taking, resource: str, marks: Mapping[str, int]) -> Taken:
    is_news = work.notification.resource_state != "sync"
    return Taken("accepted", resource, marks.get(resource) if is_news else None)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A verified message and what it is about."""

    resource: str
    account_id: str
    notification: Notification
    now_ms: int


def note(connection: Connection, accepted: Sequence[Accepted]) -> dict[str, int]:
    """Count the messages and mark what they bring news of; returns the mark of each resource.

    All rows are held first, in one order: processes that lock the same rows in different orders would end each other.
    """
    news = sorted({one.resource for one in accepted if one.notification.resource_state != "sync"})
    gone = sorted({one.account_id for one in accepted if one.notification.resource_state == "not_exists"})
    sync_states.hold(connection, *sorted({one.resource for one in accepted}.union(gone)))
    channels.note_pushes(
        connection,
        [(one.notification.channel_id, one.notification.resource_id, one.now_ms) for one in accepted],
    )
    now_ms = max(one.now_ms for one in accepted)
    marks = sync_states.mark(connection, news, now_ms) if news else {}
    for account_id in gone:
        listed = {"last_full_at": None, "next_due_at": now_ms}
        connection.execute(states.update().where(states.c.id == account_id).values(listed))
    return marks
