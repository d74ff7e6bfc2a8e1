import pytest

from calferry.google import (
    CalendarListList,
    Endpoints,
    EventDelete,
    EventGet,
    EventInsert,
    EventsList,
    ForUser,
    GoogleCalendar,
    Partial,
    ProtocolViolation,
    event_id_of,
)
from tests.unit.google.fakes import FakeClock, FixedDice, ScriptedTransport, Tokens, answer

GET = EventGet(calendar_id="c", event_id="e")


def client_of(transport: ScriptedTransport, quota_user: str | None = None) -> GoogleCalendar:
    endpoints = Endpoints(api_url="https://google.test")
    return GoogleCalendar(transport, Tokens(), FakeClock(), FixedDice(), endpoints, quota_user=quota_user)


async def test_a_partial_answer_is_what_came() -> None:
    transport = ScriptedTransport([answer(200, {"start": {"date": "2026-01-01"}})])
    found = await client_of(transport).send(Partial(GET, "start/date"))
    assert found == {"start": {"date": "2026-01-01"}}
    assert transport.requests[0].url.endswith("?prettyPrint=false&fields=start%2Fdate")


def test_a_partial_listing_keeps_its_page_token() -> None:
    listing = EventsList(calendar_id="c")
    for fields in ("items/id", "items(id,nextPageTokens)"):
        with pytest.raises(ValueError, match="nextPageToken"):
            Partial(listing, fields).call()
    for fields in ("*", "items/id,nextPageToken,nextSyncToken"):
        assert Partial(listing, fields).call().query[-1] == ("fields", fields)
    with pytest.raises(ValueError, match="nextPageToken"):
        Partial(CalendarListList(), "items").call()


def test_fields_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no answer"):
        Partial(EventDelete(calendar_id="c", event_id="e"), "id").call()
    with pytest.raises(ValueError, match="at least one"):
        Partial(GET, "").call()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"7"])
def test_a_partial_answer_is_an_object(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        Partial(GET, "id").read(body)


async def test_another_user_may_be_charged_by_request_or_by_client() -> None:
    transport = ScriptedTransport([answer(200, {"id": "e"})])
    assert (await client_of(transport, "bob").send(ForUser(GET, "carol"))).event_id == "e"
    sent = transport.requests[0]
    assert sent.headers["X-Goog-Quota-User"] == "bob"
    assert sent.url.endswith("&quotaUser=carol")
    await client_of(transport).send(GET)
    assert "X-Goog-Quota-User" not in transport.requests[1].headers


@pytest.mark.parametrize("value", ["", "x" * 41, "a b", "a\r\nb", "ü"])
def test_a_quota_user_that_google_refuses_or_that_breaks_a_header_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="quota_user"):
        ForUser(GET, value)
    with pytest.raises(ValueError, match="quota_user"):
        client_of(ScriptedTransport([]), value)


def test_ids_are_made_in_googles_alphabet() -> None:
    made = event_id_of(bytes(range(240, 256)))
    assert len(made) == 26
    assert set(made) <= set("0123456789abcdefghijklmnopqrstuv")
    EventInsert(calendar_id="c", event={"id": made})
    with pytest.raises(ValueError, match="16 random bytes"):
        event_id_of(b"short")


@pytest.mark.parametrize("event_id", ["abcd", "Abcde", "wxyzz", "a-b-c-d", "a" * 1025, 7, None])
def test_an_id_that_google_refuses_for_a_new_event_is_refused_here(event_id) -> None:
    with pytest.raises(ValueError, match="5 to 1024"):
        EventInsert(calendar_id="c", event={"id": event_id})
