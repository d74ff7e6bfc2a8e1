"""The demo's browser reads an event stream as the standard says, however it is cut."""

from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest

from calferry.cli.browser import frames_of

STREAM = (
    "retry: 6000\n\n"
    ": a comment\n\n"
    'event: events\nid: r:1\ndata: {"calendar_id": "cal_1",\ndata: "events": [{"summary": "Zürich"}]}\n\n'
    'event: complete\r\ndata:{"total_events": 1}\r\n\r\n'
)
FRAMES = [
    ("events", {"calendar_id": "cal_1", "events": [{"summary": "Zürich"}]}),
    ("complete", {"total_events": 1}),
]


class Chunks:
    """An answer that arrives in pieces of one size."""

    def __init__(self, text: str, size: int) -> None:
        self.body = text.encode()
        self.size = size
        self.content = self

    async def iter_any(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), self.size):
            yield self.body[start : start + self.size]


@pytest.mark.parametrize("size", [1, 3, 7, 64, 10_000])
async def test_frames_are_read_however_the_stream_is_cut(size: int) -> None:
    response: Any = cast(aiohttp.ClientResponse, Chunks(STREAM, size))
    assert [frame async for frame in frames_of(response)] == FRAMES


async def test_a_frame_that_is_cut_short_does_not_count() -> None:
    response: Any = cast(aiohttp.ClientResponse, Chunks(STREAM.rstrip(), 64))
    assert [frame async for frame in frames_of(response)] == FRAMES[:1]
