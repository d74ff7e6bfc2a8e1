"""Readers of live streams: a process of its own. One line of JSON on standard input says whom to be; then every frame is
noted with the wall time of its arrival, until standard input ends. The answer is one line of JSON."""

import asyncio
import json
import sys
import time
from typing import Any, cast

import uvloop

AT_ONCE = 50
OPENED_WITHIN_S = 30.0
OPENED = b"retry:"


class Listener(asyncio.Protocol):
    def __init__(self, request: bytes, person: int, arrivals: list[tuple[int, int, float]]) -> None:
        self.request = request
        self.person = person
        self.arrivals = arrivals
        self.opened = asyncio.get_running_loop().create_future()
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self.opened.done():
            if OPENED in data:
                self.opened.set_result(True)
            return
        self.rest += data
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            if line.startswith(b"id: "):
                self.arrivals.append((self.person, int(line[4:]), now))

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the stream was not opened"))


async def listen(plan: dict[str, Any]) -> dict[str, Any]:
    host, _, port = plan["address"].partition(":")
    arrivals: list[tuple[int, int, float]] = []
    loop = asyncio.get_running_loop()

    async def open_one(number: int) -> Listener:
        person = number % len(plan["tokens"])
        head = f"GET /calendar/stream HTTP/1.1\r\nHost: {plan['address']}\r\nAuthorization: Bearer {plan['tokens'][person]}\r\n\r\n"
        _, listener = await loop.create_connection(
            lambda: Listener(head.encode(), person, arrivals), host, int(port)
        )
        async with asyncio.timeout(OPENED_WITHIN_S):
            await listener.opened
        return listener

    began, kept = time.perf_counter(), []
    for first in range(0, plan["streams"], AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, plan["streams"]))
        kept += await asyncio.gather(*(open_one(number) for number in numbers))
    print(json.dumps({"opened": len(kept), "seconds": round(time.perf_counter() - began, 2)}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    return {"arrivals": arrivals}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(listen(json.loads(sys.stdin.readline())))))
