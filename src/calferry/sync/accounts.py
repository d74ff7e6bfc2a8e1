"""Connecting and disconnecting Google accounts."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_account import Grant
from calferry.core.scopes import status_for
from calferry.store import accounts, audit, channels, erasure, sync_states, users
from calferry.store.dialect import take_turns
from calferry.store.sealed import access_context, refresh_context
from calferry.store.tables import accounts as table
from calferry.sync.engine import Engine
from calferry.sync.watch import stop_account_channels

REGISTERING_WAIT_S = 35.0
LOOK_AGAIN_S = 0.1


class ConnectRefused(Exception):
    """The grant does not fit: it is another Google account's, or somebody else has connected that account."""


@dataclass(frozen=True, slots=True)
class Connected:
    user_id: int
    account_id: str
    created: bool


async def connect(
    engine: Engine, grant: Grant, *, user_id: int | None = None, account_id: str | None = None
) -> Connected:
    """Store a grant.

    `user_id` None: the person signs in, and is made known on the first time. `account_id`: the account to
    reconnect; its `sub` must be the grant's. Raises `ConnectRefused`, and nothing is stored then. Of two sign-ins the
    later is kept, though the earlier is stored last: in between the person may have taken the earlier grant back.
    """
    fresh_id, now_ms = engine.ids.new("acc"), engine.clock.now_ms()

    def work(connection: Connection) -> Connected:
        take_turns(connection, f"account {grant.identity.sub if grant.identity else grant.email}")
        owner = user_id if user_id is not None else person(connection, grant, now_ms)
        row = find_account(connection, grant, owner, account_id)
        if row is None:
            values = granted(engine, fresh_id, grant, None, now_ms)
            values |= {"id": fresh_id, "user_id": owner, "created_at": now_ms, "grant_number": 1}
            connection.execute(table.insert().values(values))
            sync_states.create(connection, fresh_id, owner, fresh_id, "calendar_list", now_ms)  # type: ignore[arg-type]
            audit.add(connection, "account_connected", now_ms, user_id=owner, subject=fresh_id)
            return Connected(owner, fresh_id, created=True)
        if is_older(grant, row):
            return Connected(owner, row.id, created=False)
        values = granted(engine, row.id, grant, row, now_ms) | {"grant_number": row.grant_number + 1}
        accounts.change(connection, row.id, **values)
        sync_states.resume_account(connection, row.id, now_ms)
        channels.take_up(connection, row.id, now_ms)
        audit.add(connection, "account_reconnected", now_ms, user_id=owner, subject=row.id)
        return Connected(owner, row.id, created=False)

    connected = await engine.store.write(work)
    engine.signals.wake("due")
    return connected


def person(connection: Connection, grant: Grant, now_ms: int) -> int:
    """The user that signs in: by `sub`, by the address an operator brought, or a new one."""
    identity = grant.identity
    if identity is None:
        known = users.by_email(connection, grant.email)
        return known.id if known else users.create(connection, grant.email, None, now_ms)
    known = users.by_sub(connection, identity.sub)
    if known is None and identity.email_verified:
        known = users.unclaimed(connection, identity.email)
        if known is not None:
            users.claim(connection, known.id, identity.sub)
    if known is None:
        return users.create(connection, identity.email, identity.sub, now_ms)
    users.rename(connection, known.id, identity.email)
    return known.id


def find_account(connection: Connection, grant: Grant, user_id: int, account_id: str | None) -> Any | None:
    """The account that the grant renews; None for one not yet connected."""
    sub = grant.identity.sub if grant.identity else None
    if account_id is not None:
        row = connection.execute(
            select(table).where(table.c.id == account_id).with_for_update()
        ).one_or_none()
        if row is None or row.user_id != user_id or (row.google_sub or sub) != sub:
            raise ConnectRefused("This is another Google account than the one to be connected again.")
        if row.status == "closing":
            raise ConnectRefused("This account is being disconnected; connect it anew in a moment.")
        return row
    same = table.c.google_sub == sub if sub else table.c.email == grant.email
    row = connection.execute(select(table).where(same, table.c.status != "closing").with_for_update()).first()
    if row is None and sub is not None:
        brought = select(table).where(
            table.c.user_id == user_id,
            table.c.google_sub.is_(None),
            table.c.email == grant.email,
            table.c.status != "closing",
        )
        row = connection.execute(brought.with_for_update()).first()
    if row is not None and row.user_id != user_id:
        raise ConnectRefused("Somebody else has connected this Google account.")
    return row


def issued_at_ms(grant: Grant) -> int | None:
    issued_at = None if grant.identity is None else grant.identity.issued_at
    return None if issued_at is None else issued_at * 1000


def is_older(grant: Grant, row: Any) -> bool:
    """Whether Google gave it before the one that the account has, unless that is dead."""
    given_at = issued_at_ms(grant)
    if given_at is None or row.granted_at is None or row.status == "needs_reauth":
        return False
    return bool(given_at < row.granted_at)


def granted(engine: Engine, account_id: str, grant: Grant, row: Any | None, now_ms: int) -> dict[str, Any]:
    """Columns of a grant. An old refresh token stays when Google sent no new one."""
    values: dict[str, Any] = {
        "email": grant.email,
        "status": status_for(grant.scopes),
        "status_reason": None,
        "scopes": " ".join(sorted(grant.scopes)),
        "access_token": None,
        "access_expires_at": None,
        "list_push_checked_at": None,
        "granted_at": issued_at_ms(grant),
    }
    if grant.identity is not None:
        values["google_sub"] = grant.identity.sub
    if grant.refresh_token is not None:
        values["refresh_token"] = engine.vault.seal(grant.refresh_token, refresh_context(account_id))
    elif row is None or row.refresh_token is None:
        raise ConnectRefused("Google sent no refresh token; the consent has to be asked for again.")
    if grant.access_token is not None:
        values["access_token"] = engine.vault.seal(grant.access_token.token, access_context(account_id))
        values["access_expires_at"] = now_ms + grant.access_token.expires_in_s * 1000
    return values


async def disconnect(engine: Engine, account_id: str) -> None:
    """Stop everything of the account, revoke its grant, erase its rows. Works without Google."""
    await engine.store.write(lambda tx: close(tx, account_id, engine.clock.now_ms()))
    await wait_for_watches(engine, account_id)
    await stop_account_channels(engine, account_id)
    await engine.store.write(lambda tx: erasure.erase_mirror(tx, account_id, engine.clock.now_ms()))
    await finish_closing(engine, account_id)


def close(connection: Connection, account_id: str, now_ms: int) -> None:
    """A grant that is known to be dead is not used for the farewell: its access token is forgotten."""
    row = connection.execute(select(table).where(table.c.id == account_id).with_for_update()).one_or_none()
    dead = {"access_token": None, "access_expires_at": None}
    forgotten = dead if row is not None and row.status == "needs_reauth" else {}
    accounts.change(connection, account_id, status="closing", **forgotten)
    sync_states.fence_off(connection, account_id)
    if row is not None and row.status != "closing":
        audit.add(connection, "account_disconnected", now_ms, user_id=row.user_id, subject=account_id)


async def wait_for_watches(engine: Engine, account_id: str) -> None:
    """A watch in flight would leave a channel behind that nobody stops."""
    waited_s = 0.0
    while waited_s < REGISTERING_WAIT_S:
        rows = await engine.store.read(lambda tx: channels.of_account(tx, account_id, "registering"))
        if not rows:
            return
        await engine.clock.sleep(LOOK_AGAIN_S)
        waited_s += LOOK_AGAIN_S


async def finish_closing(engine: Engine, account_id: str) -> bool:
    """Revoke the grant and forget the account; False while Google cannot be reached, to be tried again.

    Channels can only be stopped under the grant, so it is kept until they are, or are given up.
    """
    row = await engine.store.read(lambda tx: accounts.load(tx, account_id))
    if row is None:
        return True
    open_channels = await engine.store.read(lambda tx: channels.of_account(tx, account_id, "draining"))
    if any(channel.resource_id is not None for channel in open_channels):
        return False
    if row.refresh_token is not None:
        try:
            await engine.oauth.revoke(engine.vault.open(row.refresh_token, refresh_context(account_id)))
        except SourceFailure as failure:
            if failure.cause in (Cause.UNREACHABLE, Cause.SERVER_ERROR, Cause.RATE_LIMITED):
                return False
    await engine.store.write(lambda tx: erasure.erase_account(tx, account_id, engine.clock.now_ms()))
    return True
