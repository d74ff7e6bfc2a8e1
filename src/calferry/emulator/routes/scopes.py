"""Which scopes open which method, without Google's common prefix."""

_EVENTS_WRITE = {"calendar", "calendar.app.created", "calendar.events", "calendar.events.owned"}
_EVENTS_READ = _EVENTS_WRITE | {
    "calendar.events.freebusy",
    "calendar.events.owned.readonly",
    "calendar.events.public.readonly",
    "calendar.events.readonly",
    "calendar.readonly",
}
_LIST_WRITE = {"calendar", "calendar.app.created", "calendar.calendarlist"}
_LIST_READ = {"calendar", "calendar.calendarlist", "calendar.calendarlist.readonly", "calendar.readonly"}
_CALENDARS_WRITE = {"calendar", "calendar.app.created", "calendar.calendars"}
_ACL = {"calendar.acls", "calendar.acls.readonly"}
_SETTINGS = {"calendar.settings", "calendar.settings.readonly"}

EVENTS_READ = frozenset(_EVENTS_READ)
EVENTS_WRITE = frozenset(_EVENTS_WRITE)
EVENTS_MOVE = frozenset(_EVENTS_WRITE - {"calendar.app.created"})
LIST_READ = frozenset(_LIST_READ)
LIST_GET = frozenset(_LIST_READ | {"calendar.app.created"})
LIST_INSERT = frozenset(_LIST_WRITE - {"calendar.app.created"})
LIST_WRITE = frozenset(_LIST_WRITE)
CALENDARS_READ = frozenset(_CALENDARS_WRITE | {"calendar.calendars.readonly", "calendar.readonly"})
CALENDARS_WRITE = frozenset(_CALENDARS_WRITE)
CALENDARS_CLEAR = frozenset(_CALENDARS_WRITE - {"calendar.app.created"})
CHANNELS_STOP = frozenset(_EVENTS_READ | _LIST_READ | _ACL | _SETTINGS)
ACL_LIST = frozenset(_ACL | {"calendar"})
ACL_GET = frozenset(_ACL | {"calendar", "calendar.readonly"})
ACL_WRITE = frozenset({"calendar", "calendar.acls"})
SETTINGS = frozenset(_SETTINGS | {"calendar", "calendar.readonly"})
COLORS = frozenset(
    (_EVENTS_READ | _LIST_READ | {"calendar.app.created"}) - {"calendar.events", "calendar.events.readonly"}
)
FREE_BUSY = frozenset({"calendar", "calendar.events.freebusy", "calendar.freebusy", "calendar.readonly"})
