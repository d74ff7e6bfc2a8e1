"""What a run needs, joined once by `bootstrap`."""

from collections.abc import Callable
from dataclasses import dataclass, field

from calferry.core.limits import POLL_JITTER
from calferry.core.model import AccountId
from calferry.ports import CalendarSource, Clock, Dice, Ids, OAuth, Observer, Outbound, Signals, Store, Vault
from calferry.sync.nowhere import Nowhere
from calferry.sync.unobserved import Unobserved


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often things are due, in seconds."""

    poll_with_push_s: float = 6 * 3600.0
    poll_without_push_s: float = 300.0
    calendar_list_s: float = 900.0
    jitter: float = POLL_JITTER
    """Share by which each is shortened or lengthened by chance, so that calendars spread over time."""


@dataclass(slots=True)
class ReadAhead:
    """How many more pages may be read while the page before them is being stored, over all runs.

    A page is megabytes, and one writer is kept busy by few of them.
    """

    places: int = 1


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine's hands: ports and settings. `owner` names this process in leases."""

    owner: str
    store: Store
    clock: Clock
    ids: Ids
    dice: Dice
    vault: Vault
    signals: Signals
    oauth: OAuth
    source: Callable[[AccountId], CalendarSource]
    webhook_address: str | None = None
    intervals: Intervals = field(default_factory=Intervals)
    read_ahead: ReadAhead = field(default_factory=ReadAhead)
    observer: Observer = field(default_factory=Unobserved)
    outbound: Outbound = field(default_factory=Nowhere)
