"""What the engine asks becomes Google's parameters, and Google's errors become causes."""

from typing import Any, cast

import pytest

from calferry import google
from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_calendar import ChannelRequest
from calferry.core.model import ListRequest, Window
from calferry.google import errors
from calferry.sync.google_failures import CAUSES, cause_of, failure_from
from calferry.sync.google_source import GoogleSource, events_list, rfc3339

WINDOW = Window(1_767_225_600_000, 1_798_761_600_000)
CHANNEL = ChannelRequest("ch-1", "secret", "https://example.com/hook", 604_800)


def page(*ids: str, next_page: str | None = None, next_sync: str | None = None) -> google.EventsPageObserved:
    items = b",".join(b'{"id":"%s","status":"confirmed"}' % id_.encode() for id_ in ids)
    tokens = b""
    if next_page is not None:
        tokens += b'"nextPageToken":"%s",' % next_page.encode()
    if next_sync is not None:
        tokens += b'"nextSyncToken":"%s",' % next_sync.encode()
    head = b'{"kind":"calendar#events","summary":"Work","timeZone":"Europe/Zurich","accessRole":"owner",'
    reminders = b'"defaultReminders":[{"method":"popup","minutes":10}],'
    return google.read_events_page(head + reminders + tokens + b'"items":[' + items + b"]}")


class Scripted:
    """A client that answers what it is told, and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[Any] = []

    async def answer(self, request: Any) -> Any:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    events_page = instances_page = calendar_list_page = answer
    watch_events = watch_calendar_list = stop_channel = answer


def source_over(client: Scripted) -> GoogleSource:
    return GoogleSource(cast(google.GoogleCalendar, client))


def test_series_mode_asks_for_masters_and_tombstones_in_big_pages() -> None:
    asked = events_list("me@example.com", ListRequest("series", 2_500), None)
    assert (asked.single_events, asked.show_deleted, asked.max_results) == (False, True, 2_500)
    assert (asked.time_min, asked.time_max, asked.sync_token) == (None, None, None)


def test_instances_mode_names_its_window_only_without_a_sync_token() -> None:
    full = events_list("c", ListRequest("instances", 250, None, WINDOW), "p2")
    assert (full.single_events, full.show_deleted, full.max_results, full.page_token) == (
        True,
        True,
        250,
        "p2",
    )
    assert (full.time_min, full.time_max) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
    later = events_list("c", ListRequest("instances", 250, "s1", WINDOW), None)
    assert (later.time_min, later.time_max, later.sync_token) == (None, None, "s1")


async def test_a_page_keeps_the_items_as_they_are_and_what_the_envelope_says() -> None:
    observed = page("a", "b", next_sync="s1")
    got = await source_over(Scripted(observed)).events_page("c", ListRequest("series", 2_500), None)
    assert got.items is observed.items
    assert (got.next_page_token, got.next_sync_token) == (None, "s1")
    assert (got.envelope.access_role, got.envelope.time_zone, got.envelope.summary) == (
        "owner",
        "Europe/Zurich",
        "Work",
    )
    assert got.envelope.default_reminders == '[{"method":"popup","minutes":10}]'


async def test_a_series_is_read_to_its_last_page() -> None:
    client = Scripted(page("a", next_page="p2"), page("a_1", next_page="p3"), page(next_sync="s"))
    whole = await source_over(client).series("c", "uid@example.com")
    assert [item.event_id for item in whole.items] == ["a", "a_1"]
    assert [request.page_token for request in client.asked] == [None, "p2", "p3"]
    assert {request.i_cal_uid for request in client.asked} == {"uid@example.com"}
    assert all(request.show_deleted and not request.single_events for request in client.asked)


async def test_instances_of_a_series_are_asked_for_within_the_window() -> None:
    client = Scripted(page("a_1", next_page="p2"), page("a_2", next_sync="s"))
    whole = await source_over(client).instances("c", "a", WINDOW)
    assert [item.event_id for item in whole.items] == ["a_1", "a_2"]
    assert {(request.event_id, request.time_min) for request in client.asked} == {
        ("a", rfc3339(WINDOW.start_at))
    }


async def test_a_channel_without_an_end_is_a_bad_answer() -> None:
    client = Scripted(
        google.Channel(channel_id="ch-1", resource_id="res", resource_uri=None, expiration_ms=None)
    )
    with pytest.raises(SourceFailure) as failed:
        await source_over(client).watch_events("c", CHANNEL)
    assert failed.value.cause is Cause.BAD_ANSWER


async def test_a_calendar_list_is_watched_with_the_same_terms() -> None:
    client = Scripted(
        google.Channel(channel_id="ch-1", resource_id="res", resource_uri=None, expiration_ms=7)
    )
    assert (await source_over(client).watch_calendar_list(CHANNEL)).expires_at == 7
    (asked,) = client.asked
    assert isinstance(asked, google.CalendarListWatch)
    assert (asked.channel_id, asked.address, asked.token, asked.ttl_s) == (
        CHANNEL.channel_id,
        CHANNEL.address,
        CHANNEL.token,
        CHANNEL.life_s,
    )


async def test_failures_come_out_as_causes_with_their_reason_and_wait() -> None:
    refused = google.RateLimited("Slow down", status=403, reason="rateLimitExceeded", retry_after_s=7.0)
    with pytest.raises(SourceFailure, match="Slow down") as failed:
        await source_over(Scripted(refused)).events_page("c", ListRequest("series", 2_500), None)
    failure = failed.value
    assert (failure.cause, failure.status, failure.reason) == (Cause.RATE_LIMITED, 403, "rateLimitExceeded")
    assert failure.retry_after_s == 7.0


def every_error() -> list[type[google.GoogleError]]:
    found, waiting = [], [errors.GoogleError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting.extend(each for each in kind.__subclasses__() if each.__module__ == errors.__name__)
    return found


@pytest.mark.parametrize("kind", [kind for kind in every_error() if not kind.__subclasses__()])
def test_every_error_of_the_library_has_a_cause_of_its_own_or_of_its_family(
    kind: type[google.GoogleError],
) -> None:
    assert any(ancestor in CAUSES for ancestor in kind.__mro__)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (google.RequiredAccessLevel(), Cause.FORBIDDEN),
        (google.InsufficientScope(), Cause.SCOPE_MISSING),
        (google.ChannelIdNotUnique(), Cause.CHANNEL_ID_TAKEN),
        (google.GrantRevoked(), Cause.GRANT_REVOKED),
        (google.OAuthTransient(), Cause.SERVER_ERROR),
        (google.Unreachable(kind="dns"), Cause.UNREACHABLE),
        (google.CertificateRejected(), Cause.UNREACHABLE),
        (google.Redirected(), Cause.BAD_ANSWER),
        (google.GoogleError(), Cause.BAD_ANSWER),
    ],
)
def test_causes_are_told_by_class(error: google.GoogleError, cause: Cause) -> None:
    assert cause_of(error) is cause


def test_a_failure_without_words_gets_some() -> None:
    assert failure_from(google.ServerError(status=503)).message
