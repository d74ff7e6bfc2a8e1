from dataclasses import replace

import pytest

from bench.figures import figures
from bench.options import read_options
from bench.round import Turn, wrong_counts
from bench.table import growth, table
from bench.task import Outcome, Phase

OPTIONS = read_options(["--calendars=2", "--events=100", "--changes=5", "--runs=3"])


def turn(full_s: float, *, wrong: tuple[str, ...] = ()) -> Turn:
    phases = {
        "full": Phase(200, full_s, full_s / 2, 80.0),
        "changes": Phase(10, 0.02, 0.01, 82.0),
        "unchanged": Phase(0, 0.004, 0.002, 82.0),
    }
    return Turn(phases, {"full": 2, "changes": 2, "unchanged": 2}, list(wrong))


TURNS = {"calferry": [turn(2.0), turn(4.0), turn(1.0)], "bare-wal": [turn(1.0), turn(3.0), turn(1.0)]}


def test_figures_are_medians_and_ratios_are_taken_within_a_round() -> None:
    found = figures("calferry", TURNS, OPTIONS)
    assert found.events_per_s == 100
    assert found.of_bare_wal == 0.75
    assert found.of_httpx_loop is None
    assert (found.peak_mb, found.unchanged_cpu_ms) == (82.0, 1.0)


def test_a_wrong_turn_shows_in_the_table() -> None:
    turns = {"bare-wal": [turn(1.0), turn(1.0, wrong=("bench000",))]}
    text = table(OPTIONS, {"bare-wal": figures("bare-wal", turns, OPTIONS)})
    assert text.splitlines()[-1].endswith("| NO    |")


def test_growth_is_the_difference_of_the_peaks() -> None:
    small = figures("bare-wal", TURNS, OPTIONS)
    big = replace(small, peak_mb=small.peak_mb + 12)
    assert growth({"bare-wal": small}, {"bare-wal": big}) == "Growth of the peak: bare-wal: +12 MB"


def test_a_phase_that_read_too_little_is_wrong() -> None:
    outcome = Outcome({"full": Phase(200, 1, 1, 1), "changes": Phase(9, 1, 1, 1)}, "", "")
    assert wrong_counts(outcome, OPTIONS) == ["changes: 9 entries, not 10"]


def test_quick_takes_the_place_of_the_sizes() -> None:
    quick = read_options(["--quick", "--latency-ms=80"])
    assert (quick.calendars, quick.events, quick.runs, quick.latency_ms) == (4, 1000, 1, 80.0)


def test_an_unknown_contestant_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_options(["--only=bare-wal,nobody"])
    assert "unknown: nobody; known: " in capsys.readouterr().err
