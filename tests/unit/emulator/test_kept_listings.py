"""How much of the listings under way is kept for their next pages."""

import pytest

from calferry.emulator.world import page_tokens
from calferry.emulator.world.page_tokens import Listing, Listings
from tests.unit.emulator.desk import Desk


def listing(size: int) -> Listing:
    return Listing("question", 0, list(range(size)), 1)


def test_the_oldest_listings_go_when_all_together_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_tokens, "WEIGHT_KEPT", 10)
    listings = Listings()
    tokens = [page_tokens.encode(listings.keep(listing(size)), 0) for size in (4, 4, 4, 2)]
    for token in tokens[:1]:
        with pytest.raises(ValueError, match="page token"):
            listings.open(token, "question")
    for token in tokens[1:]:
        assert listings.open(token, "question")


def test_the_latest_listing_is_kept_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_tokens, "WEIGHT_KEPT", 10)
    listings = Listings()
    token = page_tokens.encode(listings.keep(listing(100)), 0)
    assert listings.open(token, "question")
    listings.forget_all()
    listings.keep(listing(1))


def test_instances_weigh_more_and_a_dropped_page_token_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_tokens, "WEIGHT_KEPT", 3 * page_tokens.INSTANCE_WEIGHT)
    desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    tokens = [desk.events(singleEvents="true", maxResults=1).json["nextPageToken"] for _ in range(2)]
    dropped, kept = (desk.events(singleEvents="true", maxResults=1, pageToken=token) for token in tokens)
    assert (dropped.status, dropped.message) == (400, "Invalid page token value.")
    assert kept.status == 200


def test_of_a_very_long_series_the_last_instances_are_listed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calferry.emulator.world.expansion.INSTANCES_MAX", 3)
    desk.insert(recurrence=["RRULE:FREQ=DAILY;COUNT=5"])
    items, _ = desk.all_events(singleEvents="true")
    assert [item["start"]["dateTime"][:10] for item in items] == ["2026-11-25", "2026-11-26", "2026-11-27"]
