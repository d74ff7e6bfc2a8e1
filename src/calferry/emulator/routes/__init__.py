"""Google's methods: every module turns requests into questions to the world, and answers back."""

from calferry.emulator.routes import (
    authorize,
    calendar_list,
    calendars,
    channels,
    control,
    events,
    events_list,
    openid,
    tokens,
)

ROUTES = (
    *events_list.ROUTES,
    *events.ROUTES,
    *channels.ROUTES,
    *calendar_list.ROUTES,
    *calendars.ROUTES,
    *authorize.ROUTES,
    *tokens.ROUTES,
    *openid.ROUTES,
    *control.ROUTES,
)
