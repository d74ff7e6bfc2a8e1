"""Our client before an in-process local Google, in virtual time, with an account of everything that was asked."""

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from calferry import google
from calferry.emulator import Emulator, Options, Request
from tests.contract.google.retry_rules import TIMEOUT_S, Case
from tests.harness.ports import VirtualClock
from tests.harness.service import ENDPOINTS
from tests.harness.wire import InProcessTransport

ALICE = "alice@example.com"
EVENT, CHANNEL, REDIRECT = "event00001", "channel-1", "http://127.0.0.1:9/callback"
BODY = {
    "id": EVENT,
    "summary": "Lunch",
    "start": {"date": "2026-10-06"},
    "end": {"date": "2026-10-07"},
    "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"],
}
RULE = google.AclInsert(
    calendar_id="primary",
    rule={"role": "reader", "scope": {"type": "user", "value": "bob@example.com"}},
)


class WatchedClock(VirtualClock):
    """Virtual time that remembers how long the client paused."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await super().sleep(seconds)


@dataclass
class Account:
    """What the local Google and the clock say about one case."""

    error: Exception | None
    requests: int
    hits: int
    renewals: int
    pauses: list[float]
    asked: list[dict[str, Any]] = field(default_factory=list)


class Bench:
    """The client, Alice's tokens and the local Google's control routes."""

    def __init__(self) -> None:
        self.clock = WatchedClock()
        self.emulator = Emulator(self.clock.now, random.Random(1), options=Options(auto=True))
        self.granted = self.control("tokens", {"email": ALICE})
        self.renewals = 0
        transport = InProcessTransport(self.emulator)
        dice = random.Random(2)
        self.client = google.GoogleCalendar(transport, self, self.clock, dice, ENDPOINTS, timeout_s=TIMEOUT_S)
        self.oauth = google.GoogleOAuth(
            transport, "demo-client", "demo-secret", self.clock, dice, ENDPOINTS, timeout_s=TIMEOUT_S
        )

    def control(self, name: str, body: Any = None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self.emulator.handle(
            Request("GET" if body is None else "POST", f"/_emulator/{name}", body=sent)
        )
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def access_token(self) -> str:
        return str(self.granted["access_token"])

    async def refreshed(self, stale: str) -> str:
        self.renewals += 1
        self.granted = self.control("tokens", {"email": ALICE})
        return str(self.granted["access_token"])

    def new_code(self) -> str:
        """A code, as the redirect after a consent carries it."""
        query = {
            "client_id": "demo-client",
            "redirect_uri": REDIRECT,
            "response_type": "code",
            "scope": "openid email",
            "access_type": "offline",
        }
        answer = self.emulator.handle(Request("GET", "/o/oauth2/v2/auth", urlencode(query)))
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    async def insert(self) -> google.ObservedItem:
        return await self.client.insert_event(google.EventInsert(calendar_id="primary", event=BODY))

    async def etag(self) -> str:
        """The etag of an event that is there now."""
        return str(json.loads((await self.insert()).raw)["etag"])

    async def channel(self) -> google.Channel:
        return await self.client.watch_events(
            google.EventsWatch(calendar_id="primary", channel_id=CHANNEL, address=f"{REDIRECT}/hook")
        )


Ask = Callable[[Bench], Awaitable[Callable[[], Awaitable[object]]]]
"""Makes ready what a request needs, and answers the request, not yet sent."""


async def a_list(bench: Bench) -> Callable[[], Awaitable[object]]:
    await bench.insert()
    return lambda: bench.client.events_page(google.EventsList(calendar_id="primary"))


async def a_delta(bench: Bench) -> Callable[[], Awaitable[object]]:
    first = google.EventsList(calendar_id="primary")
    page = await bench.client.events_page(first)
    await bench.insert()
    return lambda: bench.client.events_page(first.incremental(str(page.next_sync_token)))


async def instances(bench: Bench) -> Callable[[], Awaitable[object]]:
    await bench.insert()
    request = google.EventInstances(calendar_id="primary", event_id=EVENT)
    return lambda: bench.client.instances_page(request)


async def one_event(bench: Bench) -> Callable[[], Awaitable[object]]:
    await bench.insert()
    return lambda: bench.client.event(google.EventGet(calendar_id="primary", event_id=EVENT))


async def an_insert(bench: Bench) -> Callable[[], Awaitable[object]]:
    return bench.insert


async def an_update(bench: Bench) -> Callable[[], Awaitable[object]]:
    body = {**BODY, "summary": "Dinner"}
    request = google.EventUpdate(
        calendar_id="primary", event_id=EVENT, event=body, if_match=await bench.etag()
    )
    return lambda: bench.client.update_event(request)


async def a_patch(bench: Bench) -> Callable[[], Awaitable[object]]:
    request = google.EventPatch(
        calendar_id="primary", event_id=EVENT, event={"summary": "Dinner"}, if_match=await bench.etag()
    )
    return lambda: bench.client.patch_event(request)


async def a_delete(bench: Bench) -> Callable[[], Awaitable[object]]:
    await bench.insert()
    return lambda: bench.client.delete_event(google.EventDelete(calendar_id="primary", event_id=EVENT))


async def calendars(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.calendar_list_page(google.CalendarListList())


async def one_calendar(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.calendar_list_entry(google.CalendarListGet(calendar_id="primary"))


async def a_watch(bench: Bench) -> Callable[[], Awaitable[object]]:
    return bench.channel


async def a_watch_of_calendars(bench: Bench) -> Callable[[], Awaitable[object]]:
    request = google.CalendarListWatch(channel_id=CHANNEL, address=f"{REDIRECT}/hook")
    return lambda: bench.client.watch_calendar_list(request)


async def a_stop(bench: Bench) -> Callable[[], Awaitable[object]]:
    channel = await bench.channel()
    request = google.ChannelStop(channel_id=CHANNEL, resource_id=channel.resource_id)
    return lambda: bench.client.stop_channel(request)


async def a_sentence(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(google.EventQuickAdd(calendar_id="primary", text="Lunch today at 12:30"))


async def free_and_busy(bench: Bench) -> Callable[[], Awaitable[object]]:
    question = google.FreeBusyQuery(
        time_min="2026-10-06T00:00:00Z", time_max="2026-10-07T00:00:00Z", items=(ALICE,)
    )
    return lambda: bench.client.send(question)


async def rules(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(google.AclList(calendar_id="primary"))


async def a_rule(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(RULE)


async def another_role(bench: Bench) -> Callable[[], Awaitable[object]]:
    given = await bench.client.send(RULE)
    request = google.AclPatch(
        calendar_id="primary", rule_id=given.rule_id, rule={"role": "writer"}, if_match=given.etag
    )
    return lambda: bench.client.send(request)


async def no_rule(bench: Bench) -> Callable[[], Awaitable[object]]:
    given = await bench.client.send(RULE)
    return lambda: bench.client.send(google.AclDelete(calendar_id="primary", rule_id=given.rule_id))


async def a_watch_of_rules(bench: Bench) -> Callable[[], Awaitable[object]]:
    request = google.AclWatch(calendar_id="primary", channel_id=CHANNEL, address=f"{REDIRECT}/hook")
    return lambda: bench.client.send(request)


async def a_calendar(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(google.CalendarInsert(calendar={"summary": "Plans"}))


async def an_empty_calendar(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(google.CalendarClear(calendar_id="primary"))


async def settings(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(google.SettingsList())


async def colors(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.client.send(google.ColorsGet())


async def a_refresh(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.oauth.refresh(bench.granted["refresh_token"])


async def a_code(bench: Bench) -> Callable[[], Awaitable[object]]:
    code = bench.new_code()
    return lambda: bench.oauth.exchange(code, redirect_uri=REDIRECT, code_verifier="")


async def a_revocation(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.oauth.revoke(bench.granted["refresh_token"])


async def a_person(bench: Bench) -> Callable[[], Awaitable[object]]:
    return lambda: bench.oauth.user_info(bench.granted["access_token"])


async def an_identity(bench: Bench) -> Callable[[], Awaitable[object]]:
    tokens = await bench.oauth.refresh(bench.granted["refresh_token"])
    return lambda: bench.oauth.identity(str(tokens.id_token))


ASKS: dict[str, Ask] = {
    "events.list": a_list,
    "events.list with a sync token": a_delta,
    "events.instances": instances,
    "events.get": one_event,
    "events.insert": an_insert,
    "events.update": an_update,
    "events.patch": a_patch,
    "events.delete": a_delete,
    "calendarList.list": calendars,
    "calendarList.get": one_calendar,
    "events.watch": a_watch,
    "calendarList.watch": a_watch_of_calendars,
    "channels.stop": a_stop,
    "events.quickAdd": a_sentence,
    "freebusy.query": free_and_busy,
    "acl.list": rules,
    "acl.insert": a_rule,
    "acl.patch": another_role,
    "acl.delete": no_rule,
    "acl.watch": a_watch_of_rules,
    "calendars.insert": a_calendar,
    "calendars.clear": an_empty_calendar,
    "settings.list": settings,
    "colors.get": colors,
    "token refreshes": a_refresh,
    "token exchanges a code": a_code,
    "revoke": a_revocation,
    "userinfo": a_person,
    "certs": an_identity,
}


async def judged(case: Case) -> Account:
    """Carries a case out, and reads the local Google's account of it."""
    bench = Bench()
    send = await ASKS[case.key[0]](bench)
    before = len(bench.control("requests")["requests"])
    fault: dict[str, Any] = {"method": case.method.name, "action": case.fault.action, "times": case.times}
    if case.fault.retry_after:
        fault["retry_after"] = case.fault.retry_after
    bench.control("faults", {"faults": [fault]})
    error: Exception | None = None
    try:
        await send()
    except google.GoogleError as raised:
        error = raised
    (order,) = bench.control("faults")["faults"]
    asked = bench.control("requests")["requests"][before:]
    mine = [request for request in asked if request["api_method"] == case.method.name]
    return Account(error, len(mine), order["hits"], bench.renewals, bench.clock.pauses, asked)
