"""The line to Google breaks in every way it can: nothing half is stored, nothing is taken for empty, time is bounded."""

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from calferry.emulator import Request, Response
from tests.scenarios.stage import Stage, staged

Damage = Callable[[Response], Response]


class Line:
    """The local Google behind a line that damages answers to listings of events."""

    def __init__(self, stage: Stage) -> None:
        self.emulator = stage.google.emulator
        self.damage: Damage | None = None
        self.times = 0
        stage.service.transport.emulator = self

    def handle(self, request: Request) -> Response:
        response = self.emulator.handle(request)
        if self.damage is not None and self.times > 0 and request.path.endswith("/events"):
            self.times -= 1
            return self.damage(response)
        return response


def plain(response: Response, body: bytes, **headers: str) -> Response:
    kept = {name: value for name, value in response.headers.items() if name != "Content-Encoding"}
    return replace(response, headers={**kept, "Content-Length": str(len(body)), **headers}, body=body)


def unpacked(response: Response) -> bytes:
    packed = response.headers.get("Content-Encoding") == "gzip"
    return gzip.decompress(response.body) if packed else response.body


PASSING: dict[str, Damage] = {
    "short_length": lambda one: plain(
        one, unpacked(one)[:-40], **{"Content-Length": str(len(unpacked(one)))}
    ),
    "end_without_length": lambda one: replace(plain(one, unpacked(one)[:-40]), headers={}),
    "gzip_cut": lambda one: plain(one, gzip.compress(unpacked(one))[:-20], **{"Content-Encoding": "gzip"}),
    "gzip_without_trailer": lambda one: plain(
        one, gzip.compress(unpacked(one))[:-8], **{"Content-Encoding": "gzip"}
    ),
    "gzip_checksum": lambda one: plain(
        one, gzip.compress(unpacked(one))[:-8] + b"\0" * 8, **{"Content-Encoding": "gzip"}
    ),
    "reset": lambda one: replace(one, fault="reset"),
    "cut": lambda one: replace(one, fault="cut"),
    "no_content": lambda one: Response(204, {}, b""),
    "not_modified": lambda one: Response(304, {}, b""),
    "empty": lambda one: plain(one, b""),
    "empty_object": lambda one: plain(one, b"{}"),
    "array": lambda one: plain(one, b"[]"),
    "html": lambda one: plain(one, b"<html>sign in to the hotel network</html>"),
    "other_kind": lambda one: plain(one, unpacked(one).replace(b"calendar#events", b"calendar#acl")),
}


@pytest.mark.parametrize("name", PASSING)
def test_damage_that_passes_is_tried_again(name: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        line = Line(stage)
        line.damage, line.times = PASSING[name], 1
        stage.add("dinner")
        await stage.done(full=True)
        assert await stage.live() == ["dinner", "lunch"]
        await stage.assert_equal()

    scenario()


@pytest.mark.parametrize("name", PASSING)
def test_damage_that_stays_leaves_everything_as_it_was(name: str) -> None:
    @staged()
    async def scenario(stage: Stage) -> None:
        stage.add("lunch")
        await stage.done()
        before, rows = await stage.state(), await stage.event_rows()
        line = Line(stage)
        line.damage, line.times = PASSING[name], 99
        stage.delete("lunch")
        stage.add("dinner")
        report = await stage.run(full=True)
        assert report.outcome == "failed"
        assert report.requests == 1
        after = await stage.state()
        assert (after.sync_token, after.clean_seq, after.generation) == (
            before.sync_token,
            before.clean_seq,
            before.generation,
        )
        assert (after.failures, after.status) == (1, "idle")
        assert await stage.event_rows() == rows
        line.times = 0
        await stage.clock.sleep(300)
        await stage.done()
        assert await stage.live() == ["dinner"]

    scenario()


@staged()
async def test_body_that_unpacks_without_end_is_refused(stage: Stage) -> None:
    line = Line(stage)
    bomb = gzip.compress(b" " * (40 * 2**20), 1)
    line.damage, line.times = lambda one: plain(one, bomb, **{"Content-Encoding": "gzip"}), 99
    report = await stage.run()
    assert (report.outcome, report.error and report.error.code) == ("failed", "502")
    assert (await stage.state()).not_before_at - stage.clock.now_ms() >= 3_590_000


@staged()
async def test_redirect_is_not_followed(stage: Stage) -> None:
    line = Line(stage)
    line.damage = lambda one: Response(302, {"Location": "http://127.0.0.2/calendar/v3/steal"}, b"")
    line.times = 99
    report = await stage.run()
    assert report.outcome == "failed"
    assert {one["path"] for one in stage.asked()} == {"/calendar/v3/calendars/alice%40example.com/events"}


@staged()
async def test_unreachable_google_keeps_the_calendar_dirty(stage: Stage) -> None:
    stage.service.transport.is_down = True
    before = await stage.state()
    started_ms = stage.clock.now_ms()
    report = await stage.run()
    assert (report.outcome, report.error and report.error.code) == ("failed", "502")
    after = await stage.state()
    assert after.clean_seq == before.clean_seq
    assert after.next_due_at > stage.clock.now_ms()
    assert stage.clock.now_ms() - started_ms < 90_000


@staged()
async def test_answer_that_never_ends_is_given_up(stage: Stage) -> None:
    stage.faults({"method": "events.list", "action": "stall-3600000", "times": 99})
    await stage.clock.sleep(1)
    started_ms = stage.clock.now_ms()
    report = await stage.run()
    assert report.outcome == "failed"
    assert stage.clock.now_ms() - started_ms <= 65_000
