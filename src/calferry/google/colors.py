"""What colour ids mean. Reference: /workspace/calendar/api/v3/reference/colors on Google's site."""

from dataclasses import dataclass

import msgspec

from calferry.google.calls import Call
from calferry.google.resources import Resource, read_resource


class ColorPair(msgspec.Struct, frozen=True):
    """Two colours as `#rrggbb`."""

    background: str
    foreground: str


class Colors(Resource, frozen=True, kw_only=True):
    """The palettes by colorId: of calendars and of events."""

    calendar: dict[str, ColorPair] = msgspec.field(default_factory=dict)
    event: dict[str, ColorPair] = msgspec.field(default_factory=dict)
    updated: str | None = None


@dataclass(frozen=True, slots=True)
class ColorsGet:
    """colors.get."""

    def call(self) -> Call:
        return Call("colors.get", "GET", "/colors")

    def read(self, body: bytes) -> Colors:
        return read_resource(body, Colors)
