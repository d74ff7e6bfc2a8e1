"""One request from its value to its answer: joins token, quota, transport and backoff."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from calferry.google.auth import TokenSource
from calferry.google.calls import JSON_TYPE, Call, Request
from calferry.google.classification import classify
from calferry.google.endpoints import Endpoints
from calferry.google.errors import GoogleError, Unauthorized
from calferry.google.exchange import Clock, Exchange
from calferry.google.quota import Quota
from calferry.google.wire import USER_AGENT, Transport, WireRequest, WireResponse

T = TypeVar("T")
OK = 200
UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Sending:
    """What leaves, but for the token. units: what it costs of the quota; name: Google's name of the method."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = field(default=None, repr=False)
    units: int = 1
    name: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Asks Google for one account. user: whose per-minute quota is spent; quota_user: who Google is told it is."""

    transport: Transport
    tokens: TokenSource
    clock: Clock
    exchange: Exchange
    endpoints: Endpoints
    quota: Quota | None = None
    user: str = ""
    quota_user: str | None = None

    async def send(self, request: Request[T]) -> T:
        """The answer, after backoff and one renewal of a refused access token. Raises GoogleError."""
        call = request.call()
        url = self.endpoints.calendar_url + call.target()
        sending = Sending(call.method, url, headers_of(call), call.body, call.units, call.name)

        async def attempt(time_left_s: Callable[[], float]) -> T:
            return self.read(request, call, await self.answer(sending, time_left_s))

        return await self.exchange.run(attempt, is_repeatable=call.is_repeatable)

    def read(self, request: Request[T], call: Call, response: WireResponse) -> T:
        """What an answer says to the request it belongs to, or raises the error that it stands for."""
        if not (response.status == OK or (200 < response.status < 300 and not call.is_answered)):
            raise self.error(response, call)
        return request.read(response.body)

    async def answer(self, sending: Sending, time_left_s: Callable[[], float]) -> WireResponse:
        """One answer of any status, after at most one renewal of a refused access token."""
        if self.quota is not None:
            await self.quota.acquire(self.user, sending.units, time_left_s())
        token = await self.tokens.access_token()
        response = await self.transport.send(self._request(sending, token, time_left_s()))
        if response.status == UNAUTHORIZED and isinstance(self.error(response), Unauthorized):
            token = await self.tokens.refreshed(token)
            response = await self.transport.send(self._request(sending, token, time_left_s()))
        return response

    def error(self, response: WireResponse, call: Call | None = None) -> GoogleError:
        """What an answer that is no success means."""
        return classify(
            response.status,
            response.body,
            response.headers,
            now=self.clock.now(),
            has_sync_token=call is not None and call.has("syncToken"),
            has_page_token=call is not None and call.has("pageToken"),
        )

    def _request(self, sending: Sending, token: str, timeout_s: float) -> WireRequest:
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
            **sending.headers,
        }
        if self.quota_user is not None:
            headers["X-Goog-Quota-User"] = self.quota_user
        return WireRequest(sending.method, sending.url, headers, sending.body, timeout_s, name=sending.name)


def headers_of(call: Call) -> dict[str, str]:
    """The headers that belong to one call, inside a batch or alone."""
    headers = {} if call.body is None else {"Content-Type": JSON_TYPE}
    return headers if call.if_match is None else {**headers, "If-Match": call.if_match}
