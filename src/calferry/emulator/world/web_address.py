"""Web addresses that somebody sent."""

from urllib.parse import SplitResult, urlsplit


def taken_apart(address: str) -> SplitResult | None:
    """The parts of an address that names a host; None for one that does not, or that is malformed."""
    try:
        parts = urlsplit(address)
        port_is_possible = parts.port is None or parts.port >= 0
    except ValueError:
        return None
    visible = address.isprintable() and " " not in address
    return parts if parts.hostname and port_is_possible and visible else None
