"""People who edit their calendars at the pretend Google."""

from dataclasses import dataclass

from calferry.emulator.server import RunningGoogle
from calferry.emulator.world.dice import Dice
from calferry.emulator.world.sample_edits import sample_edit

PAUSE_S = (0.5, 3.0)


@dataclass(frozen=True, slots=True)
class Edit:
    """What somebody did, and the title of the calendar."""

    kind: str
    calendar: str


class PretendPeople:
    """Edits by chance, each announced by push as Google announces it."""

    def __init__(self, google: RunningGoogle, dice: Dice) -> None:
        self._google = google
        self._dice = dice

    def edit(self) -> Edit:
        """One edit of one calendar."""
        emulator = self._google.emulator
        calendars = [calendar for calendar in emulator.world.calendars.values() if not calendar.deleted]
        calendar = self._dice.choice(calendars)
        done = sample_edit(self._dice, emulator.world, calendar, emulator.now())
        # A world changed from outside is looked at again with the next request: this is one.
        self._google.control("deliveries")
        return Edit(done.kind, calendar.summary)

    def burst(self, times: int) -> None:
        for _ in range(times):
            self.edit()
