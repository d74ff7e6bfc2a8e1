"""Seeds from iCalendar files."""

from pathlib import Path
from typing import Any

import pytest

from calferry.emulator import ics
from calferry.emulator.seed import SeedError
from calferry.emulator.seed_files import load_seeds
from tests.unit.emulator.desk import Desk

SAMPLES = Path(__file__).parents[2] / "samples" / "ics"
FILES = sorted(SAMPLES.glob("*.ics"))


def loaded(name: str) -> tuple[Desk, str]:
    (document,) = load_seeds([SAMPLES / f"{name}.ics"])
    return Desk((document,)), document["calendars"][0]["id"]


def items(name: str, **query: Any) -> list[Any]:
    desk, calendar_id = loaded(name)
    return desk.all_events(calendar_id, maxResults=2500, **query)[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_sample_becomes_a_calendar_that_can_be_listed_and_expanded(path: Path) -> None:
    desk, calendar_id = loaded(path.stem)
    content = path.read_bytes()
    assert len(desk.all_events(calendar_id, showDeleted="true", maxResults=2500)[0]) == content.count(
        b"BEGIN:VEVENT"
    )
    assert desk.all_events(calendar_id, singleEvents="true", maxResults=2500)[0]


def test_names_and_zone_come_from_the_file() -> None:
    desk, calendar_id = loaded("issue_62_moved_event")
    calendar = desk.google.world.calendars[calendar_id]
    assert (calendar.summary, calendar.time_zone) == ("Partyborn Zeitgeist", "Europe/Berlin")
    assert calendar.owner == "alice@example.com"


def test_exceptions_belong_to_their_series() -> None:
    series, exception = items("issue_151_macos_linux_difference")
    assert series["id"] == "aogpprh4bolu8ckmop49ca6404"
    assert exception["recurringEventId"] == series["id"]
    assert exception["id"] == f"{series['id']}_20140802T020000Z"
    assert exception["start"]["dateTime"] == "2014-08-01T18:30:00-07:00"


def test_exdates_take_instances_away() -> None:
    found = items(
        "issue_151_macos_linux_difference", singleEvents="true",
        timeMin="2014-01-01T00:00:00Z", timeMax="2018-01-01T00:00:00Z",
    )  # fmt: skip
    assert sorted(item["start"]["dateTime"][:4] for item in found) == ["2014", "2015", "2017"]


def test_event_without_uid_gets_an_id_of_its_own() -> None:
    (event,) = items("rdate_hackerpublicradio")
    assert event["id"].startswith("_")
    assert len(items("rdate_hackerpublicradio", singleEvents="true")) == 12


def test_all_day_series_whose_exception_names_a_time() -> None:
    found = items("issue_28_rrule_with_UTC_endinginZ")
    series = [item for item in found if "recurrence" in item]
    assert all("date" in item["start"] for item in found)
    assert all("date" in item["originalStartTime"] for item in found if "recurringEventId" in item)
    assert "UNTIL=20200917" in series[0]["recurrence"][0]


EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
X-WR-TIMEZONE:Europe/Paris
BEGIN:VEVENT
UID:one@example.org
DTSTAMP:20260101T000000Z
{lines}
END:VEVENT
END:VCALENDAR
"""


def one(lines: str) -> Any:
    document = ics.seed_document(EVENT.format(lines=lines).encode(), "x")
    return document["calendars"][0]["events"][0]


def test_floating_times_are_times_of_the_calendar() -> None:
    event = one("DTSTART:20260701T100000\nDURATION:PT90M")
    assert event["start"] == {"dateTime": "2026-07-01T10:00:00+02:00", "timeZone": "Europe/Paris"}
    assert event["end"]["dateTime"] == "2026-07-01T11:30:00+02:00"


def test_all_day_event_without_end_lasts_a_day() -> None:
    event = one("DTSTART;VALUE=DATE:20260701")
    assert (event["start"], event["end"]) == ({"date": "2026-07-01"}, {"date": "2026-07-02"})


def test_people_status_and_class() -> None:
    event = one(
        "DTSTART:20260701T100000Z\nORGANIZER;CN=Kim:mailto:kim@example.org\n"
        "ATTENDEE;CN=Sam;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:mailto:sam@example.org\n"
        "ATTENDEE:urn:nobody\nSTATUS:TENTATIVE\nCLASS:PRIVATE\nTRANSP:TRANSPARENT"
    )
    assert event["organizer"] == {"email": "kim@example.org", "displayName": "Kim"}
    assert event["attendees"] == [
        {"email": "sam@example.org", "displayName": "Sam", "optional": True, "responseStatus": "accepted"}
    ]
    assert (event["status"], event["visibility"], event["transparency"]) == (
        "tentative",
        "private",
        "transparent",
    )


def test_windows_zone_names_are_understood() -> None:
    event = one(
        "DTSTART;TZID=W. Europe Standard Time:20260701T100000\nDTEND;TZID=W. Europe Standard Time:20260701T110000"
    )
    assert event["start"] == {"dateTime": "2026-07-01T10:00:00+02:00", "timeZone": "Europe/Berlin"}


def test_file_that_is_no_calendar_is_refused_by_name(tmp_path: Path) -> None:
    for name, content in (("a.ics", "hello"), ("b.json", "{"), ("c.json", "[]")):
        (tmp_path / name).write_text(content)
        with pytest.raises(SeedError, match=name):
            load_seeds([tmp_path / name])
    with pytest.raises(SeedError, match="missing"):
        load_seeds([tmp_path / "missing.json"])
