"""The file that a world lives on in after its process."""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

from calferry.emulator.app import Emulator

SAVE_EVERY_S = 3.0


class DataFileError(ValueError):
    """A data file that cannot be read or written; the message names it."""


class KeptWorld:
    """Keeps an emulator's world in a file. `say` is told what a person should know."""

    def __init__(self, path: Path, emulator: Emulator, say: Callable[[str], object]) -> None:
        self.path = path
        self._emulator = emulator
        self._say = say
        self._saved: tuple[float, ...] | None = None

    def load(self) -> bool:
        """Goes on from the file, if there is one; whether there was.

        Raises DataFileError for a file that is no snapshot or cannot be written.
        """
        try:
            found = self.path.exists()
            if found:
                self._emulator.restore(json.loads(self.path.read_text("utf-8")))
            self._try_to_write()
        except json.JSONDecodeError as error:
            raise DataFileError(f"{self.path}: not JSON: {error}") from error
        except OSError as error:
            raise DataFileError(f"{self.path}: {error.strerror or error}") from error
        except (ValueError, AttributeError) as error:
            raise DataFileError(f"{self.path}: {error}") from error
        return found

    def _try_to_write(self) -> None:
        if self.path.exists() and not os.access(self.path, os.W_OK):
            raise PermissionError(0, "the file may not be written")
        if not self.path.parent.is_dir():
            raise FileNotFoundError(0, f"there is no folder {self.path.parent}")
        self._fresh().write_text("", "utf-8")
        self._fresh().unlink()

    def _fresh(self) -> Path:
        return self.path.with_name(f".{self.path.name}.{os.getpid()}.new")

    async def keep_until(self, over: asyncio.Event, every_s: float = SAVE_EVERY_S) -> None:
        """Saves at once, every few seconds if anything happened, and once more at the end.

        Raises DataFileError if the last save fails. Others are repeated.
        """
        try:
            failing = False
            while not over.is_set():
                failing = self._tried(failing)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(every_s):
                        await over.wait()
        finally:
            self.save()

    def _tried(self, failing: bool) -> bool:
        """Whether saving fails; said once, not every few seconds."""
        try:
            self.save()
        except DataFileError as error:
            if not failing:
                self._say(f"Not saved, tried again until it works: {error}")
            return True
        return False

    def save(self) -> None:
        """Writes beside the file and moves it into place, so that there is always a whole one."""
        stand = self._stand()
        if stand == self._saved:
            return
        fresh = self._fresh()
        try:
            fresh.write_text(json.dumps(self._emulator.snapshot()), "utf-8")
            fresh.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            raise DataFileError(f"{self.path}: {error.strerror or error}") from error
        self._saved = stand

    def _stand(self) -> tuple[float, ...]:
        """Numbers of which one moves with everything that happens."""
        world = self._emulator.world
        return (
            self._emulator.handled,
            world.log.last,
            world.channels.delivery_number,
            len(world.channels.outbox),
        )
