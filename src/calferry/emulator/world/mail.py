"""Which mails a write to an event would cause."""

from collections.abc import Iterator

from calferry.emulator.world.event import Event
from calferry.emulator.world.event_store import Writer, is_organizer
from calferry.emulator.world.invitations import guests
from calferry.emulator.world.post import Mail


def announce(writer: Writer, event: Event, former: Event | None) -> None:
    """Mails of one write, as far as its `sendUpdates` allows.

    `externalOnly` reaches guests outside the organization of the calendar's owner.
    """
    allowed = writer.options.send_updates
    if allowed == "none" or event.resource.get("privateCopy"):
        return
    home = writer.calendar.owner.partition("@")[2]
    for kind, address in _due(writer, event, former):
        is_external = address.partition("@")[2] != home
        if address != writer.actor.email and (allowed == "all" or is_external):
            writer.world.post.send(Mail(address, kind, writer.calendar.id, event.id, writer.now))


def _due(writer: Writer, event: Event, former: Event | None) -> Iterator[tuple[str, str]]:
    if not is_organizer(writer.calendar, event):
        yield "response", str(event.resource["organizer"]["email"])
        return
    now, before = guests(event), guests(former)
    if event.is_cancelled:
        yield from (("cancellation", address) for address in now)
        return
    yield from (("update" if address in before else "invitation", address) for address in now)
    yield from (("cancellation", address) for address in before if address not in now)
