"""Instances in Google's JSON."""

import json
from zoneinfo import ZoneInfo

import pytest

from calferry.core.recurrence.expansion import expand
from calferry.core.recurrence.instance_json import InstanceWriter, in_zone
from tests.unit.core.recurrence.written import source

BERLIN = ZoneInfo("Europe/Berlin")
MASTER = (
    '{"kind":"calendar#event","id":"e","x":1.00,"start":{"dateTime":"2026-11-23T10:00:00+01:00","timeZone":"Asia/Tokyo"},'
    '"end":{"timeZone":"Asia/Tokyo","dateTime":"2026-11-23T11:00:00+01:00","more":[1]},"recurrence":["RRULE:FREQ=DAILY"],'
    '"summary":"{\\u00e9}","big":12345678901234567890}'
)
DAYS = (
    '{"id":"e","start":{"date":"2026-10-24"},"end":{"date":"2026-10-26"},"recurrence":["RRULE:FREQ=DAILY"]}'
)


def test_what_does_not_move_stays_as_sent_and_in_its_place() -> None:
    one = source("20261123T100000", "RRULE:FREQ=DAILY")
    text = InstanceWriter(MASTER, one, BERLIN).text(expand([one], [], 2)[1])
    begins = '{"dateTime":"2026-11-24T10:00:00+01:00","timeZone":"Asia/Tokyo"}'
    assert text == (
        '{"kind":"calendar#event","id":"e_20261124T090000Z","x":1.00,"start":' + begins + ","
        '"end":{"timeZone":"Asia/Tokyo","dateTime":"2026-11-24T11:00:00+01:00","more":[1]},'
        '"recurringEventId":"e","originalStartTime":'
        + begins
        + ',"summary":"{\\u00e9}","big":12345678901234567890}'
    )


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("UTC", "2026-11-23T09:00:00Z"),
        ("America/St_Johns", "2026-11-23T05:30:00-03:30"),
        ("Pacific/Kiritimati", "2026-11-23T23:00:00+14:00"),
        ("Europe/London", "2026-11-23T09:00:00Z"),
    ],
)
def test_times_are_written_in_the_zone_asked_for(zone: str, start: str) -> None:
    one = source("20261123T100000", "RRULE:FREQ=DAILY")
    text = InstanceWriter(MASTER, one, ZoneInfo(zone)).text(expand([one], [], 1)[0])
    assert json.loads(text)["start"] == {"dateTime": start, "timeZone": "Asia/Tokyo"}
    moved = json.loads(in_zone(MASTER, ZoneInfo(zone)))
    assert moved == json.loads(MASTER) | {name: moved[name] for name in ("start", "end")}
    assert moved["start"] == {"dateTime": start, "timeZone": "Asia/Tokyo"}


def test_days_stay_days_though_clocks_change() -> None:
    one = source("20261024", "RRULE:FREQ=DAILY", lasts=2)
    texts = [InstanceWriter(DAYS, one, BERLIN).text(instance) for instance in expand([one], [], 2)]
    assert [json.loads(text)["end"] for text in texts] == [{"date": "2026-10-26"}, {"date": "2026-10-27"}]
    assert json.loads(texts[1])["originalStartTime"] == {"date": "2026-10-25"}
    assert in_zone(DAYS, BERLIN) == DAYS


def test_a_link_leads_to_the_instance() -> None:
    link = "https://www.google.com/calendar/event?eid=ZSBhbGljZUBleGFtcGxlLmNvbQ"
    one = source("20261024", "RRULE:FREQ=DAILY")
    instance = expand([one], [], 1)[0]
    found = json.loads(InstanceWriter(DAYS[:-1] + f',"htmlLink":"{link}"}}', one, BERLIN).text(instance))
    assert found["htmlLink"].endswith("?eid=ZV8yMDI2MTAyNCBhbGljZUBleGFtcGxlLmNvbQ")
    for strange in ("https://elsewhere.example/", link + "=x", "?eid=AAAA"):
        text = InstanceWriter(DAYS[:-1] + f',"htmlLink":"{strange}"}}', one, BERLIN).text(instance)
        assert json.loads(text)["htmlLink"] == strange


@pytest.mark.parametrize(
    "raw",
    ['{"start":{"dateTime":"soon"}}', "[]", '{"start":7}', '{"start":{"dateTime":"2026-11-23T10:00:00"}}'],
)
def test_an_event_that_cannot_be_moved_stays_as_it_is(raw: str) -> None:
    assert in_zone(raw, BERLIN) == raw
