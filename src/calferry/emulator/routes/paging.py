"""Pages of a listing, page tokens and the sync token of the last page."""

from calferry.emulator import errors
from calferry.emulator.call import Call
from calferry.emulator.world import page_tokens
from calferry.emulator.world.page_tokens import Listing


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
