"""Edits of a whole series, or of its rest, case by case."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calferry.core.series_edits import moved_whole, tail, trimmed

BERLIN = "Europe/Berlin"
Json = dict[str, Any]


def timed(start: str, end: str, zone: str = BERLIN) -> Json:
    return {
        "start": {"dateTime": start, "timeZone": zone},
        "end": {"dateTime": end, "timeZone": zone},
    }


def days(start: str, end: str) -> Json:
    return {"start": {"date": start}, "end": {"date": end}}


def meeting(*lines: str, **fields: Any) -> Json:
    """Mondays at ten."""
    times = timed("2026-11-23T10:00:00+01:00", "2026-11-23T11:00:00+01:00")
    return {"id": "e", "summary": "Rounds", "recurrence": list(lines), **times, **fields}


def holiday(*lines: str) -> Json:
    return {"id": "e", "recurrence": list(lines), **days("2026-11-23", "2026-11-25")}


def on(day: str, begin: str = "10:00", end: str = "11:00") -> Json:
    return timed(f"{day}T{begin}:00+01:00", f"{day}T{end}:00+01:00")


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (["RRULE:FREQ=WEEKLY"], ["RRULE:FREQ=WEEKLY;UNTIL=20261207T085959Z"]),
        (["RRULE:FREQ=WEEKLY;COUNT=9"], ["RRULE:FREQ=WEEKLY;UNTIL=20261207T085959Z"]),
        (["RRULE:FREQ=WEEKLY;COUNT=2"], ["RRULE:FREQ=WEEKLY;COUNT=2"]),
        (
            ["RRULE:FREQ=WEEKLY;UNTIL=20270301T000000Z;BYDAY=MO"],
            ["RRULE:FREQ=WEEKLY;UNTIL=20261207T085959Z;BYDAY=MO"],
        ),
        (["RRULE:FREQ=WEEKLY;UNTIL=20261201T000000Z"], ["RRULE:FREQ=WEEKLY;UNTIL=20261201T000000Z"]),
        (
            [
                "RRULE:FREQ=WEEKLY",
                "EXDATE;TZID=Europe/Berlin:20261130T100000,20261214T100000",
                "RDATE:20261202T090000Z,20261230T090000Z",
                "EXDATE:20261221T090000Z",
            ],
            [
                "RRULE:FREQ=WEEKLY;UNTIL=20261207T085959Z",
                "EXDATE;TZID=Europe/Berlin:20261130T100000",
                "RDATE:20261202T090000Z",
            ],
        ),
        (["RDATE:20261207T090000Z,20261208T090000Z"], ["RRULE:FREQ=DAILY;COUNT=1"]),
    ],
)
def test_a_series_ends_before_an_occurrence(lines: list[str], left: list[str]) -> None:
    assert trimmed(meeting(*lines), "20261207T090000Z") == {"recurrence": left}


def test_days_end_the_day_before() -> None:
    lines = ["RRULE:FREQ=DAILY;COUNT=20", "EXDATE;VALUE=DATE:20261124,20261202"]
    left = ["RRULE:FREQ=DAILY;UNTIL=20261129", "EXDATE;VALUE=DATE:20261124"]
    assert trimmed(holiday(*lines), "20261130") == {"recurrence": left}


def test_nothing_is_left_before_the_first_occurrence() -> None:
    assert trimmed(meeting("RRULE:FREQ=WEEKLY"), "20261123T090000Z") is None
    without_first = meeting("RRULE:FREQ=WEEKLY", "EXDATE:20261123T090000Z")
    assert trimmed(without_first, "20261130T090000Z") is None


def test_a_time_that_clocks_skip_is_cut_off_however_the_end_is_read() -> None:
    night = {"recurrence": ["RRULE:FREQ=DAILY"]} | timed(
        "2027-03-20T02:30:00+01:00", "2027-03-20T03:00:00+01:00"
    )
    assert trimmed(night, "20270328T013000Z") == {"recurrence": ["RRULE:FREQ=DAILY;UNTIL=20270327T013000Z"]}
    rest = tail(night, "20270328T013000Z", {}, {})
    assert rest["start"]["dateTime"] == "2027-03-28T03:30:00+02:00"
    assert rest["recurrence"] == ["RRULE:FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0"]


def test_what_cannot_be_cut_is_refused() -> None:
    series = meeting("RRULE:FREQ=WEEKLY;INTERVAL=2", "RDATE:20261203T090000Z,20261101T090000Z")
    with pytest.raises(ValueError, match="before its start"):
        trimmed(series, "20261123T090000Z")
    with pytest.raises(ValueError, match="name the recurrence"):
        tail(series, "20261203T090000Z", {}, {})
    with pytest.raises(ValueError, match="no start of an occurrence"):
        trimmed(series, "20261203")
    with pytest.raises(ValueError, match="FREQ is HOURLY"):
        trimmed(meeting("RRULE:FREQ=HOURLY"), "20261203T090000Z")
    with pytest.raises(ValueError, match="does not repeat"):
        trimmed(meeting(), "20261203T090000Z")
    with pytest.raises(ValueError, match="guests"):
        tail(meeting("RRULE:FREQ=WEEKLY", attendeesOmitted=True), "20261130T090000Z", {}, {})


def test_the_rest_carries_on_with_what_a_person_may_write() -> None:
    master = meeting(
        "RRULE:FREQ=WEEKLY;COUNT=9",
        "EXDATE:20261130T090000Z,20261221T090000Z",
        kind="calendar#event", etag='"1"', iCalUID="e@google.com", sequence=3, created="x", updated="x", htmlLink="x",
        creator={"self": True}, organizer={"self": True}, hangoutLink="x", location="Room", colorId="3", eventType="default",
        reminders={"useDefault": True}, extendedProperties={"private": {"a": "1", "b": "2"}},
        conferenceData={"conferenceId": "c", "createRequest": {"requestId": "r"}},
        attendees=[{"email": "a@example.com", "self": True, "organizer": True, "responseStatus": "accepted"}],
    )  # fmt: skip
    body = {
        "summary": "Board",
        "location": None,
        "extendedProperties": {"private": {"a": None, "c": "3"}},
        "id": "x",
    }
    assert tail(master, "20261214T090000Z", on("2026-12-14"), body) == {
        "summary": "Board",
        "colorId": "3",
        "eventType": "default",
        "reminders": {"useDefault": True},
        "extendedProperties": {"private": {"b": "2", "c": "3"}},
        "conferenceData": {"conferenceId": "c"},
        "attendees": [{"email": "a@example.com", "responseStatus": "accepted"}],
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=6", "EXDATE:20261221T090000Z"],
        **on("2026-12-14"),
    }


@pytest.mark.parametrize(
    ("at", "lines", "rest"),
    [
        ("20261207T090000Z", ["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3"], ["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=2"]),
        ("20261202T120000Z", ["RDATE:20261202T120000Z"], None),
        (
            "20261202T120000Z",
            ["RRULE:FREQ=WEEKLY", "RDATE:20261202T120000Z"],
            ["RRULE:FREQ=WEEKLY;BYHOUR=10;BYMINUTE=0;BYSECOND=0;BYDAY=MO"],
        ),
        (
            "20261202T120000Z",
            ["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3", "RDATE:20261202T120000Z"],
            ["RDATE:20261207T090000Z,20261221T090000Z"],
        ),
        (
            "20261125T090000Z",
            ["RRULE:FREQ=DAILY", "EXRULE:FREQ=DAILY;INTERVAL=4;COUNT=3"],
            ["RRULE:FREQ=DAILY", "EXDATE:20261127T090000Z,20261201T090000Z"],
        ),
        ("20261130T090000Z", ["RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY;COUNT=3"], ["RRULE:FREQ=WEEKLY"]),
    ],
)  # fmt: skip
def test_the_rest_of_a_series_is_what_its_lines_leave(
    at: str, lines: list[str], rest: list[str] | None
) -> None:
    assert tail(meeting(*lines), at, {}, {}).get("recurrence") == rest


def test_a_time_of_day_changed_from_here_on_moves_the_dates_taken_and_the_end() -> None:
    lines = [
        "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270104T090000Z",
        "EXDATE;TZID=Europe/Berlin:20261130T100000,20261214T100000",
        "EXDATE;VALUE=DATE:20261228",
    ]
    body = on("2026-12-07", "12:00", "14:00")
    rest = tail(meeting(*lines), "20261207T090000Z", on("2026-12-07"), body)
    assert rest == {
        "summary": "Rounds",
        "recurrence": [
            "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270104T110000Z",
            "EXDATE:20261214T110000Z",
            "EXDATE;VALUE=DATE:20261228",
        ],
        **body,
    }


def test_an_occurrence_moved_before_lends_the_rest_its_times_only_where_they_are_edited() -> None:
    series, seen = meeting("RRULE:FREQ=WEEKLY"), on("2026-12-07", "15:00", "16:00")
    at = "20261207T090000Z"
    assert tail(series, at, seen, {"summary": "x"})["start"] == on("2026-12-07")["start"]
    longer = tail(series, at, seen, {"end": {"dateTime": "2026-12-07T17:00:00+01:00"}})
    assert {name: longer[name] for name in ("start", "end")} == on("2026-12-07", "15:00", "17:00")


def test_a_recurrence_in_the_edit_wins() -> None:
    series, at = meeting("RRULE:FREQ=WEEKLY;COUNT=9"), "20261207T090000Z"
    own = ["RRULE:FREQ=DAILY;COUNT=2"]
    assert tail(series, at, {}, {"recurrence": own})["recurrence"] == own
    assert "recurrence" not in tail(series, at, {}, {"recurrence": None})
    body = {"recurrence": own, **on("2026-12-07", "12:00", "13:00")}
    assert moved_whole(series, on("2026-12-07"), body)["recurrence"] == own


def test_an_edit_of_all_that_moves_nothing_is_the_patch_itself() -> None:
    body = {"summary": "Board", "location": None}
    assert moved_whole(meeting("RRULE:FREQ=WEEKLY"), on("2026-12-07"), body) == body
    assert moved_whole(meeting("RRULE:FREQ=WEEKLY"), on("2026-12-07"), body | on("2026-12-07")) == body


@pytest.mark.parametrize(
    ("rule", "moved"),
    [
        ("FREQ=WEEKLY", "FREQ=WEEKLY"),
        ("FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=TU"),
        ("FREQ=WEEKLY;BYDAY=MO,SU", "FREQ=WEEKLY;BYDAY=MO,TU"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;WKST=TU"),
        ("FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=3"),
        ("FREQ=MONTHLY;BYMONTHDAY=23", "FREQ=MONTHLY;BYMONTHDAY=24"),
        ("FREQ=YEARLY;BYMONTH=11", "FREQ=YEARLY;BYMONTH=11"),
        ("FREQ=WEEKLY;UNTIL=20270104T090000Z", "FREQ=WEEKLY;UNTIL=20270105T110000Z"),
        ("FREQ=WEEKLY;UNTIL=20270104", "FREQ=WEEKLY;UNTIL=20270105T225959Z"),
    ],
)
def test_all_move_as_far_as_one_and_their_rule_with_them(rule: str, moved: str) -> None:
    body = on("2026-12-08", "12:00", "13:30")
    patch = moved_whole(meeting(f"RRULE:{rule}", "EXDATE:20261130T090000Z"), on("2026-12-07"), body)
    assert patch == {
        **on("2026-11-24", "12:00", "13:30"),
        "recurrence": [f"RRULE:{moved}", "EXDATE:20261201T110000Z"],
    }


@pytest.mark.parametrize(
    "rule",
    ["FREQ=MONTHLY;BYDAY=4MO", "FREQ=MONTHLY;BYMONTHDAY=1,23", "FREQ=DAILY;BYDAY=MO,TU", "FREQ=YEARLY;BYYEARDAY=327"],
)  # fmt: skip
def test_days_that_mean_something_by_themselves_stay_and_the_time_of_day_moves(rule: str) -> None:
    body = on("2026-12-08", "12:00", "13:00")
    patch = moved_whole(meeting(f"RRULE:{rule}", "EXDATE:20261130T090000Z"), on("2026-12-07"), body)
    lines = [f"RRULE:{rule}", "EXDATE:20261130T110000Z"]
    assert patch == {**on("2026-11-23", "12:00", "13:00"), "recurrence": lines}


@pytest.mark.parametrize(
    ("parts", "moved"),
    [
        ("BYHOUR=10", "BYHOUR=12;BYMINUTE=0;BYSECOND=0"),
        ("BYHOUR=10,16", "BYHOUR=12,18;BYMINUTE=0;BYSECOND=0"),
        ("BYHOUR=10,23", "BYHOUR=10,23"),
    ],
)
def test_times_of_day_of_a_rule_move_by_whole_hours(parts: str, moved: str) -> None:
    patch = moved_whole(
        meeting(f"RRULE:FREQ=DAILY;{parts}"), on("2026-12-07"), on("2026-12-07", "12:00", "13:00")
    )
    assert patch["recurrence"] == [f"RRULE:FREQ=DAILY;{moved}"]


def test_all_move_on_the_clocks_of_the_series() -> None:
    summer = timed("2026-06-01T10:00:00+02:00", "2026-06-01T11:00:00+02:00")
    series = {"recurrence": ["RRULE:FREQ=WEEKLY"], **summer}
    body = {"start": {"dateTime": "2026-12-07T08:00:00Z"}, "end": {"dateTime": "2026-12-07T09:00:00Z"}}
    patch = moved_whole(series, on("2026-12-07"), body)
    assert patch["start"] == {"dateTime": "2026-06-01T09:00:00+02:00", "timeZone": BERLIN}


def test_another_zone_keeps_what_the_clocks_show() -> None:
    there = timed("2026-12-07T10:00:00-05:00", "2026-12-07T11:00:00-05:00", "America/New_York")
    lines = ["RRULE:FREQ=WEEKLY;UNTIL=20270104T090000Z", "EXDATE;TZID=Europe/Berlin:20261130T100000"]
    patch = moved_whole(meeting(*lines), on("2026-12-07"), there)
    assert patch == {
        **timed("2026-11-23T10:00:00-05:00", "2026-11-23T11:00:00-05:00", "America/New_York"),
        "recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20270104T150000Z", "EXDATE:20261130T150000Z"],
    }


def test_a_series_becomes_one_of_days() -> None:
    lines = [
        "RRULE:FREQ=WEEKLY;BYHOUR=10;UNTIL=20270104T085959Z",
        "EXDATE;TZID=Europe/Berlin:20261130T100000",
        "RDATE:20261201T233000Z",
    ]
    gone = {"dateTime": None, "timeZone": None}
    assert moved_whole(meeting(*lines), on("2026-12-07"), days("2026-12-07", "2026-12-08")) == {
        "start": {"date": "2026-11-23", **gone},
        "end": {"date": "2026-11-24", **gone},
        "recurrence": [
            "RRULE:FREQ=WEEKLY;UNTIL=20270103",
            "EXDATE;VALUE=DATE:20261130",
            "RDATE;VALUE=DATE:20261202",
        ],
    }


def test_days_become_times() -> None:
    lines = ["RRULE:FREQ=WEEKLY;UNTIL=20270104", "EXDATE;VALUE=DATE:20261130"]
    begin, end = ({"dateTime": f"2026-12-07T{at}:00:00+01:00"} for at in (10, 11))
    zone = ZoneInfo(BERLIN)
    patch = moved_whole(holiday(*lines), days("2026-12-07", "2026-12-09"), {"start": begin, "end": end}, zone)
    times = on("2026-11-23")
    assert patch == {
        "start": times["start"] | {"date": None},
        "end": times["end"] | {"date": None},
        "recurrence": ["RRULE:FREQ=WEEKLY;UNTIL=20270104T225959Z", "EXDATE:20261130T090000Z"],
    }


@pytest.mark.parametrize(
    "body",
    [
        {"start": None},
        {"start": {"date": "2026-12-07"}},
        {"end": {"dateTime": "2026-12-07T09:00:00+01:00"}},
        {"start": {"dateTime": "soon"}},
        {"start": {"timeZone": "Nowhere"}},
        timed("9990-01-01T10:00:00Z", "9990-01-01T11:00:00Z"),
        timed("9999-12-31T10:00:00Z", "9999-12-31T23:00:00Z"),
        timed("0001-01-01T10:00:00Z", "0001-01-01T11:00:00Z"),
        days("9999-12-30", "9999-12-31"),
        {"start": {"dateTime": 7}},
        {"start": "soon"},
    ],
)
def test_times_that_cannot_be_are_refused(body: Json) -> None:
    series = meeting("RRULE:FREQ=WEEKLY;UNTIL=20991231T000000Z")
    with pytest.raises(ValueError, match=r"start|ends before|is no |years"):
        moved_whole(series, on("2026-12-07"), body)
