"""gcsa, unmodified, against the local Google.

It has no setting for the address, so the client of Google inside it is replaced by one with the address. It has no
methods for sync tokens (it throws `nextSyncToken` away and always sends times, which no token bears), conditions
on etags, batches and watches.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from gcsa.acl import AccessControlRule, ACLRole, ACLScopeType
from gcsa.calendar import Calendar
from gcsa.event import Event
from gcsa.google_calendar import GoogleCalendar
from gcsa.recurrence import DAILY, Recurrence
from googleapiclient.errors import HttpError

from calferry.emulator.server import RunningGoogle
from tests.contract.emulator.clients import ALICE, BOB, TEAM, python_client, user_credentials

ZONE = "Europe/Berlin"
DAY = datetime(2026, 11, 23, tzinfo=ZoneInfo(ZONE))
WINDOW = {"time_min": DAY, "time_max": DAY + timedelta(days=30), "timezone": ZONE}


@pytest.fixture
def calendar(local_google: RunningGoogle) -> Iterator[GoogleCalendar]:
    credentials = user_credentials(local_google)
    found = GoogleCalendar(credentials=credentials)
    found.service.close()
    found.service = python_client(local_google, credentials)
    yield found
    found.service.close()


def meeting(summary: str = "Meeting", **fields: object) -> Event:
    start = DAY + timedelta(hours=10)
    return Event(summary, start=start, end=start + timedelta(hours=1), timezone=ZONE, **fields)


def test_events_are_listed_over_pages(calendar: GoogleCalendar) -> None:
    made = [calendar.add_event(meeting(f"E{number}")) for number in range(5)]
    found = list(calendar.get_events(**WINDOW, maxResults=2))
    assert [event.id for event in found] == [event.id for event in made]
    assert found == made


def test_an_event_is_read_changed_and_deleted(calendar: GoogleCalendar) -> None:
    made = calendar.add_event(meeting("A", location="Hall", reminders=[], color_id="5"))
    made.summary = "B"
    changed = calendar.update_event(made)
    assert calendar.get_event(made.id) == changed
    assert (changed.summary, changed.start, changed.color_id) == ("B", DAY + timedelta(hours=10), "5")
    calendar.delete_event(made)
    assert list(calendar.get_events(**WINDOW)) == []
    with pytest.raises(HttpError) as caught:
        calendar.delete_event(made)
    assert caught.value.resp.status == 410


def test_a_day_long_event_stays_a_date(calendar: GoogleCalendar) -> None:
    made = calendar.add_event(Event("Holiday", start=date(2026, 12, 24), timezone=ZONE))
    assert (made.start, made.end) == (date(2026, 12, 24), date(2026, 12, 25))


def test_a_series_has_instances(calendar: GoogleCalendar) -> None:
    series = calendar.add_event(meeting("S", recurrence=Recurrence.rule(freq=DAILY, count=4)))
    instances = list(calendar.get_instances(series, maxResults=3, **WINDOW))
    assert [event.start.day for event in instances] == [23, 24, 25, 26]
    assert {event.recurring_event_id for event in instances} == {series.id}
    calendar.delete_event(instances[1])
    left = calendar.get_events(single_events=True, order_by="startTime", **WINDOW)
    assert [event.start.day for event in left] == [23, 25, 26]


def test_events_come_in_other_ways(calendar: GoogleCalendar) -> None:
    imported = calendar.import_event(meeting("From elsewhere", iCalUID="one@elsewhere"))
    moved = calendar.move_event(imported, destination_calendar_id=TEAM)
    assert moved.id == imported.id
    assert [event.id for event in calendar.get_events(calendar_id=TEAM, **WINDOW)] == [imported.id]
    assert calendar.add_quick_event("Lunch tomorrow at 12pm").summary == "Lunch"


def test_calendars_and_their_list(calendar: GoogleCalendar) -> None:
    made = calendar.add_calendar(Calendar("Club", timezone=ZONE))
    made.description = "Ours"
    assert calendar.update_calendar(made).description == "Ours"
    assert calendar.get_calendar(made.id).summary == "Club"
    assert made.id in [entry.id for entry in calendar.get_calendar_list(min_access_role="owner")]
    entry = calendar.get_calendar_list_entry(made.id)
    entry.summary_override = "Mine"
    assert calendar.update_calendar_list_entry(entry).summary_override == "Mine"
    calendar.delete_calendar(made)
    assert made.id not in [entry.id for entry in calendar.get_calendar_list()]
    calendar.add_event(meeting())
    calendar.clear()
    assert list(calendar.get_events(**WINDOW)) == []


def test_rules(calendar: GoogleCalendar) -> None:
    rule = AccessControlRule(role=ACLRole.READER, scope_type=ACLScopeType.USER, scope_value=BOB)
    made = calendar.add_acl_rule(rule)
    made.role = ACLRole.WRITER
    calendar.update_acl_rule(made)
    assert calendar.get_acl_rule(made.id).role == ACLRole.WRITER
    calendar.delete_acl_rule(made)
    assert [rule.scope_value for rule in calendar.get_acl_rules()] == [ALICE]


def test_busy_times_settings_and_colours(calendar: GoogleCalendar) -> None:
    made = calendar.add_event(meeting())
    [busy] = calendar.get_free_busy(**WINDOW).calendars["primary"]
    assert (busy.start, busy.end) == (made.start, made.end)
    settings = calendar.get_settings()
    assert (settings.locale, settings.week_start) == ("en", "0")
    assert len(calendar.list_event_colors()) == 11
    assert calendar.list_calendar_colors()
