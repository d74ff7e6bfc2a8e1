import json

import pytest

from calferry.google import Endpoints, FreeBusy, FreeBusyQuery, GoogleCalendar, ProtocolViolation, WireRequest
from calferry.google.free_busy import joined
from tests.unit.google.fakes import FakeClock, FixedDice, ScriptedTransport, Tokens, answer

START, END = "2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z"
TOO_MANY = {"errors": [{"domain": "global", "reason": "tooManyCalendarsRequested"}], "busy": []}
BUSY = {"busy": [{"start": "2026-10-05T10:00:00+02:00", "end": "2026-10-05T11:00:00+02:00"}]}


def query(*items: str, **more: object) -> FreeBusyQuery:
    return FreeBusyQuery(time_min=START, time_max=END, items=items, **more)  # type: ignore[arg-type]


def body_of(request: WireRequest) -> dict[str, object]:
    found = json.loads(request.body or b"")
    assert isinstance(found, dict)
    return found


class Groups:
    """A Google that knows one group, and answers as many calendars as it is asked to, in order."""

    def __init__(self, **groups: list[str]) -> None:
        self.groups = groups
        self.asked: list[list[str]] = []

    async def send(self, request: WireRequest):
        body = json.loads(request.body or b"")
        self.asked.append([item["id"] for item in body["items"]])
        names = [name for item in self.asked[-1] for name in self.groups.get(item, [item])]
        most = body["calendarExpansionMax"]
        calendars = {name: BUSY if at < most else TOO_MANY for at, name in enumerate(names)}
        groups = {name: {"calendars": self.groups[name]} for name in self.asked[-1] if name in self.groups}
        return answer(200, {"kind": "calendar#freeBusy", "calendars": calendars, "groups": groups})


def client_of(transport) -> GoogleCalendar:
    return GoogleCalendar(
        transport, Tokens(), FakeClock(), FixedDice(), Endpoints(api_url="https://google.test")
    )


async def test_a_question_and_its_answer() -> None:
    lost = {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}
    told = {
        "kind": "calendar#freeBusy",
        "timeMin": START,
        "timeMax": END,
        "calendars": {"a": BUSY, "b": lost},
    }
    transport = ScriptedTransport([answer(200, told)])
    found = await client_of(transport).free_busy(query("a", "b", time_zone="Europe/Berlin"))
    assert body_of(transport.requests[0]) == {
        "timeMin": START,
        "timeMax": END,
        "timeZone": "Europe/Berlin",
        "groupExpansionMax": 100,
        "calendarExpansionMax": 50,
        "items": [{"id": "a"}, {"id": "b"}],
    }
    [busy] = found.calendars["a"].busy
    assert (busy.start_ms, busy.end_ms) == (1_791_187_200_000, 1_791_190_800_000)
    assert [trouble.reason for trouble in found.calendars["b"].errors] == ["notFound"]
    assert json.loads(found.raw) == told


async def test_more_than_fifty_calendars_take_several_requests() -> None:
    google = Groups()
    names = [f"c{number}" for number in range(120)]
    found = await client_of(google).free_busy(query(*names, *names))
    assert list(found.calendars) == names
    assert [len(asked) for asked in google.asked] == [50, 50, 20]


async def test_calendars_of_a_group_that_did_not_fit_are_asked_for_by_name() -> None:
    members = [f"m{number}" for number in range(120)]
    google = Groups(team=members)
    found = await client_of(google).free_busy(query("team"))
    assert {name for name, part in found.calendars.items() if part.busy} == set(members)
    assert [len(asked) for asked in google.asked] == [1, 50, 20]
    assert found.groups["team"].calendars == members


async def test_calendars_that_are_never_told_are_not_asked_for_for_ever() -> None:
    transport = ScriptedTransport([answer(200, {"kind": "calendar#freeBusy", "calendars": {"a": TOO_MANY}})])
    found = await client_of(transport).free_busy(query("a"))
    assert found.calendars["a"].is_refused_as_one_too_many
    assert len(transport.requests) == 1


async def test_asking_again_does_no_harm() -> None:
    told = answer(200, {"kind": "calendar#freeBusy", "calendars": {"a": BUSY}})
    transport = ScriptedTransport([answer(500, b""), told])
    assert (await client_of(transport).free_busy(query("a"))).calendars["a"].busy
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"calendar_expansion_max": 51}, "calendar_expansion_max"),
        ({"calendar_expansion_max": 0}, "calendar_expansion_max"),
        ({"group_expansion_max": 101}, "group_expansion_max"),
    ],
)
def test_limits_of_google_are_kept(more, message) -> None:
    with pytest.raises(ValueError, match=message):
        query("a", **more)


def test_a_question_about_nobody_or_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="items"):
        query()
    with pytest.raises(ValueError, match="pieces"):
        query(*map(str, range(51))).call()


def test_a_single_answer_stays_as_it_is() -> None:
    answer_ = FreeBusy(raw=b"{}", time_min=START)
    assert joined([answer_]) == answer_


@pytest.mark.parametrize("body", [b"", b"[]", b'{"calendars": 7}', b'{"calendars": {"a": {"busy": [{}]}}}'])
def test_what_google_never_answers_is_a_violation(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        query("a").read(body)
