"""Whatever an event holds, the file stays one that others can read, with that event in it or not, and nothing else."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.core.ical_events import FeedLines, FeedRow
from calferry.core.ical_lines import file_of, folded

BERLIN = ZoneInfo("Europe/Berlin")
START, HOUR = 1_790_000_000_000, 3_600_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    "iCalUID", "summary", "description", "location", "recurrence", "sequence", "updated", "visibility", "htmlLink",
    "transparency", "start", "end",
)  # fmt: skip
HOSTILE = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:forged"


def row(raw: str, **values: Any) -> FeedRow:
    usual = {"event_id": "event000", "status": "confirmed", "start_at": START, "end_at": START + HOUR}
    none = dict.fromkeys(("start_date", "end_date", "series_id", "original_start"))
    return FeedRow(**{**none, **usual, "recurring": False, "raw": raw, **values})  # type: ignore[arg-type]


def read(*rows: FeedRow, expanded: bool = False) -> list[Any]:
    """The components of a file with these events, as icalendar reads them."""
    found = FeedLines()
    found.add_calendar(rows, BERLIN, expanded=expanded)
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
    content = file_of([*head, *found.lines, "END:VCALENDAR"])
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON)), st.booleans())
def test_any_json_makes_one_component(event: dict[str, Any], recurring: bool) -> None:
    found = read(row(json.dumps(event), recurring=recurring))
    assert len(found) == 1
    assert found[0]["DTSTART"].dt.timestamp() == START / 1000


@pytest.mark.parametrize("field", [*FIELDS, "id"])
def test_no_text_begins_a_line_of_its_own(field: str) -> None:
    lists = {"recurrence": [f"RRULE:FREQ=DAILY;COUNT=2{HOSTILE}", f"EXDATE:{HOSTILE}", HOSTILE]}
    stamps = {name: {"timeZone": HOSTILE} for name in ("start", "end")}
    event = {field: (lists | stamps).get(field, HOSTILE)}
    (found,) = read(row(json.dumps(event), recurring=True, event_id=HOSTILE))
    assert str(found.get("SUMMARY", "")) in ("", HOSTILE.replace("\r\n", "\n"))
    assert "RRULE" not in found


@pytest.mark.parametrize("raw", ["", "[]", "nonsense", '{"summary":"\\ud800"}', "[" * 100_000, '{"a":1e999}'])
def test_an_event_that_cannot_be_read_spares_the_others(raw: str) -> None:
    good = row('{"iCalUID":"good","summary":"Good"}', event_id="good0000")
    assert "Good" in [str(found.get("SUMMARY")) for found in read(row(raw), good)]


def test_an_occurrence_of_a_series_that_is_not_there_keeps_its_place() -> None:
    own = {"series_id": "series00", "original_start": "20260921T121320Z"}
    gone = row("{}", event_id="gone0000", status="cancelled", start_at=None, end_at=None, **own)
    alone = row('{"iCalUID":"series","start":{"timeZone":"Europe/Berlin"}}', **own)
    (found,) = read(alone, gone)
    assert (str(found["UID"]), found["RECURRENCE-ID"].to_ical()) == ("series", b"20260921T141320")
    assert read(row("{}", start_at=None, end_at=None)) == []


def test_an_event_of_two_calendars_is_told_once() -> None:
    found = FeedLines()
    for _ in range(2):
        found.add_calendar([row('{"iCalUID":"shared"}')], BERLIN, expanded=False)
    assert found.lines.count("BEGIN:VEVENT") == 1


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_folding_cuts_no_character_and_loses_nothing(text: str) -> None:
    lines = folded(text.encode()).removesuffix(b"\r\n").split(b"\r\n ")
    assert b"".join(lines).decode() == text
    assert all(line.decode() is not None and len(line) <= 75 for line in lines)
