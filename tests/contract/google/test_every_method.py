"""Writes of every kind, batches, listings and service accounts, against the local Google over real sockets."""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from calferry import google
from calferry.emulator.server import RunningGoogle, new_emulator, running

ALICE, BOB = "alice@example.com", "bob@example.com"
ROBOT = "robot@project.iam.gserviceaccount.com"
CALENDAR_SCOPE = "https://www.googleapis.com/auth/calendar"
HOOK = "http://127.0.0.1:9/hook"


class Tokens:
    def __init__(self, running_google: RunningGoogle, person: str) -> None:
        self.current = str(running_google.tokens(person)["access_token"])

    async def access_token(self) -> str:
        return self.current

    async def refreshed(self, stale: str) -> str:
        return self.current


class InstantClock(google.SystemClock):
    async def sleep(self, seconds: float) -> None:
        await super().sleep(0)


@dataclass
class Setting:
    google: RunningGoogle
    transport: google.AiohttpTransport
    endpoints: google.Endpoints

    def __post_init__(self) -> None:
        self.clock, self.dice = InstantClock(), random.Random(1)
        self.alice, self.bob = self.client(Tokens(self.google, ALICE)), self.client(Tokens(self.google, BOB))

    def client(self, tokens: google.TokenSource, **more: Any) -> google.GoogleCalendar:
        return google.GoogleCalendar(self.transport, tokens, self.clock, self.dice, self.endpoints, **more)

    def fault(self, method: str, action: str, times: int = 1) -> None:
        self.google.control("faults", {"faults": [{"method": method, "action": action, "times": times}]})

    def asked(self, method: str) -> list[dict[str, Any]]:
        asked = self.google.control("requests")["requests"]
        return [request for request in asked if request["api_method"] == method]


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    async with running(new_emulator(auto=True)) as running_google, google.AiohttpTransport() as transport:
        url = running_google.url
        yield Setting(running_google, transport, google.Endpoints(api_url=url, token_url=f"{url}/token"))


def event(number: int, **more: object) -> dict[str, object]:
    return {
        "id": google.event_id_of(number.to_bytes(16, "big")),
        "summary": f"Nr. {number}",
        "start": {"dateTime": "2026-10-06T10:00:00+02:00", "timeZone": "Europe/Berlin"},
        "end": {"dateTime": "2026-10-06T11:00:00+02:00", "timeZone": "Europe/Berlin"},
    } | more


def insert(number: int, calendar_id: str = "primary", **more: object) -> google.EventInsert:
    return google.EventInsert(calendar_id=calendar_id, event=event(number, **more))


async def test_a_calendar_from_its_making_to_its_end(setting) -> None:
    send = setting.alice.send
    made = await send(google.CalendarInsert(calendar={"summary": "Plans", "timeZone": "Europe/Berlin"}))
    one = {"calendar_id": made.calendar_id}
    patched = await send(google.CalendarPatch(**one, calendar={"description": "secret"}, if_match=made.etag))
    assert (patched.summary, patched.description) == ("Plans", "secret")
    with pytest.raises(google.PreconditionFailed):
        await send(google.CalendarUpdate(**one, calendar={"summary": "Late"}, if_match=made.etag))
    updated = await send(google.CalendarUpdate(**one, calendar={"summary": "New"}, if_match=patched.etag))
    assert (await send(google.CalendarGet(**one))).summary == updated.summary == "New"
    await send(google.CalendarDelete(**one))
    with pytest.raises(google.NotFound):
        await send(google.CalendarGet(**one))


async def test_a_primary_calendar_is_cleared(setting) -> None:
    await setting.alice.send(insert(1))
    await setting.alice.send(google.CalendarClear(calendar_id="primary"))
    assert [each async for each in setting.alice.events("primary")] == []
    assert [each.is_cancelled async for each in setting.alice.events("primary", show_deleted=True)]


async def test_rules_are_given_changed_listed_and_taken(setting) -> None:
    send, one = setting.alice.send, {"calendar_id": "primary"}
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    made = await send(google.AclInsert(**one, rule=rule))
    assert (made.rule_id, made.role) == (f"user:{BOB}", "reader")
    assert setting.google.control("mails")["mails"] == []
    listing = setting.alice.listing(google.AclList(**one, max_results=1))
    assert {rule.rule_id async for rule in listing} >= {f"user:{ALICE}", f"user:{BOB}"}
    where = {**one, "rule_id": made.rule_id}
    with pytest.raises(google.PreconditionFailed):
        await send(google.AclPatch(**where, rule={"role": "writer"}, if_match='"0"'))
    await send(google.AclPatch(**where, rule={"role": "writer"}, if_match=made.etag))
    await send(google.AclUpdate(**where, rule=rule | {"role": "owner"}, send_notifications=True))
    assert len(setting.google.control("mails")["mails"]) == 1
    assert (await send(google.AclGet(**where))).role == "owner"
    await send(google.AclDelete(**where))
    later = google.AclList(**one, max_results=1).incremental(str(listing.next_sync_token))
    assert [(rule.rule_id, rule.role) async for rule in setting.alice.listing(later)] == [
        (f"user:{BOB}", "none")
    ]


async def test_the_calendar_list_is_the_persons_own(setting) -> None:
    rule = {"role": "reader", "scope": {"type": "user", "value": BOB}}
    await setting.alice.send(google.AclInsert(calendar_id="primary", rule=rule))
    send = setting.bob.send
    entry = await send(google.CalendarListInsert(entry={"id": ALICE, "selected": True}))
    assert (entry.calendar_id, entry.access_role) == (ALICE, "reader")
    patch = google.CalendarListPatch(calendar_id=ALICE, entry={"summaryOverride": "Her"})
    assert (await send(patch)).summary_override == "Her"
    colors = {"backgroundColor": "#0088aa", "foregroundColor": "#ffffff"}
    update = google.CalendarListUpdate(calendar_id=ALICE, entry=colors, color_rgb_format=True)
    assert (await send(update)).background_color == "#0088aa"
    await send(google.CalendarListDelete(calendar_id=ALICE))
    with pytest.raises(google.NotFound):
        await send(google.CalendarListGet(calendar_id=ALICE))


async def test_settings_and_colours_are_read(setting) -> None:
    setting.google.control("settings", {"email": ALICE, "id": "weekStart", "value": "1"})
    listing = setting.alice.listing(google.SettingsList())
    assert ("weekStart", "1") in [(each.setting_id, each.value) async for each in listing]
    assert (await setting.alice.send(google.SettingGet(setting_id="weekStart"))).value == "1"
    setting.google.control("settings", {"email": ALICE, "id": "locale", "value": "de"})
    later = setting.alice.listing(google.SettingsList().incremental(str(listing.next_sync_token)))
    assert [each.setting_id async for each in later] == ["locale"]
    colors = await setting.alice.send(google.ColorsGet())
    assert colors.event["1"].background == "#a4bdfc"
    assert len(colors.calendar) == 24


async def test_rules_and_settings_are_watched(setting) -> None:
    for number, watch in enumerate((google.AclWatch, google.SettingsWatch)):
        of = {"calendar_id": "primary"} if watch is google.AclWatch else {}
        channel = await setting.alice.send(watch(**of, channel_id=f"chan{number}", address=HOOK))
        stop = google.ChannelStop(channel_id=channel.channel_id, resource_id=channel.resource_id)
        await setting.alice.send(stop)
        with pytest.raises(google.NotFound):
            await setting.alice.send(stop)


async def test_events_are_moved_imported_and_added_in_a_hurry(setting) -> None:
    send = setting.alice.send
    team = await send(google.CalendarInsert(calendar={"summary": "Plans"}))
    made = await send(insert(1))
    left = await send(
        google.EventMove(calendar_id="primary", event_id=made.event_id, destination=team.calendar_id)
    )
    assert left.is_cancelled
    moved = await send(google.EventGet(calendar_id=team.calendar_id, event_id=made.event_id))
    assert moved.status == "confirmed"
    foreign = {**event(2), "iCalUID": "u@elsewhere", "organizer": {"email": ALICE}}
    del foreign["id"]
    imported = await send(google.EventImport(calendar_id="primary", event=foreign))
    assert imported.i_cal_uid == "u@elsewhere"
    quick = await send(google.EventQuickAdd(calendar_id="primary", text="Lunch with Bob tomorrow at 12:30"))
    assert quick.start_ms is not None


async def test_attachments_and_conferences_need_their_switch(setting) -> None:
    files = [{"fileUrl": "https://example.com/a.pdf", "title": "a"}]
    call = {"createRequest": {"requestId": "r1", "conferenceSolutionKey": {"type": "hangoutsMeet"}}}
    body = event(1, attachments=files, conferenceData=call)
    plain = await setting.alice.send(google.EventInsert(calendar_id="primary", event=body))
    assert b"attachments" not in plain.raw
    assert b"conferenceData" not in plain.raw
    full = google.EventInsert(
        calendar_id="primary",
        event=body | event(2),
        supports_attachments=True,
        conference_data_version=1,
    )
    made = await setting.alice.send(full)
    assert b"attachments" in made.raw
    assert b"conferenceData" in made.raw


async def test_fields_narrow_an_answer_and_never_end_a_listing(setting) -> None:
    for number in range(3):
        await setting.alice.send(insert(number))
    get = google.EventGet(calendar_id="primary", event_id=str(event(1)["id"]))
    assert await setting.alice.send(google.Partial(get, "summary,start/timeZone")) == {
        "summary": "Nr. 1",
        "start": {"timeZone": "Europe/Berlin"},
    }
    listing = google.EventsList(calendar_id="primary", max_results=1)
    page = await setting.alice.send(google.Partial(listing, "nextPageToken,items/id"))
    assert set(page) == {"nextPageToken", "items"}


async def test_free_and_busy_beyond_fifty_calendars_and_through_groups(setting) -> None:
    await setting.alice.send(insert(1))
    members = [f"m{number}@example.com" for number in range(59)] + [ALICE]
    setting.google.control("seed", {"groups": {"all@example.com": members}})
    nobody = tuple(f"n{number}@example.com" for number in range(70))
    query = google.FreeBusyQuery(
        time_min="2026-10-06T00:00:00Z", time_max="2026-10-07T00:00:00Z", items=(*nobody, "all@example.com")
    )
    found = await setting.alice.free_busy(query)
    assert set(found.calendars) == {*nobody, *members}
    assert [(busy.start, busy.end) for busy in found.calendars[ALICE].busy] == [
        ("2026-10-06T08:00:00Z", "2026-10-06T09:00:00Z")
    ]
    assert not any(part.is_refused_as_one_too_many for part in found.calendars.values())
    assert found.calendars["n1@example.com"].errors[0].reason == "notFound"


async def test_a_batch_of_every_kind(setting) -> None:
    async with setting.alice.batch() as batch:
        made = [batch.add(insert(number)) for number in range(3)]
        rules = batch.add(google.AclList(calendar_id="primary"))
        missing = batch.add(google.EventGet(calendar_id="primary", event_id="nothing"))
    assert [part.result().event_id for part in made] == [event(number)["id"] for number in range(3)]
    assert rules.result().items
    assert isinstance(missing.error, google.NotFound)
    assert len(setting.asked("batch")) == 1
    first = made[0].result()
    where = {"calendar_id": "primary", "event_id": first.event_id}
    patch = google.EventPatch(**where, event={"summary": "new"}, if_match=first.etag)
    delete = google.EventDelete(calendar_id="primary", event_id=made[1].result().event_id)
    patched, gone, again = await setting.alice.batch([patch, delete, insert(2)])
    assert b'"new"' in patched.raw
    assert gone is None
    assert isinstance(again, google.Duplicate)
    assert isinstance((await setting.alice.batch([patch]))[0], google.PreconditionFailed)


async def test_two_changes_of_one_event_in_a_batch_are_both_made(setting) -> None:
    made = await setting.alice.send(insert(1))
    where = {"calendar_id": "primary", "event_id": made.event_id}
    patches = [google.EventPatch(**where, event={name: "new"}) for name in ("summary", "location")]
    outcomes = await setting.alice.batch(patches)
    assert [type(outcome) for outcome in outcomes] == [google.ObservedItem] * 2
    found = await setting.alice.send(google.Partial(google.EventGet(**where), "summary,location"))
    assert found == {"summary": "new", "location": "new"}


@pytest.mark.parametrize(
    "action", ["return-503", "reset", "truncate", "truncate-gzip", "html-502", "invalid-json"]
)
@pytest.mark.parametrize("method", ["batch", "events.get"])
async def test_passing_trouble_with_a_batch_or_its_parts_is_not_noticed(setting, method, action) -> None:
    requests = [insert(number) for number in range(3)]
    await setting.alice.batch(requests)
    setting.fault(method, action, times=2)
    gets = [google.EventGet(calendar_id="primary", event_id=str(event(number)["id"])) for number in range(3)]
    assert [each.event_id for each in await setting.alice.batch(gets)] == [get.event_id for get in gets]


async def test_three_hundred_inserts_are_made_once_each(setting) -> None:
    setting.fault("events.insert", "return-403:rateLimitExceeded", times=30)
    outcomes = await setting.alice.batch([insert(number) for number in range(300)])
    assert {type(outcome) for outcome in outcomes} == {google.ObservedItem}
    listed = [each.event_id async for each in setting.alice.events("primary")]
    assert len(listed) == len(set(listed)) == 300


async def test_changes_are_walked_from_token_to_token(setting) -> None:
    await setting.alice.batch([insert(number) for number in range(5)])
    listing = setting.alice.events("primary")
    assert len([each async for each in listing]) == 5
    await setting.alice.send(google.EventDelete(calendar_id="primary", event_id=str(event(0)["id"])))
    changes = setting.alice.changes("primary", str(listing.next_sync_token))
    assert [(each.event_id, each.is_cancelled) async for each in changes] == [(event(0)["id"], True)]
    later = setting.alice.changes("primary", str(changes.next_sync_token))
    assert [each async for each in later] == []
    setting.google.control("expire-sync-tokens", {})
    with pytest.raises(google.SyncTokenExpired):
        _ = [each async for each in later]


async def test_a_service_account_speaks_for_the_people_of_its_domain(setting) -> None:
    key_file = setting.google.control("service-account", {"email": ROBOT, "delegated": ["calendar"]})
    key = google.ServiceAccountKey.from_json(json.dumps(key_file))

    def speaking_for(subject: str | None, scope: str = CALENDAR_SCOPE, **more: Any) -> google.GoogleCalendar:
        account = google.ServiceAccount(
            setting.transport, key, [scope], setting.clock, setting.dice, subject=subject
        )
        return setting.client(google.KeptTokens(account.token, setting.clock), **more)

    alice = speaking_for(ALICE, quota_user="alice")
    assert (await alice.send(google.CalendarGet(calendar_id="primary"))).calendar_id == ALICE
    assert (await speaking_for(None).send(google.CalendarGet(calendar_id="primary"))).calendar_id == ROBOT
    with pytest.raises(google.OAuthClientInvalid):
        await speaking_for(ALICE, "https://www.googleapis.com/auth/drive").send(google.ColorsGet())
    with pytest.raises(google.GrantRevoked):
        await speaking_for("nobody@example.com").send(google.ColorsGet())


async def test_each_person_has_a_quota_of_their_own_when_they_are_named(setting) -> None:
    key_file = setting.google.control("service-account", {"email": ROBOT, "delegated": ["calendar"]})
    key = google.ServiceAccountKey.from_json(json.dumps(key_file))
    account = google.ServiceAccount(setting.transport, key, [CALENDAR_SCOPE], setting.clock, setting.dice)
    tokens = google.KeptTokens(account.token, setting.clock)
    setting.google.control("quota", {"per_minute_per_user": 2})
    for name in ("a", "b"):
        named = setting.client(tokens, quota_user=name)
        assert len(await named.batch([google.ColorsGet()])) == 1
        await named.send(google.ColorsGet())
        await setting.client(tokens).send(google.ForUser(google.ColorsGet(), f"other-{name}"))
        with pytest.raises(google.RateLimited):
            await named.send(google.ColorsGet())
