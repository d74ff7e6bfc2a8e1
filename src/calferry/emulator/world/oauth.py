"""OAuth clients, consents, codes and tokens, as Google keeps them."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from calferry.emulator.world.dice import URL_SAFE, Dice, word
from calferry.emulator.world.web_address import taken_apart

ACCESS_TOKEN_LIFE_S = 3599
CODE_LIFE_S = 600
REFRESH_TOKENS_MAX = 100
TESTING_LIFE_S = 7 * 86_400
IDLE_LIFE_S = 183 * 86_400
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PREFIX = "https://www.googleapis.com/auth/"
IDENTITY = frozenset({"openid", f"{PREFIX}userinfo.email", f"{PREFIX}userinfo.profile"})
ALIASES = {"email": f"{PREFIX}userinfo.email", "profile": f"{PREFIX}userinfo.profile"}


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered application; without `redirect_uris` it may use any loopback address.

    `testing` stands for a consent screen that is not published: its grants end after a week.
    """

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...] = ()
    testing: bool = False

    def may_redirect_to(self, uri: str) -> bool:
        if self.redirect_uris:
            return uri in self.redirect_uris
        parts = taken_apart(uri)
        return (
            parts is not None
            and uri.isascii()
            and parts.scheme in ("http", "https")
            and parts.hostname in LOOPBACK
        )


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A consent on its way to the token endpoint."""

    code: str
    client_id: str
    redirect_uri: str
    email: str
    scopes: tuple[str, ...]
    expires_at: float
    refreshable: bool
    challenge: str = ""
    challenge_method: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program with an account of its own. `public_key` in PEM; without one it signs with this Google's key.

    `delegated` are the scopes for which it may speak for people of its domain.
    """

    email: str
    client_id: str
    public_key: str = ""
    delegated: tuple[str, ...] = ()


@dataclass(slots=True)
class RefreshToken:
    """Times in unix seconds; `expires_at` is set where the grant has an end from the start."""

    token: str
    email: str
    client_id: str
    scopes: tuple[str, ...]
    used_at: float
    expires_at: float | None = None

    def is_alive(self, now: float) -> bool:
        """Half a year without use ends a token too."""
        return now < self.used_at + IDLE_LIFE_S and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """`refresh_token` is the one it came from, empty if none did."""

    token: str
    email: str
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float
    refresh_token: str = ""


class CodeRefused(Exception):
    """Why a code cannot be exchanged; the text is Google's `error_description`."""


@dataclass(slots=True)
class OAuthDesk:
    """Everything that was ever granted and not yet taken back."""

    dice: Dice
    clients: dict[str, OAuthClient] = field(default_factory=dict)
    service_accounts: dict[str, ServiceAccount] = field(default_factory=dict)
    consents: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)

    def consent(
        self, client_id: str, email: str, scopes: tuple[str, ...], include_granted: bool
    ) -> tuple[str, ...]:
        """Records a consent; answers the scopes now granted, earlier ones included if asked."""
        earlier = self.consents.get((email, client_id), ())
        together = merged(earlier, scopes)
        self.consents[email, client_id] = together
        return together if include_granted else scopes

    def has_consented(self, client_id: str, email: str) -> bool:
        return (email, client_id) in self.consents

    def new_code(self, code: AuthorizationCode) -> str:
        self.codes[code.code] = code
        return code.code

    def code_text(self) -> str:
        return f"4/0A{word(self.dice, URL_SAFE, 70)}"

    def redeem(self, text: str, client_id: str, redirect_uri: str, now: float) -> AuthorizationCode:
        """Takes a code out of the desk: it works once. Raises CodeRefused or KeyError('redirect_uri')."""
        if not text.startswith("4/"):
            raise CodeRefused("Malformed auth code.")
        code = self.codes.pop(text, None)
        if code is None or code.client_id != client_id or code.expires_at <= now:
            raise CodeRefused("Bad Request")
        if code.redirect_uri != redirect_uri:
            raise KeyError("redirect_uri")
        return code

    def grant_refresh_token(
        self, email: str, client_id: str, scopes: tuple[str, ...], now: float
    ) -> RefreshToken:
        """A new refresh token; beyond a hundred per person and client the oldest one dies."""
        client = self.clients.get(client_id)
        short = client is not None and client.testing and not set(full_names(scopes)) <= IDENTITY
        expires_at = now + TESTING_LIFE_S if short else None
        text = f"1//0{word(self.dice, URL_SAFE, 60)}"
        made = RefreshToken(text, email, client_id, scopes, now, expires_at)
        self.refresh_tokens[made.token] = made
        same = [t for t in self.refresh_tokens.values() if (t.email, t.client_id) == (email, client_id)]
        for oldest in same[:-REFRESH_TOKENS_MAX]:
            del self.refresh_tokens[oldest.token]
        return made

    def grant_access_token(
        self,
        email: str,
        client_id: str,
        scopes: tuple[str, ...],
        now: float,
        refresh_token: str = "",
        life_s: int = ACCESS_TOKEN_LIFE_S,
    ) -> AccessToken:
        text = f"ya29.{word(self.dice, URL_SAFE, 80)}"
        made = AccessToken(text, email, client_id, scopes, now + life_s, refresh_token)
        self.access_tokens[text] = made
        return made

    def use_refresh_token(self, text: str, now: float) -> RefreshToken | None:
        """The living refresh token with this text, its idle time starting anew; a dead one is forgotten."""
        found = self.refresh_tokens.get(text)
        if found and not found.is_alive(now):
            del self.refresh_tokens[text]
            return None
        if found:
            found.used_at = now
        return found

    def plant(
        self,
        email: str,
        client_id: str,
        scopes: tuple[str, ...],
        refresh_token: str | None,
        access_token: str | None,
        now: float,
        life_s: int,
    ) -> None:
        """Tokens with given texts, as if granted earlier."""
        self.consent(client_id, email, scopes, True)
        if refresh_token:
            self.refresh_tokens[refresh_token] = RefreshToken(refresh_token, email, client_id, scopes, now)
        if access_token:
            token = AccessToken(access_token, email, client_id, scopes, now + life_s, refresh_token or "")
            self.access_tokens[access_token] = token

    def bearer(self, text: str, now: float) -> AccessToken | None:
        """The living access token with this text."""
        token = self.access_tokens.get(text)
        return token if token and token.expires_at > now else None

    def revoke(self, text: str) -> bool:
        """Takes back a token and everything granted with it; False if nobody knows it."""
        access = self.access_tokens.pop(text, None)
        refresh = self.refresh_tokens.pop(access.refresh_token if access else text, None)
        gone = refresh or access
        if gone is None:
            return False
        self.consents.pop((gone.email, gone.client_id), None)
        if refresh:
            self._drop_access_tokens(lambda token: token.refresh_token == refresh.token)
        return True

    def revoke_person(self, email: str) -> int:
        """Takes back every consent and token of one person; answers how many refresh tokens died."""
        dead = [token for token in self.refresh_tokens.values() if token.email == email]
        for token in dead:
            del self.refresh_tokens[token.token]
        self._drop_access_tokens(lambda token: token.email == email)
        self.consents = {key: scopes for key, scopes in self.consents.items() if key[0] != email}
        return len(dead)

    def _drop_access_tokens(self, condition: Callable[[AccessToken], bool]) -> None:
        kept = {text: token for text, token in self.access_tokens.items() if not condition(token)}
        self.access_tokens = kept


def merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def full_names(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Scopes as Google reports them: `email` and `profile` under their long names."""
    return tuple(dict.fromkeys(ALIASES.get(scope, scope) for scope in scopes))


def verifier_fits(code: AuthorizationCode, verifier: str) -> bool:
    """Whether a PKCE verifier answers the challenge of the code (RFC 7636)."""
    if code.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=") == code.challenge
    return verifier == code.challenge
