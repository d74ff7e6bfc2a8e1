"""Service accounts: access tokens without a person's consent, for themselves or, delegated, for people of a domain.

https://developers.google.com/identity/protocols/oauth2/service-account
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from calferry.google.auth import form_request, read_token_response
from calferry.google.backoff import RetryBudget, RetryPolicy
from calferry.google.classification import classify_oauth
from calferry.google.exchange import Clock, Dice, Exchange
from calferry.google.models import TokenResponse
from calferry.google.wire import USER_AGENT, Transport

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ALGORITHM = "RS256"
LIFE_S = 3600
TIMEOUT_S = 20.0
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}


class KeyFile(msgspec.Struct, frozen=True):
    """The parts of a key file that matter."""

    client_email: str
    private_key: str
    private_key_id: str | None = None
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class ServiceAccountKey:
    """A service account's private key. token_url: where it is turned into access tokens."""

    email: str
    key_id: str | None
    token_url: str
    private_key: RSAKey = field(repr=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "ServiceAccountKey":
        """Reads the JSON file that Google Cloud's console makes. Raises ValueError, which never quotes the file."""
        try:
            file = msgspec.json.decode(text, type=KeyFile)
            private_key = RSAKey.import_key(file.private_key)
        except (ValueError, TypeError, RecursionError, JoseError):
            raise ValueError("not the key file of a service account: client_email and private_key") from None
        if not private_key.is_private:
            raise ValueError("the key file of a service account holds no private key")
        return cls(file.client_email, file.private_key_id, file.token_uri, private_key)


def assertion(key: ServiceAccountKey, scopes: Iterable[str], subject: str | None, now: float) -> str:
    """The signed claim that is turned into a token. subject: the person to speak for, None for the account itself.
    now: Unix seconds."""
    claims = {
        "iss": key.email,
        "scope": " ".join(scopes),
        "aud": key.token_url,
        "iat": int(now),
        "exp": int(now) + LIFE_S,
    } | ({} if subject is None else {"sub": subject})
    header = {"alg": ALGORITHM, "typ": "JWT"} | ({} if key.key_id is None else {"kid": key.key_id})
    return jwt.encode(header, claims, key.private_key, algorithms=[ALGORITHM])


class ServiceAccount:
    """Tokens of a service account; give `KeptTokens(account.token, clock)` to GoogleCalendar.

    subject: with domain-wide delegation the address of the person to speak for. All subjects share the account's
    per-minute quota at Google unless GoogleCalendar names them with `quota_user`.
    """

    def __init__(
        self,
        transport: Transport,
        key: ServiceAccountKey,
        scopes: Iterable[str],
        clock: Clock,
        dice: Dice,
        *,
        subject: str | None = None,
        retry_budget: RetryBudget | None = None,
        policy: RetryPolicy | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._transport = transport
        self._key = key
        self._scopes = tuple(scopes)
        self._subject = subject
        self._clock = clock
        self._exchange = Exchange(
            clock, dice, retry_budget or RetryBudget(), policy or RetryPolicy(), timeout_s
        )

    async def token(self) -> TokenResponse:
        """A new access token. GrantRevoked: Google does not accept the key or does not know the subject;
        OAuthClientInvalid: the scopes are not delegated to the account."""
        return await self._exchange.run(self._attempt, is_repeatable=True)

    async def _attempt(self, time_left_s: Callable[[], float]) -> TokenResponse:
        claim = assertion(self._key, self._scopes, self._subject, self._clock.now())
        form = {"grant_type": JWT_BEARER, "assertion": claim}
        response = await self._transport.send(form_request(self._key.token_url, form, HEADERS, time_left_s()))
        if response.status != 200:
            raise classify_oauth(response.status, response.body, response.headers, now=self._clock.now())
        return read_token_response(response.body)
