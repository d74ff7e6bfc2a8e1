"""The parts that requests are made of: a path, a query, a body. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import msgspec

T_co = TypeVar("T_co", covariant=True)
Body = bytes | Mapping[str, Any]
PATCH_UNITS = 3
JSON_TYPE = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a Google method, without address and token.

    name: Google's name of the method. path: below /calendar/v3, percent-encoded. is_repeatable: whether sending
    it twice does no more than sending it once. units: what it costs of the quota. is_answered: whether success
    comes with a body.
    """

    name: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = True
    if_match: str | None = None
    units: int = 1
    is_answered: bool = True

    def target(self) -> str:
        """Path and query. prettyPrint=false always: indentation is a third of a page."""
        return f"{self.path}?{urlencode([('prettyPrint', 'false'), *self.query])}"

    def has(self, parameter: str) -> bool:
        return any(name == parameter for name, _ in self.query)


class Request(Protocol[T_co]):
    """A Google method with its arguments: what to ask, and how to read what comes back."""

    def call(self) -> Call:
        """Raises ValueError for arguments that Google could only misunderstand."""
        ...

    def read(self, body: bytes, /) -> T_co:
        """The answer of a success. Raises ProtocolViolation for what the method never returns."""
        ...


class Unanswered:
    """A request whose success says all there is to say."""

    __slots__ = ()

    def read(self, _body: bytes, /) -> None:
        return None


class Query:
    """Collects query parameters; what is None or empty is not sent."""

    def __init__(self) -> None:
        self._pairs: list[tuple[str, str]] = []

    def add(self, name: str, value: str | int | None) -> None:
        if value is not None:
            self._pairs.append((name, str(value)))

    def add_true(self, name: str, value: bool) -> None:
        if value:
            self._pairs.append((name, "true"))

    def add_each(self, name: str, values: Iterable[str]) -> None:
        self._pairs.extend((name, value) for value in values)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(self._pairs)


def path_of(*parts: str) -> str:
    """A path with every part percent-encoded."""
    return "".join("/" + quote(part, safe="") for part in parts)


def json_body(resource: Body) -> bytes:
    """JSON bytes as they are, a mapping as JSON."""
    return resource if isinstance(resource, bytes) else msgspec.json.encode(dict(resource))


def require_id(value: str, name: str) -> None:
    """Raises ValueError for an id that would address something else."""
    if not value or value in (".", ".."):
        raise ValueError(f"{name} must not be {value!r}")


def require_page_size(value: int, largest: int) -> None:
    if not 1 <= value <= largest:
        raise ValueError(f"max_results must be 1 to {largest}, not {value}")
