"""Random series: what is computed here is what the local Google, another reading of the same documents, lists."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.recurrence.listing import expanded
from tests.unit.emulator.desk import ALICE, Desk

ZONES = (
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca",
    "America/Sao_Paulo", "UTC", "Pacific/Apia", "Asia/Kathmandu",
)  # fmt: skip
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def some(members: st.SearchStrategy[Any]) -> st.SearchStrategy[str]:
    return st.lists(members, min_size=1, max_size=3, unique=True).map(
        lambda chosen: ",".join(map(str, chosen))
    )


def counted(most: int) -> st.SearchStrategy[str]:
    return some(st.integers(1, most) | st.integers(-most, -1))


PLAIN = some(st.sampled_from(WEEKDAYS))
NTH = some(st.sampled_from([f"{n}{day}" for day in WEEKDAYS for n in ("", 1, 2, 5, -1, -2)]))
MONTHS = some(st.integers(1, 12))
PARTS = {
    "DAILY": {"BYMONTH": MONTHS, "BYDAY": PLAIN, "BYMONTHDAY": counted(31)},
    "WEEKLY": {"BYDAY": PLAIN, "BYMONTH": MONTHS, "BYSETPOS": counted(3)},
    "MONTHLY": {"BYDAY": NTH, "BYMONTHDAY": counted(31), "BYMONTH": MONTHS, "BYSETPOS": counted(3)},
    "YEARLY": {
        "BYMONTH": MONTHS,
        "BYMONTHDAY": counted(31),
        "BYDAY": NTH,
        "BYYEARDAY": counted(366),
        "BYWEEKNO": counted(53),
        "BYSETPOS": counted(3),
    },
}


@st.composite
def rules(draw: st.DrawFn, start: datetime) -> str:
    frequency = draw(st.sampled_from(sorted(PARTS)))
    chosen = draw(st.lists(st.sampled_from(sorted(PARTS[frequency])), max_size=2, unique=True))
    parts = [f"FREQ={frequency}", *(f"{name}={draw(PARTS[frequency][name])}" for name in chosen)]
    if ("BYSETPOS" in chosen and len(chosen) == 1) or "BYWEEKNO" in chosen:
        parts = [part for part in parts if not part.startswith("BYDAY")] + ["BYDAY=MO,TU"]
    ends = st.one_of(
        st.none(),
        st.integers(1, 40).map("COUNT={}".format),
        st.timedeltas(timedelta(0), timedelta(900)).map(lambda d: f"UNTIL={start + d:%Y%m%dT%H%M%SZ}"),
        st.timedeltas(timedelta(0), timedelta(900)).map(lambda d: f"UNTIL={start + d:%Y%m%d}"),
    )
    end = draw(ends)
    interval = draw(st.integers(1, 5))
    parts += [end] if end else []
    parts += [f"INTERVAL={interval}"] if interval > 1 else []
    parts += [f"WKST={draw(st.sampled_from(WEEKDAYS))}"] if draw(st.booleans()) else []
    return ";".join(parts)


@st.composite
def series(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.datetimes(datetime(2011, 1, 1), datetime(2031, 1, 1))).replace(microsecond=0, second=0)
    lines = [f"RRULE:{draw(rules(start))}"]
    zone = draw(st.sampled_from(ZONES))
    is_day = draw(st.booleans())
    near = st.timedeltas(timedelta(0), timedelta(60)).map(lambda d: start + d)
    if draw(st.booleans()):
        lines.append("EXRULE:FREQ=WEEKLY;INTERVAL=2" if is_day else "EXRULE:FREQ=DAILY;INTERVAL=3;COUNT=9")
    for name in draw(st.lists(st.sampled_from(["RDATE", "EXDATE"]), max_size=2)):
        at = draw(near)
        if draw(st.booleans()):
            at = at.replace(hour=start.hour, minute=start.minute)
        lines.append(f"{name};VALUE=DATE:{at:%Y%m%d}" if is_day else f"{name};TZID={zone}:{at:%Y%m%dT%H%M%S}")
    length = timedelta(days=draw(st.integers(1, 3))) if is_day else timedelta(hours=draw(st.integers(0, 40)))
    return {"recurrence": lines} | {
        name: {"date": f"{at:%Y-%m-%d}"} if is_day else {"dateTime": at.isoformat(), "timeZone": zone}
        for name, at in (("start", start), ("end", start + length))
    }


def compare(event: dict[str, Any], days: int) -> None:
    """Half a year or so from shortly before some day of the series."""
    desk = Desk()
    answer = desk.api("POST", f"calendars/{quote(ALICE)}/events", event)
    assert answer.status == 200, (event, answer.json)
    start = event["start"].get("dateTime") or event["start"]["date"]
    low = int((datetime.fromisoformat(start).replace(tzinfo=UTC) - EPOCH).total_seconds()) + days * 86_400
    high = low + 200 * 86_400
    window = {
        name: (EPOCH + timedelta(seconds=at)).isoformat()
        for name, at in (("timeMin", low), ("timeMax", high))
    }
    wanted, _ = desk.all_events(ALICE, singleEvents="true", orderBy="startTime", maxResults=2500, **window)
    masters, _ = desk.all_events(ALICE)
    zone = desk.api("GET", f"calendars/{quote(ALICE)}").json["timeZone"]
    assert expanded(masters, zone, low, high) == wanted


@settings(max_examples=150, deadline=None)
@given(event=series(), days=st.integers(-100, 1_500))
def test_a_series_has_the_instances_that_the_local_google_lists(event: dict[str, Any], days: int) -> None:
    compare(event, days)
