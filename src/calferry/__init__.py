"""calferry keeps an exact, live copy of Google Calendars in a database you control."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calferry.client import Client

__all__ = ["Client", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`calferry.Client` is imported when it is asked for: the command line does not wait for it."""
    if name == "Client":
        from calferry.client import Client  # noqa: PLC0415 - see above

        return Client
    raise AttributeError(f"module 'calferry' has no attribute {name!r}")
