"""Duties at their times. One that fails is logged and waits longer; the others go on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog

from calferry.duties.deliver_webhooks import deliver_webhooks, forget_deliveries, raise_alarms
from calferry.duties.expire_channels import expire_channels
from calferry.duties.finish_closing import finish_closing
from calferry.duties.flush_intents import flush_intents
from calferry.duties.open_channels import setup_channels
from calferry.duties.purge import KEEPING, Keeping, purge
from calferry.duties.renew_channels import renew_channels
from calferry.duties.rescue import rescue
from calferry.duties.verify_sample import verify_sample
from calferry.duties.watch_calendar_lists import watch_calendar_lists
from calferry.sync.engine import Engine

LONGEST_WAIT_S = 3_600.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timer:
    """A duty, the seconds between its runs, and those before its first."""

    name: str
    every_s: float
    duty: Callable[[Engine], Awaitable[object]]
    first_s: float = 0.0


def timers_for(keeping: Keeping) -> tuple[Timer, ...]:
    """Every duty of the mirror with its times; `keeping` is what purging goes by."""
    return (
        Timer("rescue", 10.0, rescue),
        Timer("flush_intents", 2.0, flush_intents, first_s=0.5),
        Timer("expire_channels", 60.0, expire_channels, first_s=1.0),
        Timer("open_channels", 30.0, setup_channels, first_s=2.0),
        Timer("watch_calendar_lists", 60.0, watch_calendar_lists, first_s=4.0),
        Timer("renew_channels", 300.0, renew_channels, first_s=5.0),
        Timer("finish_closing", 300.0, finish_closing, first_s=20.0),
        Timer("verify_sample", 600.0, verify_sample, first_s=120.0),
        Timer("purge", 3_600.0, partial(purge, keeping=keeping), first_s=60.0),
    )


DELIVERY = Timer("deliver_webhooks", 0.5, deliver_webhooks)
"""Kept by every worker by itself: each looks for what is due, and a lease says whose it is."""
WEBHOOK_TIMERS = (
    Timer("raise_alarms", 30.0, raise_alarms, first_s=10.0),
    Timer("forget_deliveries", 3_600.0, forget_deliveries, first_s=90.0),
)
TIMERS = timers_for(KEEPING)


async def keep_time(engine: Engine, timer: Timer, stopping: asyncio.Event) -> None:
    """Run the duty again and again until `stopping` is set."""
    wait_s, failures = timer.first_s, 0
    while not await is_set_within(stopping, jittered(engine, wait_s)):
        failures = 0 if await runs_well(engine, timer) else failures + 1
        wait_s = min(timer.every_s * 2**failures, max(LONGEST_WAIT_S, timer.every_s))


async def runs_well(engine: Engine, timer: Timer) -> bool:
    try:
        report = await timer.duty(engine)
    except Exception:
        log.exception("duty_failed", duty=timer.name)
        return False
    log.debug("duty_done", duty=timer.name, report=str(report))
    return True


def jittered(engine: Engine, seconds: float) -> float:
    jitter = engine.intervals.jitter
    return seconds * engine.dice.uniform(1 - jitter, 1 + jitter)


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event, at most so long; tells whether it is set."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
