"""colors.get: the palettes that `colorId` numbers."""

from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.routes import scopes
from calferry.emulator.world.calendar_lists import CALENDAR_COLORS

EVENT_COLORS = (
    "#a4bdfc", "#7ae7bf", "#dbadff", "#ff887c", "#fbd75b", "#ffb878", "#46d6db", "#e1e1e1", "#5484ed",
    "#51b749", "#dc2127",
)  # fmt: skip
FOREGROUND = "#1d1d1d"


def get_colors(_call: Call) -> Answer:
    return Answer(
        {
            "kind": "calendar#colors",
            "updated": "2012-02-14T00:00:00.000Z",
            "calendar": _palette(CALENDAR_COLORS),
            "event": _palette(EVENT_COLORS),
        }
    )


def _palette(colors: tuple[str, ...]) -> Json:
    return {
        str(place): {"background": color, "foreground": FOREGROUND} for place, color in enumerate(colors, 1)
    }


ROUTES = (Route("GET", "/calendar/v3/colors", "colors.get", get_colors, scopes.COLORS, public=True),)
