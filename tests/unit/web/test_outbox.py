"""A reader's queue."""

import asyncio

import pytest

from calferry.web.event_stream import EventStream
from calferry.web.outbox import Outbox, ReaderTooSlow
from tests.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_chunks_come_out_in_order_until_it_is_closed() -> None:
    outbox = Outbox()
    for chunk in (b"a", b"b"):
        await outbox.put(chunk)
    outbox.close()
    assert [await outbox.take() for _ in range(3)] == [b"a", b"b", None]


async def test_a_reader_who_takes_nothing_is_let_go() -> None:
    outbox = Outbox(behind_max=10, stalled_s=0.01)
    await outbox.put(b"x" * 11)
    with pytest.raises(ReaderTooSlow):
        await outbox.put(b"y")


async def test_a_reader_who_still_takes_is_waited_for() -> None:
    outbox = Outbox(behind_max=10, stalled_s=5)
    await outbox.put(b"x" * 11)
    waiting = asyncio.ensure_future(outbox.put(b"y"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await outbox.take() == b"x" * 11
    await waiting
    assert await outbox.take() == b"y"


class Wire:
    """An ASGI connection: what was sent, and a reader who may stop or leave."""

    def __init__(self) -> None:
        self.sent: list[dict] = []
        self.left = asyncio.Event()
        self.stalled = asyncio.Event()
        self.stalled.set()

    async def send(self, message: dict) -> None:
        await self.stalled.wait()
        self.sent.append(message)

    async def receive(self) -> dict:
        await self.left.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def test_a_stream_sends_everything_and_ends() -> None:
    async def produce(outbox: Outbox) -> None:
        await outbox.put(b"one")
        await outbox.put(b"two")

    wire = Wire()
    await EventStream(produce)({"type": "http"}, wire.receive, wire.send)
    assert wire.sent[0]["status"] == 200
    assert wire.body == b"onetwo"
    assert wire.sent[-1]["more_body"] is False


async def test_a_stream_ends_when_its_reader_leaves_and_leaks_no_task() -> None:
    async def produce(outbox: Outbox) -> None:
        await outbox.put(b"one")
        await asyncio.Event().wait()

    wire = Wire()
    before = len(asyncio.all_tasks())
    stream = asyncio.ensure_future(EventStream(produce)({"type": "http"}, wire.receive, wire.send))
    await eventually(lambda: wire.body)
    wire.left.set()
    await stream
    assert len(asyncio.all_tasks()) == before


async def test_a_stalled_reader_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calferry.web.event_stream.Outbox", lambda: Outbox(behind_max=10, stalled_s=0.01))
    wire = Wire()

    async def produce(outbox: Outbox) -> None:
        wire.stalled.clear()
        while True:
            await outbox.put(b"x" * 6)

    await EventStream(produce)({"type": "http"}, wire.receive, wire.send)
    assert len(wire.body) <= 6
    assert wire.sent[-1].get("more_body") is not False
