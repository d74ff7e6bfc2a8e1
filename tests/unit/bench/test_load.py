"""The load harnesses, small: that they measure what they say. How fast it goes is for them to say, not for a test."""

import json

import pytest

from bench import streams, webhook
from bench.percentiles import percentiles


def test_no_notification_of_a_flood_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--people=1", "--calendars=2", "--events=2", "--connections=5"]
    webhook.main([*small, "--burst-rate=100", "--burst-seconds=1", "--seconds=0"])
    found = json.loads(capsys.readouterr().out)
    assert (found["sent"], found["statuses"]) == (100, {"200": 100})
    assert (found["settled"], found["equal"]) == (True, True)
    assert [word for word in found["wrong"] if "lost" in word or "equal" in word or "no run" in word] == []


def test_a_change_reaches_every_stream(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--streams=8", "--people=2", "--rounds=1", "--idle-s=0.1", "--round-s=3"]
    assert streams.main(small) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["streams"], found["frames"], found["wrong"]) == (8, 8, [])


def test_percentiles_are_values_that_so_many_are_not_above() -> None:
    assert percentiles([]) == {}
    assert percentiles(range(1, 1001)) == {"p50": 500, "p99": 990, "p999": 999, "max": 1000}
