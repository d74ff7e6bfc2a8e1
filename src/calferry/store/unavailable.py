"""How a store shows that it does not answer, or that it cannot hold a text."""

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

UNAVAILABLE = (SQLAlchemyError, OSError)

CANNOT_HOLD = frozenset({"22021", "22P05"})
"""PostgreSQL's codes for a text with the character NUL, or in another way no text of its encoding."""
SILENT_CLASSES = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""Lost connections, idle transactions, deadlocks, no resources, locks not to be had, shut down, system errors."""


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's code of what went wrong; empty for errors of other databases and of the network."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def cannot_hold(error: DBAPIError) -> bool:
    """Whether a text was given that no column takes: nothing stored can be named by it."""
    return sqlstate(error) in CANNOT_HOLD


def does_not_answer(error: DBAPIError) -> bool:
    """Whether the same may well succeed a little later."""
    lost = isinstance(error, OperationalError) or error.connection_invalidated
    return lost or sqlstate(error)[:2] in SILENT_CLASSES
