"""How a store that does not answer shows itself."""

from sqlalchemy.exc import SQLAlchemyError

UNAVAILABLE = (SQLAlchemyError, OSError)
