"""The parts that requests are made of: a path, a query, a body. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

JSON_TYPE = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a Google method, without address and token.

    name: Google's name of the method. path: below /calendar/v3, percent-encoded. is_repeatable: whether sending
    it twice does no more than sending it once. units: what it costs of the quota.
    """

    name: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = True
    if_match: str | None = None
    units: int = 1

    def target(self) -> str:
        """Path and query. prettyPrint=false always: indentation is a third of a page."""
        return f"{self.path}?{urlencode([('prettyPrint', 'false'), *self.query])}"

    def has(self, parameter: str) -> bool:
        return any(name == parameter for name, _ in self.query)


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


def require_id(value: str, name: str) -> None:
    """Raises ValueError for an id that would address something else."""
    if not value or value in (".", ".."):
        raise ValueError(f"{name} must not be {value!r}")


def require_page_size(value: int, largest: int) -> None:
    if not 1 <= value <= largest:
        raise ValueError(f"max_results must be 1 to {largest}, not {value}")
