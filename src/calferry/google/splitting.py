"""Taking a list answer apart when one of its items breaks the JSON reader. Pure, without recursion, seldom run."""

import re

from calferry.google.errors import ProtocolViolation

TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},]', re.DOTALL)
OPENS_ITEMS = re.compile(rb"\s*:\s*(?=\[)")
CLOSER_OF = {b"{": b"}", b"[": b"]"}
ITEMS_DEPTH = 2


class ListSplitter:
    """Walks the brackets of a JSON object and notes where each element of its `items` array lies."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.closers: list[bytes] = []
        self.items: list[bytes] = []
        self.opened_at: int | None = None
        self.closed_at: int | None = None
        self._next_opens_items = False
        self._item_start = 0

    def run(self) -> None:
        for match in TOKEN.finditer(self.body):
            self._step(match[0], match.start())
        if self.closers:
            raise ProtocolViolation("JSON is cut short", reason="json")

    def _step(self, token: bytes, at: int) -> None:
        if token in CLOSER_OF:
            self._open(token, at)
        elif token in (b"}", b"]"):
            self._close(token, at)
        elif token == b",":
            if self._is_between_items():
                self._end_item(at)
        elif token == b'"':
            raise ProtocolViolation("JSON text is cut short", reason="json")
        elif token == b'"items"' and len(self.closers) == 1 and self.opened_at is None:
            self._next_opens_items = OPENS_ITEMS.match(self.body, at + len(token)) is not None

    def _is_between_items(self) -> bool:
        return self.opened_at is not None and self.closed_at is None and len(self.closers) == ITEMS_DEPTH

    def _open(self, token: bytes, at: int) -> None:
        self.closers.append(CLOSER_OF[token])
        if self._next_opens_items:
            self._next_opens_items = False
            self.opened_at, self._item_start = at, at + 1

    def _close(self, token: bytes, at: int) -> None:
        if self._is_between_items():
            if self.items or self.body[self._item_start : at].strip():
                self._end_item(at)
            self.closed_at = at
        if not self.closers or self.closers.pop() != token:
            raise ProtocolViolation("brackets do not match", reason="json")

    def _end_item(self, at: int) -> None:
        self.items.append(self.body[self._item_start : at].strip())
        self._item_start = at + 1


def split_list_body(body: bytes) -> tuple[bytes, list[bytes]]:
    """(the body with `items` emptied, the bytes of each item). Raises ProtocolViolation if brackets do not close."""
    splitter = ListSplitter(body)
    splitter.run()
    if splitter.opened_at is None or splitter.closed_at is None:
        return body, []
    return body[: splitter.opened_at + 1] + body[splitter.closed_at :], splitter.items
