"""The addresses under `/_emulator`: which method each takes, and what one gets who misses them."""

from calferry.emulator.call import Answer
from calferry.emulator.json_text import COMPACT
from calferry.emulator.routes import control, inspector

PREFIX = f"{inspector.PAGE}/"


def http_of(name: str, has_body: bool) -> str:
    """The method that a control request is sent with: POST wherever there is no choice or a body is given.

    Raises ValueError for a name that is not known, and for a body that nobody would read.
    """
    allowed = methods(f"{PREFIX}{name}")
    if not allowed:
        raise ValueError(f"there is no control request {name!r}; there are {', '.join(names())}")
    if has_body and "POST" not in allowed:
        raise ValueError(f"{name} takes no body")
    return "GET" if "GET" in allowed and not has_body else "POST"


def names() -> list[str]:
    """Every control request, without the address that they share."""
    return list(dict.fromkeys(route.template.removeprefix(PREFIX) for route in control.ROUTES))


def methods(path: str) -> list[str]:
    """The methods that an address under `/_emulator` takes; none for one that does not exist."""
    routes = (*control.ROUTES, *inspector.ROUTES)
    return sorted({route.http for route in routes if route.template.strip("/") == path.strip("/")})


def is_under(path: str) -> bool:
    return path == inspector.PAGE or path.startswith(PREFIX)


def astray(method: str, path: str) -> Answer:
    """404 for an address that does not exist, 405 for a method that it does not take; both list what there is."""
    allowed = methods(path)
    listed = [f"{route.http} {route.template}" for route in control.ROUTES]
    if not allowed:
        return Answer({"error": f"there is no {path}", "paths": listed}, 404, indent=COMPACT)
    error = f"{path} takes {' and '.join(allowed)}, not {method}"
    return Answer({"error": error, "paths": listed}, 405, {"Allow": ", ".join(allowed)}, indent=COMPACT)
