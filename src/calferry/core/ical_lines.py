"""The content lines of iCalendar: RFC 5545, sections 3.1 and 3.3.11."""

import re
from collections.abc import Iterable

LINE_BYTES_MAX = 75
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
LINE_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
UNWRITABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


def text_line(name: str, text: str) -> str:
    """A property whose value is free text."""
    return f"{name}:{LINE_BREAKS.sub(chr(10), UNWRITABLE.sub('', text)).translate(ESCAPES)}"


def plain(text: str) -> str:
    """A value that must stand as it is, an address for example: nothing in it may begin a line of its own."""
    return re.sub("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]", "", text)


def file_of(lines: Iterable[str]) -> bytes:
    """The lines, folded and ended as the format wants it."""
    return b"".join(folded(line.encode()) for line in lines)


def folded(line: bytes) -> bytes:
    """At most 75 bytes a line, no character cut in two."""
    if len(line) <= LINE_BYTES_MAX:
        return line + b"\r\n"
    parts, start, room = [], 0, LINE_BYTES_MAX
    while start < len(line):
        end = start + room
        while end < len(line) and line[end] & 0xC0 == 0x80:  # in the middle of a character
            end -= 1
        parts.append(line[start:end])
        start, room = end, LINE_BYTES_MAX - 1
    return b"\r\n ".join(parts) + b"\r\n"
