"""Certificates are read once a process, not once for every client that a test opens.

httpx reads the authorities' certificates for each of its clients, which takes ten times as long as a request to a local
server.
"""

from functools import cache

from httpx._transports import default


def share_certificates() -> None:
    """From now on, in this process."""
    default.create_ssl_context = cache(default.create_ssl_context)
