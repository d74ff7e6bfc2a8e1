"""Commands that are imported when they are named, and not before: listing them needs their words alone."""

import gc
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Promise:
    """Where a command is, and the first sentence of its help."""

    name: str
    module: str
    help: str

    def kept(self) -> TyperCommand | TyperGroup:
        """The command itself: the module's `app`, or its function of that name."""
        module = imported(self.module)
        if (app := getattr(module, "app", None)) is not None:
            return typer.main.get_group(app)
        alone = typer.Typer(add_completion=False)
        alone.command(name=self.name)(getattr(module, self.name))
        return cast("TyperCommand", typer.main.get_command(alone))


def imported(module: str) -> ModuleType:
    """Import without looking for garbage: modules are none, and looking costs 0.4 s at the largest."""
    before = gc.isenabled()
    gc.disable()
    try:
        return import_module(module)
    finally:
        if before:
            gc.enable()


class PromisedCommand(TyperCommand):
    """Stands for a command in listings and completions; parsing goes to the command itself."""

    def __init__(self, promise: Promise) -> None:
        super().__init__(name=promise.name, help=promise.help)
        self.promise = promise

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.promise.kept().make_context(info_name, args, parent, **extra)


def group_of(promises: tuple[Promise, ...]) -> type[TyperGroup]:
    """The class of a group of these commands, in this order."""

    class PromisedGroup(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = {promise.name: PromisedCommand(promise) for promise in promises}

    return PromisedGroup
