"""Making the engine's bounds small, so that a short run of virtual time crosses all of them."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

PREFIX = "calferry."


@contextmanager
def scaled(**bounds: Any) -> Generator[None, None, None]:
    """Give constants other values wherever the engine has imported them; undone at the end.

    Raises `LookupError` for a name that no module of the engine has, so that a renamed bound is noticed.
    """
    undo: list[tuple[Any, str, Any]] = []
    missing = set(bounds)
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith(PREFIX):
            continue
        for name in bounds.keys() & vars(module).keys():
            undo.append((module, name, getattr(module, name)))
            setattr(module, name, bounds[name])
            missing.discard(name)
    try:
        if missing:
            raise LookupError(f"no module of the engine has {', '.join(sorted(missing))}")
        yield
    finally:
        for module, name, value in undo:
            setattr(module, name, value)
