"""Requests byte for byte."""

import socket
from urllib.parse import urlsplit

from tests.contract.web.site import Site


def exchange(site: Site, request: bytes) -> bytes:
    parts = urlsplit(site.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as wire:
        wire.sendall(request)
        answer = b""
        while chunk := wire.recv(65_536):
            answer += chunk
        return answer
