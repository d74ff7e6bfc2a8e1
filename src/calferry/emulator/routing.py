"""Finding the route of a request."""

from collections.abc import Iterable
from urllib.parse import unquote

from calferry.emulator.call import Route


class RouteTable:
    """Routes by method and number of path segments; literal segments win over parameters."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: dict[tuple[str, int], list[tuple[Route, list[str]]]] = {}
        for route in routes:
            parts = _segments(route.template)
            self._routes.setdefault((route.http, len(parts)), []).append((route, parts))
        for found in self._routes.values():
            found.sort(key=lambda pair: sum(part.startswith("{") for part in pair[1]))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its decoded path parameters, or None."""
        segments = [unquote(segment) for segment in _segments(path)]
        for route, parts in self._routes.get((method, len(segments)), ()):
            if all(_fits(part, segment) for part, segment in zip(parts, segments, strict=True)):
                names = (part[1:-1] for part in parts if part.startswith("{"))
                values = (
                    segment for part, segment in zip(parts, segments, strict=True) if part.startswith("{")
                )
                return route, dict(zip(names, values, strict=True))
        return None

    def methods(self) -> list[str]:
        return sorted({route.method for found in self._routes.values() for route, _ in found})


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _fits(part: str, segment: str) -> bool:
    return part == segment or (part.startswith("{") and bool(segment))
