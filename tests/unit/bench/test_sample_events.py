import json

from bench.sample_events import sample_changes, sample_events


def test_the_same_seed_gives_the_same_events() -> None:
    assert sample_events(1, "a", 20) == sample_events(1, "a", 20)
    assert sample_events(1, "a", 20) != sample_events(2, "a", 20)


def test_events_have_an_id_of_their_own_and_weigh_about_a_kilobyte() -> None:
    events = sample_events(1, "a", 2000)
    assert len({event.event_id for event in events}) == 2000
    assert 900 < sum(len(event.raw) for event in events) / 2000 < 1400


def test_exceptions_name_their_series() -> None:
    events = [json.loads(event.raw) for event in sample_events(1, "a", 1000)]
    series = {event["id"] for event in events if "recurrence" in event}
    exceptions = [event for event in events if "recurringEventId" in event]
    assert exceptions
    assert {event["recurringEventId"] for event in exceptions} <= series


def test_a_fifth_of_the_changes_cancels_and_a_fifth_is_new() -> None:
    events = sample_events(1, "a", 200)
    changes = sample_changes(1, "a", events, 50)
    known = {event.event_id for event in events}
    assert sum(change.summary is None for change in changes) == 10
    assert sum(change.event_id not in known for change in changes) == 10
    assert len({change.event_id for change in changes}) == 50
