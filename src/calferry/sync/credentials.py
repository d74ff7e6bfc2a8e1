"""Access tokens of an account: from memory, from the store, or by one refresh at a time.

The refresh holds a lease on the account row, never a transaction. Its outcome is applied only if the account
still holds the grant that was sent, so a late answer cannot kill or overwrite a renewed grant.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection

from calferry.core.failure import DEAD_GRANT, Cause, SourceFailure
from calferry.core.google_account import AccessToken
from calferry.core.grant_age import reason_of_death
from calferry.core.model import AccountId
from calferry.core.waiting import growing_waits
from calferry.ports import Clock, Dice, OAuth, Store, Vault
from calferry.store import accounts, sync_states
from calferry.store.sealed import access_context, refresh_context
from calferry.store.sync_states import LeaseTerms
from calferry.sync.google_failures import NoToken
from calferry.sync.heartbeat import beating

MARGIN_MS = 120_000
LOOK_AGAIN_S = 0.1
LOOK_AGAIN_MAX_S = 2.0
CONFIRM_AFTER_S = 1.0
WAIT_FOR_PEER_MS = 60_000
DEAD = "needs_reauth"


@dataclass(frozen=True, slots=True)
class Known:
    """A token in memory and until when it is used (UTC milliseconds)."""

    token: str = field(repr=False)
    use_until: int
    grant_number: int


@dataclass(slots=True)
class Credentials:
    """Tokens of every account that this process serves. `owner` names the process in refresh leases."""

    owner: str
    store: Store
    vault: Vault
    oauth: OAuth
    clock: Clock
    dice: Dice
    known: dict[AccountId, Known] = field(default_factory=dict, repr=False)

    def of(self, account_id: AccountId) -> "AccountTokens":
        return AccountTokens(self, account_id)

    async def token(self, account_id: AccountId, *, stale: str | None) -> str:
        """A token that is not `stale`. Raises `SourceFailure`, with `GRANT_REVOKED` for a dead grant."""
        now_ms = self.clock.now_ms()
        known = self.known.get(account_id)
        if known is not None and known.token != stale and known.use_until > now_ms:
            grant = await self.store.read(lambda tx: accounts.usable_grant(tx, account_id))
            if grant == known.grant_number:
                return known.token
            self.known.pop(account_id, None)
        deadline = self.clock.lease_ms() + WAIT_FOR_PEER_MS
        for wait_s in growing_waits(LOOK_AGAIN_S, LOOK_AGAIN_MAX_S):
            token = await self.stored_or_refreshed(account_id, stale)
            if token is not None:
                return token
            if self.clock.lease_ms() >= deadline:
                break
            await self.clock.sleep(wait_s)
        raise SourceFailure(
            Cause.UNREACHABLE, "another process has been refreshing this account's token for too long"
        )

    async def stored_or_refreshed(self, account_id: AccountId, stale: str | None) -> str | None:
        """None while somebody else refreshes."""
        row = await self.store.read(lambda tx: accounts.load(tx, account_id))
        if row is None or row.refresh_token is None or row.status == DEAD:
            raise SourceFailure(Cause.GRANT_REVOKED, DEAD_GRANT.message, status=401)
        token = self.usable(row, stale)
        if token is not None:
            return token
        lease = LeaseTerms(self.owner, self.clock.boot_id(), self.clock.lease_ms())
        taken = await self.store.write(lambda tx: accounts.take_refresh(tx, account_id, lease))
        if taken is None:
            return None
        token = self.usable(taken, stale)
        if token is not None:
            await self.give_back(taken, {})
            return token
        return await self.refresh(taken)

    def usable(self, row: Any, stale: str | None) -> str | None:
        """The stored token, if it still serves; it is remembered."""
        if row.access_token is None or row.access_expires_at is None:
            return None
        use_until = row.access_expires_at - MARGIN_MS
        if use_until <= self.clock.now_ms():
            return None
        token = self.vault.open(row.access_token, access_context(row.id))
        if token == stale:
            return None
        self.known[row.id] = Known(token, use_until, row.grant_number)
        return token

    async def refresh(self, row: Any) -> str:
        try:
            # With its repetitions this may take minutes.
            async with beating(self.clock, row.id, partial(self.keep_right, row.id)):
                fresh = await self.exchanged(self.vault.open(row.refresh_token, refresh_context(row.id)))
        except SourceFailure as failure:
            if not await self.note_failure(row, failure) and failure.cause is Cause.GRANT_REVOKED:
                raise renewed_meanwhile() from failure
            raise
        except BaseException:
            await self.give_back(row, {})
            raise
        expires_at = self.clock.now_ms() + fresh.expires_in_s * 1000
        applied = await self.give_back(row, self.sealed(row.id, fresh, expires_at))
        if not applied:
            raise renewed_meanwhile()
        self.known[row.id] = Known(fresh.token, expires_at - MARGIN_MS, row.grant_number)
        return fresh.token

    async def keep_right(self, account_id: str) -> None:
        lease = LeaseTerms(self.owner, self.clock.boot_id(), self.clock.lease_ms())
        await self.store.write(partial(accounts.keep_refresh, account_id=account_id, lease=lease))

    async def exchanged(self, refresh_token: str) -> AccessToken:
        """Google's answer to the refresh token; a grant counts as dead only when Google says so twice."""
        try:
            return await self.oauth.refresh(refresh_token)
        except SourceFailure as failure:
            if failure.cause is not Cause.GRANT_REVOKED:
                raise
        await self.clock.sleep(CONFIRM_AFTER_S)
        return await self.oauth.refresh(refresh_token)

    def sealed(self, account_id: str, fresh: AccessToken, expires_at: int) -> dict[str, Any]:
        values: dict[str, Any] = {
            "access_token": self.vault.seal(fresh.token, access_context(account_id)),
            "access_expires_at": expires_at,
        }
        if fresh.refresh_token is not None:
            values["refresh_token"] = self.vault.seal(fresh.refresh_token, refresh_context(account_id))
        return values

    async def note_failure(self, row: Any, failure: SourceFailure) -> bool:
        """Only `invalid_grant` kills a grant, and only the one that was sent: False when there is another by now.

        One transaction: between two, a new grant could come and find everything blocked for good.
        """
        dead = failure.cause is Cause.GRANT_REVOKED
        granted_at = row.created_at if row.grant_number == 1 else None
        reason = reason_of_death(failure.message, granted_at, self.clock.now_ms())
        values = {"status": "needs_reauth", "status_reason": reason} if dead else {}
        now_ms = self.clock.now_ms()

        def work(connection: Connection) -> bool:
            if accounts.finish_refresh(connection, row.id, self.owner, row.grant_number, values):
                sync_states.block_account(connection, row.id, DEAD_GRANT, now_ms)
            kept = accounts.load(connection, row.id)
            return kept is None or kept.grant_number == row.grant_number

        return await self.store.write(work)

    async def give_back(self, row: Any, values: dict[str, Any]) -> bool:
        return await self.store.write(
            lambda tx: accounts.finish_refresh(tx, row.id, self.owner, row.grant_number, values)
        )


def renewed_meanwhile() -> SourceFailure:
    return SourceFailure(Cause.UNREACHABLE, "the grant changed while its token was being refreshed")


@dataclass(frozen=True, slots=True)
class AccountTokens:
    """The tokens of one account, as the client library asks for them."""

    credentials: Credentials
    account_id: AccountId

    async def access_token(self) -> str:
        return await self.token(stale=None)

    async def refreshed(self, stale: str) -> str:
        return await self.token(stale=stale)

    async def token(self, stale: str | None) -> str:
        try:
            return await self.credentials.token(self.account_id, stale=stale)
        except SourceFailure as failure:
            raise NoToken(failure) from failure
