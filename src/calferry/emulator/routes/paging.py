"""Pages of a listing, page tokens and the sync token of the last page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from calferry.emulator import errors
from calferry.emulator.call import Answer, Call, Json
from calferry.emulator.world import page_tokens, sync_tokens
from calferry.emulator.world.page_tokens import Listing
from calferry.emulator.world.sync_tokens import SyncToken

PAGE_SIZE = 100
PAGE_SIZE_MAX = 250


def question_of(call: Call, *subject: str) -> str:
    """What all pages of one listing have in common: who asks, about what, and with which parameters."""
    return " ".join((call.person.email if call.person else "", *subject, call.query.question()))


def opened(call: Call, question: str) -> tuple[int, Listing, int] | None:
    """The listing that the request's page token continues; None without one. Refuses a foreign token."""
    if "pageToken" not in call.query:
        return None
    try:
        return call.world.listings.open(call.query.text("pageToken"), question)
    except ValueError as error:
        raise errors.invalid_page_token() from error


def next_token(call: Call, number: int | None, listing: Listing, offset: int) -> str:
    """The token of the page after one that ended before `offset`; empty after the last one."""
    if offset >= len(listing.items):
        return ""
    kept = call.world.listings.keep(listing) if number is None else number
    return page_tokens.encode(kept, offset)


def tokens_of(following: str, listing: Listing) -> dict[str, str]:
    """The one token that a page carries: the next page's, or on the last page the sync token if any."""
    if following:
        return {"nextPageToken": following}
    return {"nextSyncToken": listing.sync_token} if listing.sync_token else {}


@dataclass(frozen=True, slots=True)
class Collection:
    """A small collection that can be listed in full or since a sync token.

    `select` answers keys, all for None or those changed after a number; `render` makes a key a resource.
    Parameters in `explicit_false` may not be set to false, those in `restricting` not at all with a token.
    """

    kind: str
    binding: str
    etag: Callable[[], str]
    select: Callable[[int | None], list[Any]]
    render: Callable[[Any], Json]
    explicit_false: tuple[str, ...] = ()
    restricting: tuple[str, ...] = ()
    valid_from: int = 0


def list_collection(call: Call, collection: Collection) -> Answer:
    """One page. Refuses sync tokens that are too old with 410."""
    etag = collection.etag()
    since = _since(call, collection)
    if call.header("if-none-match") == etag and since is None and "pageToken" not in call.query:
        return Answer(status=304, headers={"ETag": etag})
    question = question_of(call, collection.binding)
    found = opened(call, question)
    if found is None:
        size = call.query.integer("maxResults", PAGE_SIZE, PAGE_SIZE_MAX)
        fresh = Listing(question, call.world.log.last, collection.select(since), size)
        token = SyncToken(fresh.covers, given_at=int(call.now), epoch=call.world.epoch)
        fresh.sync_token = sync_tokens.encode(token, collection.binding)
        found = (0, fresh, 0)
    number, listing, offset = found
    end = offset + listing.page_size
    tokens = tokens_of(next_token(call, number or None, listing, end), listing)
    items = [collection.render(key) for key in listing.items[offset:end]]
    return Answer({"kind": collection.kind, "etag": etag, **tokens, "items": items})


def _since(call: Call, collection: Collection) -> int | None:
    query = call.query
    if not query.text("syncToken"):
        return None
    refused = any(name in query and not query.boolean(name) for name in collection.explicit_false)
    if refused or any(query.text(name) not in ("", "false") for name in collection.restricting):
        raise errors.sync_token_with_restrictions()
    token = sync_token_of(call, collection.binding)
    if token.position < max(collection.valid_from, call.world.collections_valid_from):
        raise errors.full_sync_required()
    return token.position


def sync_token_of(call: Call, binding: str) -> SyncToken:
    """The request's sync token. Refuses text that is none with 400, one from another life or too old with 410."""
    try:
        token = sync_tokens.decode(call.query.text("syncToken"), binding)
    except ValueError as error:
        raise errors.invalid_sync_token() from error
    if call.world.is_abandoned(token) or call.world.is_too_old(token, call.now):
        raise errors.full_sync_required()
    return token
