"""The sender of notifications: a process of its own, so that it disturbs nothing it measures.

Open loop: when each request is due is decided beforehand, and its latency counts from then, whether or not a connection
was free. Reads its plan as one line of JSON from standard input, and answers with one.
"""

import asyncio
import json
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import uvloop

from bench.percentiles import percentiles

END = b"\r\n\r\n"
LAST_ANSWERS_S = 30.0


@dataclass(slots=True)
class Tally:
    latencies_ms: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    last_sent: dict[int, float] = field(default_factory=dict)
    """Wall time of the last request to each target."""
    ended: float = 0.0


class Wire(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.due = 0.0
        self.busy = False
        self.received = b""
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send(self, request: bytes, due: float) -> None:
        self.due, self.busy, self.received = due, True, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        if END in self.received:
            self.busy = False
            self.pool.answered(self, self.received[9:12].decode())

    def connection_lost(self, _error: Exception | None) -> None:
        if self.busy:
            self.pool.answered(self, "lost", reusable=False)


class Pool:
    def __init__(self, requests: list[bytes]) -> None:
        self.requests = requests
        self.idle: deque[Wire] = deque()
        self.waiting: deque[tuple[int, float]] = deque()
        self.tally = Tally()
        self.open = 0
        self.over = asyncio.Event()

    def arrive(self, target: int, due: float) -> None:
        self.open += 1
        if self.idle:
            self._send(self.idle.popleft(), target, due)
        else:
            self.waiting.append((target, due))

    def _send(self, wire: Wire, target: int, due: float) -> None:
        self.tally.last_sent[target] = time.time()
        wire.send(self.requests[target], due)

    def answered(self, wire: Wire, status: str, *, reusable: bool = True) -> None:
        now = time.perf_counter()
        self.tally.latencies_ms.append((now - wire.due) * 1000)
        self.tally.statuses[status] += 1
        self.tally.ended = now
        self.open -= 1
        if reusable and self.waiting:
            self._send(wire, *self.waiting.popleft())
        elif reusable:
            self.idle.append(wire)
        if not self.open:
            self.over.set()


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    host, _, port = plan["address"].partition(":")
    pool = Pool([text.encode() for text in plan["requests"]])
    loop = asyncio.get_running_loop()
    for _ in range(plan["connections"]):
        _, wire = await loop.create_connection(lambda: Wire(pool), host, int(port))
        pool.idle.append(wire)
    count, step = int(plan["rate"] * plan["seconds"]), 1 / plan["rate"]
    began, sent = time.perf_counter(), 0
    while sent < count:
        now = time.perf_counter()
        while sent < count and began + sent * step <= now:
            pool.arrive(sent % len(pool.requests), began + sent * step)
            sent += 1
        # uvloop counts in milliseconds: less would be none at all, and take a whole core.
        await asyncio.sleep(0.002)
    pool.over.clear()
    if pool.open:
        async with asyncio.timeout(LAST_ANSWERS_S):
            await pool.over.wait()
    tally = pool.tally
    return {
        "sent": count,
        "statuses": dict(tally.statuses),
        "latency_ms": percentiles(tally.latencies_ms),
        "seconds_until_all_answered": round(tally.ended - began, 3),
        "last_sent": [tally.last_sent[target] for target in range(min(len(pool.requests), count))],
        "generator_cpu_s": round(time.process_time(), 2),
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(json.loads(sys.stdin.readline())))))
