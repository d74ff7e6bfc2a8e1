"""Google's OAuth endpoints as verbs."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from joserfc.jwk import KeySet

from calferry.google.auth import (
    AUTH_BODY_BYTES_MAX,
    exchange_form,
    form_request,
    read_token_response,
    read_user_info,
    refresh_form,
)
from calferry.google.backoff import RetryBudget, RetryPolicy
from calferry.google.classification import classify_oauth
from calferry.google.endpoints import Endpoints
from calferry.google.errors import GrantRevoked, IdTokenInvalid, OAuthRefused, ProtocolViolation
from calferry.google.exchange import Clock, Dice, Exchange
from calferry.google.id_token import read_keys, verify_id_token
from calferry.google.models import Identity, TokenResponse
from calferry.google.wire import USER_AGENT, Transport, WireRequest, WireResponse

T = TypeVar("T")
TIMEOUT_S = 20.0
KEYS_KEPT_S = 3600.0
KEYS_KEPT_MAX_S = 86_400.0
KEYS_REFETCH_S = 60.0
MAX_AGE = re.compile(r"max-age=(\d{1,9})")
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}


class GoogleOAuth:
    """Tokens and identities for one OAuth client. Raises OAuthError, Unreachable or ProtocolViolation."""

    def __init__(
        self,
        transport: Transport,
        client_id: str,
        client_secret: str,
        clock: Clock,
        dice: Dice,
        endpoints: Endpoints | None = None,
        retry_budget: RetryBudget | None = None,
        *,
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._transport = transport
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._endpoints = endpoints or Endpoints()
        self._exchange = Exchange(
            clock, dice, retry_budget or RetryBudget(), policy or RetryPolicy(), timeout_s
        )
        self._keys = KeySet([])
        self._keys_until = self._keys_fetched_at = float("-inf")

    async def exchange(self, code: str, *, redirect_uri: str, code_verifier: str) -> TokenResponse:
        """The tokens for a code. GrantRevoked: the code is spent, expired or not ours."""
        form = exchange_form(
            code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
            client_id=self._client_id,
            client_secret=self._client_secret,
        )
        return await self._post(self._endpoints.token_url, form, read_token_response, is_repeatable=False)

    async def refresh(self, refresh_token: str) -> TokenResponse:
        """A new access token. GrantRevoked: the person has to consent again."""
        form = refresh_form(refresh_token, client_id=self._client_id, client_secret=self._client_secret)
        return await self._post(self._endpoints.token_url, form, read_token_response)

    async def revoke(self, token: str) -> None:
        """End the grant that an access or refresh token belongs to. A token that is dead already is fine."""
        try:
            await self._post(self._endpoints.revoke_url, {"token": token}, lambda _: None)
        except GrantRevoked:
            return
        except OAuthRefused as error:
            if error.reason != "invalid_token":
                raise

    async def user_info(self, access_token: str) -> Identity:
        """Who an access token speaks for; needs the openid scope."""
        headers = {**HEADERS, "Authorization": f"Bearer {access_token}"}
        return await self._get(
            self._endpoints.userinfo_url, headers, lambda answer: read_user_info(answer.body)
        )

    async def identity(self, id_token: str, *, nonce: str | None = None) -> Identity:
        """Who an id token speaks of, once it is proven. Raises IdTokenInvalid."""
        keys = await self._signing_keys(KEYS_KEPT_MAX_S)
        try:
            return self._verified(id_token, keys, nonce)
        except IdTokenInvalid as error:
            if error.reason != "key":
                raise
        return self._verified(id_token, await self._signing_keys(KEYS_REFETCH_S), nonce)

    def _verified(self, id_token: str, keys: KeySet, nonce: str | None) -> Identity:
        return verify_id_token(
            id_token,
            keys,
            client_id=self._client_id,
            nonce=nonce,
            issuers=self._endpoints.issuers,
            now=self._clock.now(),
        )

    async def _signing_keys(self, age_max_s: float) -> KeySet:
        now = self._clock.monotonic()
        if now >= min(self._keys_until, self._keys_fetched_at + age_max_s):
            self._keys, kept_s = await self._get(self._endpoints.certs_url, HEADERS, _read_keys)
            self._keys_fetched_at = now
            self._keys_until = now + kept_s
        return self._keys

    async def _post(
        self, url: str, form: Mapping[str, str], read: Callable[[bytes], T], *, is_repeatable: bool = True
    ) -> T:
        async def attempt(time_left_s: Callable[[], float]) -> T:
            return read((await self._sent(form_request(url, form, HEADERS, time_left_s()))).body)

        return await self._exchange.run(attempt, is_repeatable=is_repeatable)

    async def _get(self, url: str, headers: Mapping[str, str], read: Callable[[WireResponse], T]) -> T:
        async def attempt(time_left_s: Callable[[], float]) -> T:
            request = WireRequest("GET", url, headers, None, time_left_s(), AUTH_BODY_BYTES_MAX)
            return read(await self._sent(request))

        return await self._exchange.run(attempt, is_repeatable=True)

    async def _sent(self, request: WireRequest) -> WireResponse:
        response = await self._transport.send(request)
        if response.status != 200:
            raise classify_oauth(response.status, response.body, response.headers, now=self._clock.now())
        return response


def _read_keys(answer: WireResponse) -> tuple[KeySet, float]:
    """The keys, and for how many seconds they may be kept."""
    try:
        return read_keys(answer.body), _kept_s(answer.headers)
    except (ValueError, RecursionError):
        raise ProtocolViolation("not a set of keys", reason="shape") from None


def _kept_s(headers: Mapping[str, str]) -> float:
    match = MAX_AGE.search(headers.get("cache-control", ""))
    return KEYS_KEPT_S if match is None else min(max(float(match[1]), KEYS_REFETCH_S), KEYS_KEPT_MAX_S)
