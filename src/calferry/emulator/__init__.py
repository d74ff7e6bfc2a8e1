"""A local Google: Calendar API v3 and OAuth on one address, for tests, demos and development."""

from calferry.emulator.app import Emulator
from calferry.emulator.call import Options
from calferry.emulator.wire import Request, Response
from calferry.emulator.world.channels import Delivery

__all__ = ["Delivery", "Emulator", "Options", "Request", "Response"]
