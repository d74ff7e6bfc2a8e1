"""An access token that is kept while it lasts: a TokenSource for one process."""

import asyncio
from collections.abc import Awaitable, Callable

from calferry.google.exchange import Clock
from calferry.google.models import TokenResponse

MARGIN_S = 300.0


class KeptTokens:
    """Renews before the token ends, once however many ask at the same time.

    renew: answers a fresh token, such as `lambda: oauth.refresh(refresh_token)` or a ServiceAccount's `token`; what
    it raises reaches whoever asks. margin_s: how long before its end a token is no longer given out, at most half of
    its life.
    """

    def __init__(
        self, renew: Callable[[], Awaitable[TokenResponse]], clock: Clock, *, margin_s: float = MARGIN_S
    ) -> None:
        self._renew = renew
        self._clock = clock
        self._margin_s = margin_s
        self._token: str | None = None
        self._until = float("-inf")
        self._renewing = asyncio.Lock()

    async def access_token(self) -> str:
        return self._current() or await self._renewed(None)

    async def refreshed(self, stale: str) -> str:
        return await self._renewed(stale)

    def _current(self) -> str | None:
        return self._token if self._clock.monotonic() < self._until else None

    async def _renewed(self, stale: str | None) -> str:
        async with self._renewing:
            current = self._current()
            if current is not None and current != stale:
                return current
            asked_at = self._clock.monotonic()
            granted = await self._renew()
            life_s = granted.expires_in_s
            self._token = granted.access_token
            self._until = asked_at + life_s - min(self._margin_s, life_s / 2)
            return granted.access_token
