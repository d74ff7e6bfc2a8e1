"""Every calendar, built before the first request, by as many processes as there are cores."""

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from bench.upstream.calendar import PageForm, Pages, Recipe, View, build_pages, expected_fingerprint

READY_FORMS = (PageForm(2500, pretty=False), PageForm(2500, pretty=True))


@dataclass(slots=True)
class Calendar:
    recipe: Recipe
    forms: dict[PageForm, dict[View, Pages]]
    expected: str

    def page(self, form: PageForm, view: View, number: int) -> bytes | None:
        """Return a page as a whole gzipped answer, None past the last one. Unusual forms are built when asked for."""
        if form not in self.forms:
            self.forms[form] = build_pages(self.recipe, form)
        pages = self.forms[form][view]
        return pages[number] if 0 <= number < len(pages) else None


def build_calendar(recipe: Recipe) -> Calendar:
    forms = {form: build_pages(recipe, form) for form in READY_FORMS}
    return Calendar(recipe, forms, expected_fingerprint(recipe))


def recipes(calendars: int, events: int, changes: int, seed: int) -> list[Recipe]:
    return [
        Recipe(f"bench{n:03d}@group.calendar.google.com", seed, events, changes) for n in range(calendars)
    ]


def build_calendars(wanted: Iterable[Recipe]) -> dict[str, Calendar]:
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return {built.recipe.calendar_id: built for built in pool.map(build_calendar, wanted)}
