"""A webhook on a free port."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

DEADLINE_S = 20


class Inbox:
    """Answers with whatever statuses it is told, 200 after that, and keeps the headers it was sent."""

    def __init__(self) -> None:
        self.received: Queue[dict[str, str]] = Queue()
        self.statuses: list[int] = []
        inbox = self

        class Webhook(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                inbox.received.put(dict(self.headers.items()))

            def log_message(self, *_: Any) -> None:
                return

        self.server = HTTPServer(("127.0.0.1", 0), Webhook)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def next(self) -> dict[str, str]:
        """The headers of the next notification, oldest first."""
        return self.received.get(timeout=DEADLINE_S)


@contextlib.contextmanager
def open_inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    thread = threading.Thread(target=inbox.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        inbox.server.shutdown()
        inbox.server.server_close()
        thread.join()
