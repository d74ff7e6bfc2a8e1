"""Requests that a cookie authenticates and that change something must come from this site's own pages.

Browsers say where a request comes from by `Sec-Fetch-Site`, older ones by `Origin` alone; pages cannot forge either.
"""

from collections.abc import Mapping

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(headers: Mapping[str, str], base_url: str) -> bool | None:
    """True or False as the headers say, None when they say nothing."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return None if origin is None else origin == base_url


def may_change(method: str, headers: Mapping[str, str], base_url: str) -> bool:
    """Whether a cookie may authenticate a request that changes something.

    A GET that only starts work, and that shows no sign of another site, passes without either header.
    """
    verdict = is_same_origin(headers, base_url)
    return method in SAFE_METHODS if verdict is None else verdict
