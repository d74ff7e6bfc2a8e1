"""Query parameters with Google's types and Google's complaints."""

import re
from urllib.parse import parse_qsl

from calferry.emulator import errors
from calferry.emulator.world import when

UNBOUND = frozenset(
    {"pageToken", "fields", "prettyPrint", "key", "quotaUser", "userIp", "alt", "access_token", "oauth_token"}
)  # fmt: skip
INT32_MAX = 2**31 - 1
_INTEGER = re.compile(r"[+-]?\d{1,10}\Z", re.ASCII)


class Query:
    """The parameters of one request, repeated ones in order."""

    def __init__(self, text: str) -> None:
        self.pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="replace")
        self._values: dict[str, list[str]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        values = self._values.get(name)
        return values[-1] if values else default

    def many(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def boolean(self, name: str, default: bool = False) -> bool:
        """Refuses anything but true and false."""
        if name not in self:
            return default
        value = self.text(name).lower()
        if value not in ("true", "false", "1", "0"):
            raise errors.invalid_parameter(name, f"Invalid boolean value: '{self.text(name)}'.")
        return value in ("true", "1")

    def integer(self, name: str, default: int, most: int) -> int:
        """At least 1; more than `most` counts as `most`."""
        found = self.optional_integer(name)
        return default if found is None else min(found, most)

    def optional_integer(self, name: str) -> int | None:
        return self.within(name, 1, INT32_MAX) if name in self else None

    def within(self, name: str, least: int, most: int) -> int:
        """A given integer. Refuses what is out of bounds."""
        text = self.text(name)
        if not _INTEGER.match(text) or abs(int(text)) > INT32_MAX:
            raise errors.invalid_parameter(name, f"Invalid integer value: '{text}'.")
        if not least <= int(text) <= most:
            message = f"Invalid value '{text}'. Values must be within the range: [{least}, {most}]"
            raise errors.invalid_parameter(name, message)
        return int(text)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        for value in self.many(name):
            if value not in allowed:
                message = f"Invalid value '{value}'. Allowed values: [{', '.join(allowed)}]"
                raise errors.invalid_parameter(name, message)
        return self.text(name)

    def moment(self, name: str) -> int | None:
        """Unix seconds of an RFC 3339 parameter; a missing offset is a bad request."""
        if name not in self:
            return None
        return moment_of(self.text(name))

    def pairs_of(self, name: str) -> tuple[tuple[str, str], ...]:
        """`name=value` parameters, each split at its first equals sign."""
        found = []
        for value in self.many(name):
            key, equals, text = value.partition("=")
            if not equals:
                raise errors.invalid_parameter(name, f"Invalid value '{value}'.")
            found.append((key, text))
        return tuple(found)

    def zone(self, name: str) -> str:
        text = self.text(name)
        if text:
            try:
                when.zone(text)
            except ValueError as error:
                raise errors.invalid_parameter(name, f"Invalid time zone '{text}'.") from error
        return text

    def question(self) -> str:
        """Everything that has to be repeated with a page token, in a canonical form."""
        return repr(sorted(pair for pair in self.pairs if pair[0] not in UNBOUND))

    def as_json(self) -> dict[str, str | list[str]]:
        """Name to value, or to a list of them where a name was repeated."""
        return {name: values[0] if len(values) == 1 else values for name, values in self._values.items()}


def moment_of(text: str) -> int:
    """Unix seconds of an RFC 3339 time with an offset; anything else is a bad request."""
    try:
        moment = when.parse_date_time(text)
    except ValueError as error:
        raise errors.bad_request() from error
    if moment.tzinfo is None or not when.is_within_years(moment):
        raise errors.bad_request()
    return int(moment.timestamp())
