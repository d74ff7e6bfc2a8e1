"""Every method in Google's own inventory has a request, with the verb, address and parameters that stand there."""

import re
from typing import Any

import pytest

from calferry import google
from calferry.emulator.routes import inventory

CAL, EVENT, RULE, HOOK = "cal", "event1", "user:bob@example.com", "https://example.com/hook"
TIME = "2026-01-01T00:00:00Z"
OF_EVENT = {"calendar_id": CAL, "event_id": EVENT, "send_updates": "all"}
BODY = {"event": {}, "conference_data_version": 1, "supports_attachments": True, "event_label_version": 1}
WATCH = {"channel_id": "channel", "address": HOOK}
LISTED = {"page_token": "p", "max_results": 7, "show_deleted": True}
REQUESTS: tuple[Any, ...] = (
    google.AclDelete(calendar_id=CAL, rule_id=RULE),
    google.AclGet(calendar_id=CAL, rule_id=RULE),
    google.AclInsert(calendar_id=CAL, rule={}),
    google.AclList(calendar_id=CAL, sync_token="s", **LISTED),
    google.AclPatch(calendar_id=CAL, rule_id=RULE, rule={}),
    google.AclUpdate(calendar_id=CAL, rule_id=RULE, rule={}),
    google.AclWatch(calendar_id=CAL, **WATCH),
    google.CalendarListDelete(calendar_id=CAL),
    google.CalendarListGet(calendar_id=CAL),
    google.CalendarListInsert(entry={}, color_rgb_format=True),
    google.CalendarListList(
        min_access_role="owner", show_hidden=True, show_own_organization_only=True, **LISTED
    ),
    google.CalendarListList(sync_token="s", **LISTED),
    google.CalendarListPatch(calendar_id=CAL, entry={}, color_rgb_format=True),
    google.CalendarListUpdate(calendar_id=CAL, entry={}, color_rgb_format=True),
    google.CalendarListWatch(**WATCH),
    google.CalendarClear(calendar_id=CAL),
    google.CalendarDelete(calendar_id=CAL),
    google.CalendarGet(calendar_id=CAL),
    google.CalendarInsert(calendar={}),
    google.CalendarPatch(calendar_id=CAL, calendar={}),
    google.CalendarTransferOwnership(calendar_id=CAL, new_data_owner="bob@example.com"),
    google.CalendarUpdate(calendar_id=CAL, calendar={}),
    google.ChannelStop(channel_id="channel", resource_id="r"),
    google.ColorsGet(),
    google.EventDelete(**OF_EVENT),
    google.EventGet(calendar_id=CAL, event_id=EVENT, time_zone="UTC", max_attendees=1),
    google.EventImport(calendar_id=CAL, **BODY),
    google.EventInsert(calendar_id=CAL, max_attendees=1, **BODY),
    google.EventInstances(
        calendar_id=CAL,
        event_id=EVENT,
        time_min=TIME,
        time_max=TIME,
        original_start=TIME,
        time_zone="UTC",
        max_attendees=1,
        **LISTED,
    ),
    google.EventsList(
        calendar_id=CAL,
        single_events=True,
        show_hidden_invitations=True,
        time_min=TIME,
        time_max=TIME,
        updated_min=TIME,
        order_by="updated",
        q="x",
        i_cal_uid="u",
        event_types=("default",),
        private_extended_property=("a=b",),
        shared_extended_property=("a=b",),
        time_zone="UTC",
        max_attendees=1,
        **LISTED,
    ),
    google.EventsList(calendar_id=CAL, sync_token="s"),
    google.EventMove(destination="other", **OF_EVENT),
    google.EventPatch(max_attendees=1, **OF_EVENT, **BODY),
    google.EventQuickAdd(calendar_id=CAL, text="Lunch", send_updates="all"),
    google.EventUpdate(max_attendees=1, **OF_EVENT, **BODY),
    google.EventsWatch(calendar_id=CAL, event_types=("default",), **WATCH),
    google.FreeBusyQuery(time_min=TIME, time_max=TIME, items=(CAL,)),
    google.SettingGet(setting_id="locale"),
    google.SettingsList(sync_token="s", page_token="p", max_results=7),
    google.SettingsWatch(**WATCH),
)
WITHOUT_EFFECT = {"alwaysIncludeEmail", "sendNotifications"}
"""Deprecated by Google in favour of what the client offers; `sendNotifications` still rules mails about rules."""
OF_EVERY_METHOD = {"alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"}


def offered(method: str) -> set[str]:
    """The query parameters that our requests of a method send when everything is said."""
    calls = [call for call in (request.call() for request in REQUESTS) if call.name == method]
    return {name for call in calls for name, _ in call.query}


def declared(method: str) -> set[str]:
    own = set(inventory.query_parameters(method)) - OF_EVERY_METHOD
    return own & {"eventTypes"} if method.endswith(".watch") else own


def test_every_method_has_a_request() -> None:
    assert {request.call().name for request in REQUESTS} == set(inventory.methods())


@pytest.mark.parametrize("request_value", REQUESTS, ids=lambda value: type(value).__name__)
def test_verb_and_address_are_those_of_the_inventory(request_value: Any) -> None:
    call = request_value.call()
    described = inventory.methods()[call.name]
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape("/" + described["path"]))
    assert call.method == described["httpMethod"]
    assert re.fullmatch(pattern, call.path)
    assert call.is_answered == ("response" in described)
    assert (call.body is not None) == ("request" in described)


@pytest.mark.parametrize("method", inventory.methods())
def test_every_query_parameter_can_be_said(method: str) -> None:
    assert offered(method) <= set(inventory.query_parameters(method))
    assert declared(method) - offered(method) <= WITHOUT_EFFECT
