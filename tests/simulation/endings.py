"""What must be true once nothing goes wrong any more."""

from collections.abc import Callable, Iterator

from calferry.core import limits
from calferry.emulator.world.visibility import WHOLE, detail_shape
from calferry.emulator.world.world import events_resource
from calferry.sync.run_calendar import run_calendar
from calferry.sync.verify import verify_calendar
from tests.simulation.disk import Disk
from tests.simulation.faults import Weather
from tests.simulation.invariants import Invariants, Mirrored, plain
from tests.simulation.processes import Process
from tests.simulation.world import SimulatedGoogle

CHANNELS = "SELECT id, resource, state, resource_id, expires_at, stop_attempts FROM channels"
STORED_SOON_S = 5.0
"""In which time a process that works stores what it was told."""


class Ending:
    """Compares the whole mirror with the whole world."""

    def __init__(self, disk: Disk, google: SimulatedGoogle, weather: Weather, checks: Invariants) -> None:
        self.disk = disk
        self.google = google
        self.weather = weather
        self.checks = checks
        self.gone: set[str] = set()
        """People who have disconnected and not come back."""
        self.answered: dict[str, tuple[Process, float, float]] = {}
        self.edits: Callable[[], Iterator[str]] = lambda: iter(())
        """What of our edits is not settled yet."""

    def difference(self) -> str:
        """What keeps the mirror from being complete; empty when nothing does."""
        return next(self.differences(), "")

    def differences(self) -> Iterator[str]:
        yield from self.edits()
        for email in self.google.world.people:
            if email in self.gone:
                yield from self.differences_of_gone(email)
            else:
                yield from self.differences_of_person(email)
        for calendar in self.mirrored():
            yield from self.differences_of_calendar(calendar)
            yield from self.differences_of_channels(calendar)

    def mirrored(self) -> list[Mirrored]:
        return [calendar for calendar in self.checks.calendars.values() if calendar.removed_at is None]

    def differences_of_person(self, email: str) -> Iterator[str]:
        accounts = [account for account in self.checks.accounts.values() if account.email == email]
        if [account.status for account in accounts] != ["active"]:
            yield f"{email} is {[account.status for account in accounts]}"
        grants = self.google.world.oauth.refresh_tokens
        if any(plain(account.refresh_token) not in grants for account in accounts):
            yield f"the grant of {email} is dead, and nobody has noticed"
        ours = {calendar.google_id for calendar in self.mirrored() if calendar.email == email}
        if ours != self.google.listed(email):
            yield f"{email} has {sorted(self.google.listed(email))}, we know {sorted(ours)}"

    def differences_of_gone(self, email: str) -> Iterator[str]:
        if any(account.email == email for account in self.checks.accounts.values()):
            yield f"the account of {email} is still there"
        if any(calendar.email == email for calendar in self.checks.calendars.values()):
            yield f"calendars of {email} are still there"

    def differences_of_calendar(self, calendar: Mirrored) -> Iterator[str]:
        state = self.checks.states[calendar.id]
        if calendar.projection_id is None or state.sync_token is None or not calendar.selected:
            yield f"{calendar.google_id} has not been synced"
            return
        if state.dirty_seq != state.clean_seq or state.lease_owner is not None:
            yield f"{calendar.google_id} is not clean"
        position = self.google.position(calendar.google_id, calendar.email, state.sync_token)
        if position < self.google.world.calendars[calendar.google_id].events_number:
            yield f"{calendar.google_id} has changed since"
        if state.guarded_at is not None:
            yield f"{calendar.google_id} waits to be listed again"
        role = self.google.role(calendar.google_id, calendar.email)
        if calendar.access_role != role:
            yield f"{calendar.google_id}: role {calendar.access_role} instead of {role}"
        zone = self.google.world.calendars[calendar.google_id].time_zone
        if calendar.time_zone != zone:
            yield f"{calendar.google_id}: zone {calendar.time_zone} instead of {zone}"
        shown = dict(self.checks.shown(calendar.id))
        live = self.google.view(calendar.google_id, calendar.window).live(self.google.emulator.now())
        for event_id in self.checks.excused(calendar.google_id):
            shown.pop(event_id, None)
            live.pop(event_id, None)
        if shown != live:
            yield f"{calendar.google_id} differs: {sorted(shown.items() ^ live.items())[:4]}"

    def differences_of_channels(self, calendar: Mirrored) -> Iterator[str]:
        """One channel here and there; none that could have been stopped is left."""
        now = self.google.emulator.now()
        resource = events_resource(self.google.world.calendars[calendar.google_id])
        open_there = {
            channel.id
            for channel in self.google.world.channels.open.values()
            if channel.resource == resource and channel.user == calendar.email and channel.expires_at > now
        }
        rows = {
            row[0]: row for row in self.disk.raw.execute(f"{CHANNELS} WHERE resource = ?", (calendar.id,))
        }
        active = {row[0] for row in rows.values() if row[2] == "active"}
        if len(active & open_there) != 1:
            yield f"{calendar.google_id}: channels {sorted(active)} here, {sorted(open_there)} there"
        for channel_id in sorted(open_there - active):
            row = rows.get(channel_id)
            if row is not None and row[3] is not None and row[5] == 0 and row[2] != "failed":
                yield f"{calendar.google_id}: channel {channel_id} is left open: {row}"

    def check_channels(self) -> None:
        """No channel is left behind of which a living process was told before its account was erased."""
        now = self.google.emulator.now()
        used = {row[0] for row in self.disk.raw.execute(f"{CHANNELS} WHERE state IN ('active', 'draining')")}
        for channel in self.google.world.channels.open.values():
            process, asked_at, told_at = self.answered.get(channel.id, (None, 0.0, 0.0))
            if channel.id in used or process is None or process.is_dead or channel.expires_at <= now:
                continue
            if process.machine.time() - told_at < STORED_SOON_S:
                continue
            if any(asked_at < at < told_at for at in self.checks.erased_at[channel.user]):
                continue
            if self.google.revoked_at.get(channel.user, -1.0) < asked_at and channel.user not in self.gone:
                row = self.disk.raw.execute(f"{CHANNELS} WHERE id = ?", (channel.id,)).fetchone()
                is_over_by_clock = not self.checks.is_clock_true and (row is None or row[2] == "stopped")
                if not is_over_by_clock and (row is None or row[5] == 0):
                    self.checks.violated(
                        "INV-23", f"channel {channel.id} of {channel.user} is forgotten: {row}"
                    )

    async def check_calendar(self, process: Process, calendar: Mirrored) -> None:
        """Another sync changes nothing, and the engine itself finds no difference."""
        known = self.checks.known[calendar.id]
        told = known.told
        await process.engine.clock.sleep(2.0)
        report = await run_calendar(process.engine, calendar.id)
        excused = self.checks.excused(calendar.google_id)
        if report.outcome != "held" and (report.changes or known.told != told) and not excused:
            self.checks.violated("INV-1", f"another sync of {calendar.google_id} changed something: {report}")
        await self.cure(process, calendar)
        found = await verify_calendar(process.engine, calendar.id)
        spoilt = self.google.spoilt.get(calendar.google_id, set())
        if (
            found.missing
            or found.different
            or set(found.extra) - spoilt - self.google.untold(calendar.google_id)
        ):
            self.checks.violated("INV-1", f"verification: {found}")
        self.check_quarantine(calendar, spoilt)

    async def cure(self, process: Process, calendar: Mirrored) -> None:
        """What was sent damaged is only read again when everything is listed.

        A run is refused for as long as others run the calendar or a backoff lasts; none is longer than any wait.
        """
        if calendar.google_id not in self.weather.damaged:
            return
        ends_at = process.machine.time() + limits.WAIT_MAX_MS / 1000
        report = None
        while report is None or (report.outcome == "held" and process.machine.time() < ends_at):
            await process.engine.clock.sleep(2.0)
            report = await run_calendar(process.engine, calendar.id, full=True, confirmed=True)
        if report.outcome != "done":
            self.checks.violated("INV-9", f"{calendar.google_id} cannot be listed again: {report}")

    def check_quarantine(self, calendar: Mirrored, spoilt: set[str]) -> None:
        """Kept aside is what cannot be stored, and nothing else."""
        statement = "SELECT event_id FROM quarantine WHERE projection_id = ? AND event_id IS NOT NULL"
        kept = {row[0] for row in self.disk.raw.execute(statement, (calendar.projection_id,))}
        listed = self.google.view(calendar.google_id, calendar.window).events(self.google.emulator.now())
        role = self.google.role(calendar.google_id, calendar.email)
        living = {event.id for event in listed if event.id in spoilt and detail_shape(event, role) == WHOLE}
        if kept - spoilt or living - kept:
            self.checks.violated(
                "INV-9", f"quarantine holds {sorted(kept)} where {sorted(living)} cannot be stored"
            )
