from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calferry.google.times import (
    CLOCKS,
    Remembered,
    compact_instant,
    epoch_ms,
    instance_key,
    instant_ms,
    is_plain_date,
    parse_instant,
    read_instant,
)

HALF_DAY = timedelta(hours=12)


def whole_minutes(offset: timedelta) -> timezone:
    return timezone(timedelta(minutes=offset // timedelta(minutes=1)))


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-03-01T09:00:00+01:00", 1_772_352_000_000),
        ("2026-03-01T09:00:00.123Z", 1_772_355_600_123),
        ("2026-03-01t09:00:00z", 1_772_355_600_000),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2026-03-01T09:00:00.123456789-05:30", 1_772_375_400_123),
    ],
)
def test_instants_become_utc_milliseconds(text, ms) -> None:
    moment = parse_instant(text)
    assert moment is not None
    assert epoch_ms(moment) == ms


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:59:60Z",
        "2026-02-30T10:00:00Z",
        "0000-01-01T00:00:00Z",
        "2026-01-01T10:00:00",
        "2026-01-01",
        "2026-01-01T10:00Z",
        "20260101T100000Z",
        "tomorrow",
        "",
        "2026-01-01T10:00:00+99:00",
    ],
)
def test_what_is_no_instant_is_none(text) -> None:
    assert parse_instant(text) is None


@given(
    st.datetimes(timezones=st.just(UTC) | st.timedeltas(-HALF_DAY, HALF_DAY).map(whole_minutes)),
    st.sampled_from(["seconds", "milliseconds", "auto"]),
)
def test_days_and_clocks_that_are_remembered_tell_the_same_time(moment, precision) -> None:
    text = moment.isoformat(timespec=precision).replace("+00:00", "Z")
    read = read_instant(text, None)
    assert read is not None
    assert instant_ms(text, None) == instant_ms(text, None) == epoch_ms(read)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T10:00:00Z",
        "2026-W01-1T10:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T10:00:00+99:00",
        "2026-01-01T10:00+01:00:00",
        "2026-01-01 tomorrow ",
    ],
)
def test_what_is_no_date_time_is_refused_with_or_without_memory(text) -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="RFC3339"):
            instant_ms(text, "Europe/Berlin")


def test_a_date_time_of_the_usual_length_without_offset_is_wall_time() -> None:
    assert instant_ms("2026-07-01T10:00:00.12345", "Europe/Berlin") == 1_782_892_800_123
    assert instant_ms("2026-07-01T10:00:00.12345", "Asia/Kolkata") == 1_782_880_200_123
    assert instant_ms("2026-07-01T10:00:00.12345", None) is None


def test_memory_is_bounded() -> None:
    asked: list[str] = []
    lengths = Remembered(lambda text: asked.append(text) or len(text), 3)
    for text in ("a", "bb", "a", "ccc", "dddd", "a"):
        assert lengths[text] == len(text)
    assert asked == ["a", "bb", "ccc", "dddd", "a"]
    assert len(lengths) <= 3 < CLOCKS.most


def test_wall_time_is_read_in_its_zone() -> None:
    moment = parse_instant("2026-07-01T10:00:00", "Europe/Berlin")
    assert moment is not None
    assert moment.astimezone(UTC).hour == 8


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe/\x00", "x" * 5000])
def test_wall_time_in_an_unknown_zone_is_none(zone) -> None:
    assert parse_instant("2026-07-01T10:00:00", zone) is None


def test_years_at_the_edge_of_the_calendar_are_not_computed_with() -> None:
    west = timezone(timedelta(hours=-5))
    assert epoch_ms(datetime(9999, 12, 31, 23, tzinfo=west)) is None
    assert compact_instant(datetime(9999, 12, 31, 23, tzinfo=west)) is None
    assert epoch_ms(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))) is None


@pytest.mark.parametrize(
    ("text", "is_date"),
    [
        ("2026-02-28", True),
        ("2024-02-29", True),
        ("2026-02-29", False),
        ("2026-2-28", False),
        ("20260228", False),
        ("2026-W01-1", False),
        ("9999-12-31", False),
        ("0000-01-01", False),
        ("", False),
    ],
)
def test_all_day_dates_are_checked(text, is_date) -> None:
    assert is_plain_date(text) is is_date


@pytest.mark.parametrize(
    ("event_id", "key"),
    [
        ("abc_20260301T080000Z", ("abc", "20260301T080000Z")),
        ("abc_20260515", ("abc", "20260515")),
        ("abc_R20230510T080000_20230517T080000Z", ("abc_R20230510T080000", "20230517T080000Z")),
        ("_60q30c1g_20260515", ("_60q30c1g", "20260515")),
        ("abc_R20230510T080000", None),
        ("abc_R20230510", None),
        ("_20260515", None),
        ("abc_20261315", None),
        ("abc_20260301T250000Z", None),
        ("abc_20260301T080000", None),
        ("abc_20260301t080000z", None),
        ("abc", None),
        ("abc_20260301T080000Z\n", None),
    ],
)
def test_the_id_of_an_instance_tells_its_series_and_start(event_id, key) -> None:
    assert instance_key(event_id) == key
