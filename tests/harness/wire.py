"""The client's transport straight into the local Google, with its faults carried out."""

import asyncio

from calferry import google
from calferry.emulator import Emulator, Request, Response


class InProcessTransport:
    """`google.Transport` without a socket. `latency_s` passes before and after the request is handled."""

    def __init__(self, emulator: Emulator, latency_s: float = 0.0) -> None:
        self.emulator = emulator
        self.latency_s = latency_s
        self.is_down = False

    async def send(self, request: google.WireRequest) -> google.WireResponse:
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self.exchange(request)
        except TimeoutError:
            raise google.Unreachable("no answer in time", kind="timeout") from None

    async def exchange(self, request: google.WireRequest) -> google.WireResponse:
        await asyncio.sleep(self.latency_s)
        if self.is_down:
            raise google.Unreachable("connection refused", kind="connect")
        asked = Request.of(request.method, request.url, request.headers, request.body or b"")
        response = self.emulator.handle(asked)
        await asyncio.sleep(self.latency_s + response.delay_s)
        return received(response, request.max_body_bytes)


def received(response: Response, cap: int) -> google.WireResponse:
    if response.fault == "reset":
        raise google.Unreachable("connection reset", kind="reset")
    if response.fault == "cut":
        raise google.Unreachable("connection lost in the middle of the answer", kind="truncated")
    return google.receive(response.status, response.headers, response.body, cap)
