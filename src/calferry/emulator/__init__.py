"""A local Google: Calendar API v3 and OAuth on one address, for tests, demos and development."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calferry.emulator.app import Emulator
    from calferry.emulator.call import Options
    from calferry.emulator.wire import Request, Response
    from calferry.emulator.world.channels import Delivery

__all__ = ["Delivery", "Emulator", "Options", "Request", "Response"]

# Loaded on first use: pytest imports this package for everybody who has calferry installed.
_HOMES = {
    "Delivery": "world.channels",
    "Emulator": "app",
    "Options": "call",
    "Request": "wire",
    "Response": "wire",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
