"""Every item of every page, and the sync token at the end.

Guides: /workspace/calendar/api/guides/pagination and /workspace/calendar/api/guides/sync on Google's site.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Generic, Protocol, TypeVar

from calferry.google.caller import Caller
from calferry.google.calls import Call
from calferry.google.errors import ProtocolViolation
from calferry.google.models import UnreadableItem

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Page(Protocol[T_co]):
    """What pages of every kind have."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def unreadable(self) -> Sequence[UnreadableItem]: ...

    @property
    def next_page_token(self) -> str | None: ...


class PagedRequest(Protocol[T_co]):
    """A request that answers with one page and can be asked for another one."""

    def call(self) -> Call: ...

    def read(self, body: bytes, /) -> Page[T_co]: ...

    def page(self, page_token: str) -> "PagedRequest[T_co]": ...


class Listing(Generic[T]):
    """`async for item in listing`: each page is asked for when the one before it is used up.

    After the last item next_sync_token is there, if this listing earns one; keep it only after everything before it
    has been dealt with. unreadable: items that could not be understood, up to now. Each `async for` starts at the
    beginning. Raises GoogleError: SyncTokenExpired asks for a listing without a sync token, PageTokenInvalid for a
    new start with the same one.
    """

    def __init__(self, caller: Caller, request: PagedRequest[T], *, is_sync_token_due: bool = False) -> None:
        self.request = request
        self.unreadable: list[UnreadableItem] = []
        self.next_sync_token: str | None = None
        self._caller = caller
        self._is_sync_token_due = is_sync_token_due

    async def __aiter__(self) -> AsyncIterator[T]:
        self.unreadable, self.next_sync_token = [], None
        async for page in self.pages():
            self.unreadable.extend(page.unreadable)
            for item in page.items:
                yield item
            self.next_sync_token = getattr(page, "next_sync_token", None)
        if self._is_sync_token_due and self.next_sync_token is None:
            raise ProtocolViolation("the last page has no sync token", reason="noSyncToken")

    async def pages(self) -> AsyncIterator[Page[T]]:
        """The pages themselves."""
        request, seen = self.request, set[str]()
        while True:
            page = await self._caller.send(request)
            yield page
            token = page.next_page_token
            if token is None:
                return
            if token in seen:
                raise ProtocolViolation("a page token came twice", reason="repeatedPageToken")
            seen.add(token)
            request = self.request.page(token)
