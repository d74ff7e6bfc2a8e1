"""This and all following: the series ends earlier and a new one goes on. Whatever order a delta has, nothing is lost or doubled."""

import json

from calferry import google
from tests.scenarios.instances import instances, start_of
from tests.scenarios.stage import AlteringTransport, Stage, staged

TAIL = "retro_R20261015T080000"
CHANGED_BEFORE, CHANGED_AFTER = "retro_20261008T080000Z", f"{TAIL}_20261022T080000Z"
AFTERNOON = {
    "start": {"dateTime": "2026-10-23T15:00:00", "timeZone": "Europe/Berlin"},
    "end": {"dateTime": "2026-10-23T16:00:00", "timeZone": "Europe/Berlin"},
}
SHOWN = ["2026-10-01 retro", "2026-10-08 early", "2026-10-15 tail", "2026-10-23 late", "2026-10-29 tail"]


def last_first(request: google.WireRequest, response: google.WireResponse) -> google.WireResponse:
    """A listing whose items come in the opposite order: exceptions before their series."""
    if "/events?" not in request.url or response.status != 200:
        return response
    told = json.loads(response.body)
    told["items"].reverse()
    return google.WireResponse(response.status, response.headers, json.dumps(told).encode())


async def weekly_series(stage: Stage) -> None:
    stage.add({"id": "retro", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})
    stage.patch(CHANGED_BEFORE, {"summary": "early"})
    await stage.done()
    await stage.logged()


def split(stage: Stage) -> None:
    """As Google's own pages do it: the tail has an id of its own that begins with the old one."""
    stage.patch("retro", {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261015T075959Z"]})
    stage.plant({"id": TAIL, "day": 14, "summary": "tail", "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=3"]})
    stage.patch(CHANGED_AFTER, {"summary": "late", **AFTERNOON})


async def assert_shown(stage: Stage) -> None:
    found = await instances(stage, "2026-10-01", "2026-11-30")
    assert [f"{start_of(one)[:10]} {one['summary']}" for one in found] == SHOWN
    assert await stage.live() == sorted(["retro", CHANGED_BEFORE, TAIL, CHANGED_AFTER])
    assert not [entry for entry in await stage.logged() if entry.startswith("cancelled")]
    await stage.assert_equal()


@staged()
async def test_split_in_one_delta_keeps_what_was(stage: Stage) -> None:
    await weekly_series(stage)
    split(stage)
    await stage.done()
    await assert_shown(stage)


@staged()
async def test_exceptions_may_come_before_their_series(stage: Stage) -> None:
    await weekly_series(stage)
    stage.service.transport = AlteringTransport(stage.service.transport, last_first)
    split(stage)
    await stage.done()
    await assert_shown(stage)


@staged(page_size=1)
async def test_split_may_be_spread_over_pages(stage: Stage) -> None:
    await weekly_series(stage)
    split(stage)
    await stage.done()
    await assert_shown(stage)


@staged()
async def test_full_listing_of_a_split_series_says_the_same(stage: Stage) -> None:
    await weekly_series(stage)
    split(stage)
    stage.service.transport = AlteringTransport(stage.service.transport, last_first)
    await stage.done(full=True)
    await assert_shown(stage)


@staged()
async def test_half_a_split_loses_only_what_google_has_lost(stage: Stage) -> None:
    """Between the two writes of a split the tail is nowhere."""
    await weekly_series(stage)
    stage.patch("retro", {"recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20261015T075959Z"]})
    await stage.done()
    assert [start_of(one)[:10] for one in await instances(stage, "2026-10-01", "2026-11-30")] == [
        "2026-10-01",
        "2026-10-08",
    ]
    await stage.assert_equal()
