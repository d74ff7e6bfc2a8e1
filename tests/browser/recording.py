"""The page at work, as a moving picture for the README: `python -m tests.browser.recording [FILE]`."""

import io
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from calferry.emulator.server import run_in_thread
from tests.browser.chromium import chromium
from tests.browser.screenshots import MONDAY, SEED, ZURICH, on
from tests.browser.visit import Visit, visiting
from tests.contract.web.site import running_site

FILE = Path(__file__).parents[2] / "docs" / "screenshots" / "demo.gif"
VIEWPORT = {"width": 1080, "height": 720}
WIDTH = 810
COLOURS = 256
SLOW = {"faults": [{"method": "events.list", "action": "stall-600", "times": 12}]}
MANY = [on(40 + n % 600, f"{8 + n // 600:02}:30", f"{9 + n // 600:02}:00", f"Call {n}") for n in range(6_000)]


@dataclass
class Film:
    """What was seen so far, each picture with how long it stands, in milliseconds."""

    page: Page
    pictures: list[tuple[Image.Image, int]] = field(default_factory=list)

    def look(self, ms: int) -> None:
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        height = shot.height * WIDTH // shot.width
        self.pictures.append((shot.resize((WIDTH, height), Image.Resampling.LANCZOS), ms))

    def palette(self) -> Image.Image:
        """The commonest colours of all pictures: small dots keep theirs, and nothing flickers."""
        common: Counter[tuple[int, ...]] = Counter()
        for picture, _ in self.pictures:
            colours = picture.getcolors(picture.width * picture.height) or []
            common.update({tuple(colour): number for number, colour in colours})
        made = Image.new("P", (1, 1))
        made.putpalette([value for colour, _ in common.most_common(COLOURS) for value in colour])
        return made

    def save(self, file: Path) -> None:
        palette = self.palette()
        frames = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture, _ in self.pictures]
        durations = [ms for _, ms in self.pictures]
        frames[0].save(
            file, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True
        )


def seed() -> dict[str, Any]:
    """The people of the screenshots; the family has so many appointments that copying them takes a moment."""
    alice, bob = SEED["people"]
    mine, family, *others = alice["calendars"]
    return {
        "people": [
            alice | {"calendars": [mine, family | {"events": [*family["events"], *MANY]}, *others]},
            bob,
        ]
    }


def sign_in(film: Film, visit: Visit) -> None:
    page = visit.page
    visit.open("/")
    film.look(1_500)
    page.get_by_role("link", name="Sign in with Google").click()
    page.get_by_role("radio", name="Alice").check()
    film.look(1_500)
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("checkbox", name="Family")).to_be_visible()
    film.look(1_000)


def copy_calendars(film: Film, visit: Visit) -> None:
    """The bars move as pages arrive."""
    page = visit.page
    visit.site.google.control("faults", SLOW)
    for name in ("Alice", "Family", "Team in New York"):
        page.get_by_role("checkbox", name=name).check()
    expect(page.get_by_role("progressbar")).to_have_count(3)
    done = page.get_by_text("Done:")
    while not done.is_visible():
        film.look(250)
    film.look(2_000)
    page.get_by_role("link", name="Open the calendar").click()
    page.goto(f"{visit.site.url}/?view=month&date={MONDAY + timedelta(days=6)}")
    page.get_by_text("Live", exact=True).wait_for()
    expect(visit.event("Stand-up").first).to_be_visible()
    film.look(2_000)


def edit_on_both_sides(film: Film, visit: Visit) -> None:
    """Somebody makes an event at Google; this person drags it to another day."""
    event = on(12, "19:00", "21:00", "Cinema", ZURICH)
    visit.insert(event.pop("summary"), **event)
    cinema = visit.event("Cinema")
    expect(cinema).to_be_visible()
    film.look(2_000)
    begin = cinema.bounding_box()
    end = visit.day(str(MONDAY + timedelta(days=20))).bounding_box()
    assert begin is not None
    assert end is not None
    mouse = visit.page.mouse
    mouse.move(begin["x"] + 8, begin["y"] + begin["height"] / 2)
    mouse.down()
    for step in range(1, 5):
        x = begin["x"] + 8 + (end["x"] + end["width"] / 2 - begin["x"]) * step / 4
        mouse.move(x, end["y"] + end["height"] / 2, steps=2)
        film.look(250)
    mouse.up()
    expect(visit.page.get_by_text("Moved “Cinema”")).to_be_visible()
    film.look(3_000)


def main(file: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        run_in_thread(seeds=[seed()], auto=False) as google,
        running_site(google, Path(folder), push=True, worker=True) as site,
        chromium() as browser,
        visiting(browser, site, viewport=VIEWPORT) as visit,
    ):
        film = Film(visit.page)
        sign_in(film, visit)
        copy_calendars(film, visit)
        edit_on_both_sides(film, visit)
        film.save(file)
    print(f"{file.name}: {len(film.pictures)} pictures, {file.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FILE)
