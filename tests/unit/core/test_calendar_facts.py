"""What a page's envelope changes of its calendar."""

from dataclasses import replace

from calferry.core.calendar_facts import compare_facts, must_begin_again
from calferry.core.model import Envelope
from tests.unit.core.events import walk

KNOWN = Envelope("owner", "Europe/Berlin", "Team", "[]")


def test_same_facts_change_nothing() -> None:
    change = compare_facts(KNOWN, KNOWN, "Team")
    assert (change.values, change.moved) == ({}, False)


def test_absent_facts_change_nothing() -> None:
    assert compare_facts(KNOWN, Envelope(None, None, None, None), "Team").values == {}


def test_title_renames_unless_the_person_gave_a_name() -> None:
    told = replace(KNOWN, summary="Crew")
    assert compare_facts(KNOWN, told, "Team").values == {"title": "Crew", "summary": "Crew"}
    assert compare_facts(KNOWN, told, "My people").values == {"title": "Crew"}


def test_role_and_zone_give_events_another_form_and_a_title_does_not() -> None:
    assert compare_facts(KNOWN, replace(KNOWN, access_role="reader"), "Team").moved
    assert compare_facts(KNOWN, replace(KNOWN, time_zone="Asia/Tokyo"), "Team").moved
    assert not compare_facts(KNOWN, replace(KNOWN, summary="Crew"), "Team").moved


def test_first_zone_that_is_told_is_no_change() -> None:
    known = replace(KNOWN, time_zone=None)
    change = compare_facts(known, KNOWN, "Team")
    assert (change.values, change.moved) == ({"time_zone": "Europe/Berlin"}, False)


def test_reminders_are_stored_even_when_they_are_emptied() -> None:
    known = replace(KNOWN, default_reminders='[{"minutes":10}]')
    assert compare_facts(known, KNOWN, "Team").values == {"default_reminders": "[]"}


def test_other_mode_begins_again_even_on_the_first_page_of_a_listing() -> None:
    busy = replace(KNOWN, access_role="freeBusyReader")
    for how in (walk(full=True), walk()):
        assert must_begin_again(KNOWN, busy, how)
        assert must_begin_again(busy, KNOWN, how)
        assert not must_begin_again(busy, Envelope(None, None, None, None), how)


def test_other_role_or_zone_begins_again_unless_everything_is_listed_already() -> None:
    for told in (replace(KNOWN, access_role="reader"), replace(KNOWN, time_zone="Asia/Tokyo")):
        assert must_begin_again(KNOWN, told, walk())
        assert not must_begin_again(KNOWN, told, walk(full=True))
        assert must_begin_again(KNOWN, told, replace(walk(full=True), pages=1))
    assert not must_begin_again(KNOWN, replace(KNOWN, summary="Crew"), walk())
