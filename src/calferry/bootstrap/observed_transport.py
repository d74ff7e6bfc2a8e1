"""Requests to Google, counted and traced."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from calferry import google
from calferry.bootstrap.observer import Watch
from calferry.google.classification import classify, classify_oauth

OAUTH_PATHS = ("token", "revoke", "certs", "userinfo")


class ObservedTransport:
    """`google.Transport` over another one."""

    def __init__(self, inner: google.Transport, watch: Watch, now: Callable[[], float]) -> None:
        self._inner = inner
        self._watch = watch
        self._now = now

    async def send(self, request: google.WireRequest) -> google.WireResponse:
        method, began = method_of(request), time.perf_counter()
        with self._watch.spans.span(f"Google {method}", {"http.request.method": request.method}) as span:
            status: int | None = None
            reason: str | None = "cancelled"
            try:
                response = await self._inner.send(request)
                status, reason = response.status, self._reason(response)
                span.set("http.response.status_code", status)
            except google.GoogleError as error:
                reason = error.reason or type(error).__name__
                raise
            finally:
                self._watch.figures.asked_google(method, status, reason, time.perf_counter() - began)
                if reason is not None:
                    span.failed(reason)
            return response

    def _reason(self, response: google.WireResponse) -> str | None:
        if response.status < 400:
            return None
        now = self._now()
        error: google.GoogleError = classify(response.status, response.body, response.headers, now=now)
        if not error.reason:
            error = classify_oauth(response.status, response.body, response.headers, now=now)
        return error.reason or type(error).__name__


def method_of(request: google.WireRequest) -> str:
    """Google's name of the method; for OAuth the end of its address."""
    if request.name:
        return request.name
    end = urlsplit(request.url).path.rpartition("/")[2]
    return f"oauth.{end}" if end in OAUTH_PATHS else "other"
