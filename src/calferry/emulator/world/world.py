"""Everything the pretend Google knows, in one value without clock, dice or network of its own."""

from dataclasses import dataclass, field

from calferry.emulator import errors
from calferry.emulator.world.calendar import Calendar
from calferry.emulator.world.change_log import ChangeLog
from calferry.emulator.world.channels import Channels, WatchedResource
from calferry.emulator.world.devices import Devices
from calferry.emulator.world.dice import Dice
from calferry.emulator.world.faults import FaultBook
from calferry.emulator.world.oauth import OAuthDesk
from calferry.emulator.world.page_tokens import Listings
from calferry.emulator.world.people import Person
from calferry.emulator.world.post import PostOffice
from calferry.emulator.world.quota import Quota
from calferry.emulator.world.sync_tokens import SyncToken

API_ROOT = "https://www.googleapis.com/calendar/v3"
CLOCK_OFFSET_S_MAX = 6_900 * 366 * 86_400


@dataclass(slots=True)
class World:
    """The whole state. Whoever changes it passes the time in.

    `groups` maps addresses of groups to those of their members. Sync tokens of rules and settings older than
    `collections_valid_from` are refused, and all of them `sync_token_life_s` after they were given, if it is set.
    `epoch` numbers the course of events since the world was restored; `past_epochs` are those before it, each with
    its last change that still counts.
    """

    dice: Dice
    log: ChangeLog = field(default_factory=ChangeLog)
    people: dict[str, Person] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    listings: Listings = field(default_factory=Listings)
    faults: FaultBook = field(default_factory=FaultBook)
    clock_offset_s: float = 0.0
    quota: Quota = field(default_factory=Quota)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    collections_valid_from: int = 0
    sync_token_life_s: float | None = None
    epoch: int = 0
    past_epochs: dict[int, int] = field(default_factory=dict)
    post: PostOffice = field(default_factory=PostOffice)
    oauth: OAuthDesk = field(init=False)
    channels: Channels = field(init=False)
    devices: Devices = field(init=False)

    def __post_init__(self) -> None:
        self.oauth = OAuthDesk(self.dice)
        self.channels = Channels(self.dice)
        self.devices = Devices(self.dice)

    def person(self, email: str) -> Person | None:
        return self.people.get(email.lower())

    def calendar(self, calendar_id: str, email: str | None) -> tuple[Calendar, str]:
        """The calendar that an id or `primary` names for this person, and the person's role on it.

        Raises a 404 refusal if there is none or the person has no access to it.
        """
        wanted = email if calendar_id == "primary" and email else calendar_id
        calendar = self.calendars.get(wanted) or self.calendars.get(wanted.lower())
        role = calendar.role_of(email) if calendar else "none"
        if calendar is None or calendar.deleted or role == "none":
            raise errors.not_found()
        return calendar, role

    def is_too_old(self, token: SyncToken, now: float) -> bool:
        """Whether a sync token has outlived its time."""
        return self.sync_token_life_s is not None and now >= token.given_at + self.sync_token_life_s

    def is_abandoned(self, token: SyncToken) -> bool:
        """Whether a sync token speaks of changes that a restored snapshot has undone."""
        last = self.log.last if token.epoch == self.epoch else self.past_epochs.get(token.epoch, -1)
        return token.position > last

    def expire_sync_tokens(self, calendar: Calendar, now: float) -> None:
        """Makes every sync token given for this calendar's events invalid."""
        calendar.tokens_valid_from = self.log.next(now)


def quoted(calendar_id: str) -> str:
    """An id as it stands in addresses."""
    return calendar_id.replace("@", "%40").replace("#", "%23")


def events_resource(calendar: Calendar) -> WatchedResource:
    return WatchedResource(f"{API_ROOT}/calendars/{quoted(calendar.id)}/events?alt=json")


def calendar_list_resource(person: Person) -> WatchedResource:
    """One per person, although its address names nobody."""
    return WatchedResource(f"{API_ROOT}/users/me/calendarList?alt=json", person.email)
