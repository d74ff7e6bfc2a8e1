"""Rules, settings, calendars and colours: what is read, and what is asked."""

import json
from urllib.parse import parse_qs

import pytest

from calferry.google import (
    AclDelete,
    AclInsert,
    AclList,
    AclPatch,
    AclScope,
    AclUpdate,
    CalendarClear,
    CalendarGet,
    CalendarListPatch,
    CalendarPatch,
    ColorsGet,
    EventImport,
    EventMove,
    EventQuickAdd,
    ProtocolViolation,
    SettingGet,
    SettingsList,
)
from calferry.google.calls import Call


def query_of(call: Call) -> dict[str, list[str]]:
    return parse_qs(call.target().partition("?")[2])


def test_a_rule_is_read_with_everything_that_came() -> None:
    body = b'{"kind":"calendar#aclRule","etag":"\\"1\\"","id":"user:b@x","scope":{"type":"user","value":"b@x"},"new":1}'
    rule = AclPatch(calendar_id="c", rule_id="user:b@x", rule={}).read(body)
    assert (rule.rule_id, rule.role, rule.etag) == ("user:b@x", None, '"1"')
    assert rule.scope == AclScope("user", "b@x")
    assert rule.raw == body


def test_a_rule_that_cannot_be_read_spares_the_others() -> None:
    items = [{"id": "default", "role": "reader"}, {"role": "owner"}, 7]
    body = json.dumps({"kind": "calendar#acl", "etag": "e", "items": items, "nextSyncToken": "s"}).encode()
    page = AclList(calendar_id="c").read(body)
    assert [rule.rule_id for rule in page.items] == ["default"]
    assert [item.raw for item in page.unreadable] == [b'{"role": "owner"}', b"7"]
    assert (page.next_page_token, page.next_sync_token, page.etag) == (None, "s", "e")


@pytest.mark.parametrize(
    ("request_value", "body"),
    [
        (AclList(calendar_id="c"), b'{"kind":"calendar#settings","items":[]}'),
        (AclList(calendar_id="c"), b'{"kind":"calendar#acl","items":[]}'),
        (SettingsList(), b"[]"),
        (SettingGet(setting_id="locale"), b'{"id":"locale"}'),
        (CalendarGet(calendar_id="c"), b'{"summary":"no id"}'),
        (ColorsGet(), b'{"event":{"1":{"background":"#fff"}}}'),
    ],
)
def test_what_a_method_never_answers_is_a_violation(request_value, body) -> None:
    with pytest.raises(ProtocolViolation):
        request_value.read(body)


def test_settings_calendars_and_colours_are_read() -> None:
    setting = SettingGet(setting_id="weekStart").read(b'{"id":"weekStart","value":"1"}')
    assert (setting.setting_id, setting.value) == ("weekStart", "1")
    calendar = CalendarGet(calendar_id="c").read(b'{"id":"c","summary":"Work","timeZone":"Europe/Berlin"}')
    assert (calendar.calendar_id, calendar.summary, calendar.time_zone) == ("c", "Work", "Europe/Berlin")
    pair = {"background": "#a4bdfc", "foreground": "#1d1d1d"}
    colors = ColorsGet().read(json.dumps({"event": {"1": pair}, "calendar": {"24": pair}}).encode())
    assert (colors.event["1"].background, colors.calendar["24"].foreground) == ("#a4bdfc", "#1d1d1d")


def test_nobody_is_mailed_about_a_rule_unless_it_is_asked_for() -> None:
    silent = AclInsert(calendar_id="c", rule={"role": "reader"})
    loud = AclUpdate(calendar_id="c", rule_id="default", rule={}, send_notifications=True)
    assert query_of(silent.call())["sendNotifications"] == ["false"]
    assert query_of(loud.call())["sendNotifications"] == ["true"]


def test_changes_carry_the_etag_they_are_based_on() -> None:
    for request in (
        AclPatch(calendar_id="c", rule_id="r", rule={}, if_match='"1"'),
        AclUpdate(calendar_id="c", rule_id="r", rule={}, if_match='"1"'),
        AclDelete(calendar_id="c", rule_id="r", if_match='"1"'),
        CalendarPatch(calendar_id="c", calendar={}, if_match='"1"'),
        EventMove(calendar_id="c", event_id="e", destination="d", if_match='"1"'),
    ):
        assert request.call().if_match == '"1"'


def test_what_would_do_more_the_second_time_is_not_repeated() -> None:
    for request in (
        AclInsert(calendar_id="c", rule={}),
        CalendarClear(calendar_id="primary"),
        EventQuickAdd(calendar_id="c", text="Lunch at noon"),
        EventMove(calendar_id="c", event_id="e", destination="d"),
        EventImport(calendar_id="c", event={}),
    ):
        assert not request.call().is_repeatable
    assert AclDelete(calendar_id="c", rule_id="r").call().is_repeatable


def test_patches_cost_three_units() -> None:
    for request in (
        AclPatch(calendar_id="c", rule_id="r", rule={}),
        CalendarPatch(calendar_id="c", calendar={}),
        CalendarListPatch(calendar_id="c", entry={}),
    ):
        assert request.call().units == 3


def test_an_import_says_nothing_that_google_does_not_ask_for() -> None:
    query = query_of(
        EventImport(calendar_id="c", event={}, send_updates="all", conference_data_version=1).call()
    )
    assert query == {"prettyPrint": ["false"], "conferenceDataVersion": ["1"]}


@pytest.mark.parametrize("empty", ["", ".", ".."])
def test_ids_that_would_address_something_else_are_refused(empty: str) -> None:
    for make in (
        lambda: AclList(calendar_id=empty).call(),
        lambda: AclDelete(calendar_id="c", rule_id=empty).call(),
        lambda: CalendarGet(calendar_id=empty).call(),
        lambda: SettingGet(setting_id=empty).call(),
        lambda: EventMove(calendar_id="c", event_id="e", destination=empty).call(),
    ):
        with pytest.raises(ValueError, match="must not be"):
            make()
