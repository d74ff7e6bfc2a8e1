"""Real calendars, mirrored: equal to Google after the first sync, and after every burst of edits."""

import random
from pathlib import Path

import pytest

from calferry.emulator import ics
from calferry.emulator.world.sample_edits import sample_edit
from calferry.sync.run_calendar import run_calendar
from calferry.sync.verify import Verification, verify_calendar
from tests.harness.ports import VirtualClock
from tests.harness.service import LocalGoogle, Service
from tests.harness.virtual_loop import run_virtually

FILES = sorted((Path(__file__).parents[1] / "samples" / "ics").glob("*.ics"))
PERSON = "owner@example.com"
BURSTS = 4
EDITS_A_BURST = 25


async def synced(service: Service, calendar_id: str) -> Verification:
    await service.clock.sleep(2)
    report = await run_calendar(service.engine, calendar_id)
    assert report.outcome == "done", report
    return await verify_calendar(service.engine, calendar_id)


async def mirror_through_edits(content: bytes, name: str) -> None:
    clock, dice = VirtualClock(), random.Random(name)
    document = ics.seed_document(content, name)
    person = {
        "email": PERSON,
        "calendars": [
            {"id": PERSON, "primary": True},
            *({**calendar, "owner": PERSON} for calendar in document["calendars"]),
        ],
    }
    google = LocalGoogle(clock, dice, {"people": [person]})
    service = Service(google, clock, dice)
    await service.sign_in(PERSON)
    world = google.emulator.world
    calendar = next(one for one in world.calendars.values() if one.id != PERSON)
    calendar_id = await service.calendar_id(calendar.id)
    first = await synced(service, calendar_id)
    assert first.equal, first
    assert first.checked > 0
    for _ in range(BURSTS):
        for _ in range(EDITS_A_BURST):
            sample_edit(dice, world, calendar, google.emulator.now())
        after = await synced(service, calendar_id)
        assert after.equal, after


def test_there_are_real_calendars_to_mirror() -> None:
    assert len(FILES) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_calendar_stays_equal_through_random_edits(path: Path) -> None:
    run_virtually(mirror_through_edits(path.read_bytes(), path.stem))
