"""Google's methods: every module turns requests into questions to the world, and answers back."""

from calferry.emulator.routes import (
    acl,
    authorize,
    batch,
    calendar_list,
    calendars,
    channels,
    colors,
    control,
    discovery,
    event_moves,
    events,
    events_list,
    free_busy,
    openid,
    settings,
    tokens,
)

ROUTES = (
    *events_list.ROUTES,
    *events.ROUTES,
    *channels.ROUTES,
    *calendar_list.ROUTES,
    *calendars.ROUTES,
    *acl.ROUTES,
    *settings.ROUTES,
    *colors.ROUTES,
    *free_busy.ROUTES,
    *event_moves.ROUTES,
    *batch.ROUTES,
    *discovery.ROUTES,
    *authorize.ROUTES,
    *tokens.ROUTES,
    *openid.ROUTES,
    *control.ROUTES,
)
