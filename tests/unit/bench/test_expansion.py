"""The benchmark of expansion measures what it says."""

import json

import pytest

from bench.expansion import FIFTEEN_MONTHS, main, masters, sources_of
from calferry.core.recurrence.expansion import expand


def test_its_series_have_about_150_instances_each_in_fifteen_months() -> None:
    sources = sources_of(masters(1, 400), FIFTEEN_MONTHS)
    assert len(sources) == 400
    assert 130 < len(expand(sources, [], 10**6)) / 400 < 170


def test_it_prints_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--masters", "5", "--runs", "1", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["masters"] == 5
    assert printed["windows"].keys() == {"1 month", "15 months"}
    assert printed["windows"]["15 months"]["instances"] > 0
