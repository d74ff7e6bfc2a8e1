"""Accounts whose disconnection was cut short, by a crash or because Google did not answer."""

from sqlalchemy import Connection, select

from calferry.store.tables import accounts
from calferry.sync.accounts import disconnect
from calferry.sync.engine import Engine

CLOSING = select(accounts.c.id).where(accounts.c.status == "closing").order_by(accounts.c.id)


async def finish_closing(engine: Engine) -> int:
    """Go on with each; returns how many were left to be finished. Doing it twice at once does no harm."""
    closing = await engine.store.read(closing_accounts)
    for account_id in closing:
        await disconnect(engine, account_id)
    return len(closing)


def closing_accounts(connection: Connection) -> list[str]:
    return list(connection.execute(CLOSING).scalars())
