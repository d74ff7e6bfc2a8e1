"""The frames of one sync request, read from the store, whichever process does the work.

A frame's id holds the position after it, so that a reader who comes back goes on exactly there.
"""

from collections.abc import Iterator
from itertools import groupby

from calferry.core.failure import FailureInfo
from calferry.core.limits import EVENTS_PER_FRAME_MAX
from calferry.store import sync_requests
from calferry.store.sync_requests import Entry, Progress, StreamSnapshot, SyncRequest
from calferry.web import frames, sse
from calferry.web.authentication import Caller, find_caller
from calferry.web.outbox import Outbox
from calferry.web.service import Service
from calferry.web.stream_position import StreamPosition
from calferry.web.sync_work import Work

RETRY_MS = 6_000
POLL_S = 1.0
COMMENT_EVERY_MS = 15_000
CALLER_CHECKED_EVERY_MS = 15_000
FRAME_SIZE_MAX = 500_000
"""Characters of events in one frame; a single larger event still makes a frame of its own."""


class SyncStream:
    """Makes the frames of `request`, from `position` on."""

    def __init__(
        self, service: Service, caller: Caller, request: SyncRequest, work: Work, position: StreamPosition
    ) -> None:
        self.engine = service.engine
        self.service = service
        self.caller = caller
        self.request = request
        self.work = work
        self.position = position
        self.calendar_ids = list(request.asked)
        self.given_up: dict[str, FailureInfo] = {}
        self.shown_progress = ""
        self.spoke_at = 0
        self.checked_at = service.engine.clock.now_ms()

    async def produce(self, outbox: Outbox) -> None:
        """Put frames into the outbox until the last one."""
        snapshot = await self.look()
        await self.say(outbox, "progress", self.progress_of(snapshot), retry_ms=RETRY_MS)
        while True:
            ended = await self.tell(outbox, snapshot)
            if ended or not await self.is_worth_going_on(outbox):
                return
            if not snapshot.more:
                await self.engine.signals.wait(f"user:{self.request.user_id}", POLL_S)
            snapshot = await self.look()

    async def look(self) -> StreamSnapshot:
        """Whatever the work has given up by now is told only if the store knows no better afterwards."""
        self.given_up = dict(self.work.given_up)
        now_ms = self.engine.clock.now_ms()
        return await self.engine.store.read(
            lambda conn: sync_requests.stream_state(
                conn, self.request, self.position.change, now_ms, limit=EVENTS_PER_FRAME_MAX
            )
        )

    async def tell(self, outbox: Outbox, snapshot: StreamSnapshot) -> bool:
        """Say what is new; True after the last frame."""
        for calendar_id, entries in batches(snapshot.entries):
            self.position = self.position.with_events(entries[-1].number, len(entries))
            await self.say(outbox, "events", frames.events(calendar_id, [entry.raw for entry in entries]))
        if snapshot.more:
            return False
        await self.tell_outcomes(outbox, snapshot)
        if len(self.calendar_ids) == self.position.finished.bit_count():
            if self.is_every_channel_settled(snapshot) or self.is_time_over():
                await self.tell_complete(outbox, snapshot)
                return True
        elif self.is_time_over():
            self.position = self.position.ended("t")
            await self.say(outbox, "sync_error", frames.TIMED_OUT)
            return True
        await self.tell_progress(outbox, snapshot)
        return False

    async def tell_outcomes(self, outbox: Outbox, snapshot: StreamSnapshot) -> None:
        for index, calendar_id in enumerate(self.calendar_ids):
            if self.position.is_finished(index):
                continue
            progress = snapshot.progress[calendar_id]
            failure = self.failure_of(calendar_id, progress)
            if progress.state == "clean":
                self.position = self.position.with_synced(index)
                await self.say(outbox, "sync_token", frames.sync_token(calendar_id))
            elif failure is not None:
                self.position = self.position.with_failed(index)
                await self.say(outbox, "sync_error", frames.sync_error(calendar_id, failure))

    def failure_of(self, calendar_id: str, progress: Progress) -> FailureInfo | None:
        return progress.error if progress.state == "failed" else self.given_up.get(calendar_id)

    def is_every_channel_settled(self, snapshot: StreamSnapshot) -> bool:
        if self.engine.webhook_address is None:
            return True
        clean = (key for key, progress in snapshot.progress.items() if progress.state == "clean")
        return all(self.work.is_settled(calendar_id) for calendar_id in clean)

    async def tell_complete(self, outbox: Outbox, snapshot: StreamSnapshot) -> None:
        now_ms = self.engine.clock.now_ms()
        await self.engine.store.write(lambda conn: sync_requests.complete(conn, self.request.id, now_ms))
        self.position = self.position.ended("c")
        body = frames.complete(
            self.position.events, self.position.synced.bit_count(), self.last_sync_at(snapshot)
        )
        await self.say(outbox, "complete", body)

    def last_sync_at(self, snapshot: StreamSnapshot) -> int | None:
        """When the last of the calendars that were synced was."""
        times = [
            snapshot.progress[calendar_id].last_success_at or 0
            for index, calendar_id in enumerate(self.calendar_ids)
            if self.position.synced >> index & 1
        ]
        return max(times) if times else None

    async def tell_progress(self, outbox: Outbox, snapshot: StreamSnapshot) -> None:
        if self.progress_of(snapshot) != self.shown_progress:
            await self.say(outbox, "progress", self.progress_of(snapshot))

    def progress_of(self, snapshot: StreamSnapshot) -> str:
        calendars = [
            {
                "calendar_id": calendar_id,
                "state": snapshot.progress[calendar_id].state,
                "pages": snapshot.progress[calendar_id].pages,
            }
            for calendar_id in self.calendar_ids
        ]
        return frames.progress(calendars, self.position.finished.bit_count(), self.position.events)

    async def is_worth_going_on(self, outbox: Outbox) -> bool:
        """Keep the connection alive; a reader whose session or token has ended is let go, however much there is to
        tell."""
        now_ms = self.engine.clock.now_ms()
        if now_ms - self.spoke_at >= COMMENT_EVERY_MS:
            self.spoke_at = now_ms
            await outbox.put(sse.COMMENT)
        if now_ms - self.checked_at < CALLER_CHECKED_EVERY_MS:
            return True
        self.checked_at = now_ms
        return await find_caller(self.service, self.caller.credentials) is not None

    def is_time_over(self) -> bool:
        return self.engine.clock.now_ms() >= self.request.deadline_at

    async def say(self, outbox: Outbox, event: str, body: str, *, retry_ms: int | None = None) -> None:
        if event == "progress":
            self.shown_progress = body
        self.spoke_at = self.engine.clock.now_ms()
        await outbox.put(sse.frame(event, body, self.position.frame_id(self.request.id), retry_ms=retry_ms))


def batches(entries: list[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """Runs of one calendar's entries, each small enough for a frame."""
    for calendar_id, run in groupby(entries, key=lambda entry: entry.calendar_id):
        batch: list[Entry] = []
        size = 0
        for entry in run:
            if batch and (size + len(entry.raw) > FRAME_SIZE_MAX or len(batch) == EVENTS_PER_FRAME_MAX):
                yield calendar_id, batch
                batch, size = [], 0
            batch.append(entry)
            size += len(entry.raw)
        yield calendar_id, batch
