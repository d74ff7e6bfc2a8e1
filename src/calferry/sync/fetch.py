"""Asking Google for pages: the next one while this one is being stored."""

import asyncio

from calferry.core.failure import PAGE_TOKEN_LOOP, TOO_MANY_PAGES, Cause, SourceFailure
from calferry.core.limits import PAGES_PER_PASS_MAX
from calferry.core.model import ListRequest, Page, Pass
from calferry.ports import CalendarSource
from calferry.sync.engine import Engine


class Pages:
    """The pages of one pass. `requests` counts the calls."""

    def __init__(self, engine: Engine, source: CalendarSource, google_id: str, request: ListRequest) -> None:
        self.engine = engine
        self.source = source
        self.google_id = google_id
        self.request = request
        self.requests = 0
        self.tokens: set[str] = set()
        self.ahead: asyncio.Task[Page] | None = None

    async def next(self, walk: Pass) -> Page:
        """The page that the pass stands before. Raises `SourceFailure`, also when the pages go in a circle."""
        task = self.ahead or self.ask(walk.page_token)
        self.give_place_back()
        try:
            page = await task
        except asyncio.CancelledError:
            task.cancel()
            raise
        self.check_progress(page, walk.pages)
        return page

    def ask_ahead(self, page_token: str) -> None:
        """Begin to fetch a page before it is wanted, if there is a place for it."""
        if self.engine.read_ahead.places > 0:
            self.engine.read_ahead.places -= 1
            self.ahead = self.ask(page_token)

    def give_place_back(self) -> None:
        if self.ahead is not None:
            self.engine.read_ahead.places += 1
            self.ahead = None

    def ask(self, page_token: str | None) -> asyncio.Task[Page]:
        if page_token is not None:
            self.tokens.add(page_token)
        return asyncio.create_task(self.fetch(page_token))

    async def fetch(self, page_token: str | None) -> Page:
        self.requests += 1
        return await self.source.events_page(self.google_id, self.request, page_token)

    def check_progress(self, page: Page, pages: int) -> None:
        if page.next_page_token in self.tokens:
            raise SourceFailure(
                Cause.BAD_ANSWER, "Google's pages lead back to one already read", reason=PAGE_TOKEN_LOOP
            )
        if pages >= PAGES_PER_PASS_MAX:
            raise SourceFailure(
                Cause.TOO_LARGE,
                f"more than {PAGES_PER_PASS_MAX} pages in one listing",
                reason=TOO_MANY_PAGES,
            )

    async def close(self) -> None:
        """Give up what was asked for ahead."""
        if self.ahead is not None:
            task = self.ahead
            self.give_place_back()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
