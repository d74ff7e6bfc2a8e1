"""One calendar of the upstream and its ready-made pages.

The state never moves, so that runs repeat: a full list gives the sync token v0, v0 gives the changes and v1,
v1 gives nothing and v1 again.
"""

import functools
import gzip
import json
from dataclasses import dataclass
from typing import Any, Literal

from bench.fingerprint import fingerprint
from bench.sample_events import Sample, sample_changes, sample_events
from bench.upstream.answers import answer
from bench.upstream.tokens import seal

View = Literal["full", "changes", "unchanged"]
VIEWS: tuple[View, ...] = ("full", "changes", "unchanged")
GZIP_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a calendar is made of; equal recipes give equal calendars."""

    calendar_id: str
    seed: int
    events: int
    changes: int


@dataclass(frozen=True, slots=True)
class PageForm:
    """The parameters that shape a page."""

    size: int
    pretty: bool


Pages = list[bytes]


@functools.lru_cache(maxsize=1)
def contents(recipe: Recipe) -> dict[View, list[Sample]]:
    events = sample_events(recipe.seed, recipe.calendar_id, recipe.events)
    changes = sample_changes(recipe.seed, recipe.calendar_id, events, recipe.changes)
    return {"full": events, "changes": changes, "unchanged": []}


def build_pages(recipe: Recipe, form: PageForm) -> dict[View, Pages]:
    """Return every page of every view as a whole gzipped answer."""
    return {view: _view_pages(recipe, form, view) for view in VIEWS}


def _view_pages(recipe: Recipe, form: PageForm, view: View) -> Pages:
    samples = contents(recipe)[view]
    starts = range(0, max(1, len(samples)), form.size)
    return [_page(recipe, form, view, samples, start) for start in starts]


def _page(recipe: Recipe, form: PageForm, view: View, samples: list[Sample], start: int) -> bytes:
    end = start + form.size
    head = _head(recipe.calendar_id)
    if end < len(samples):
        head["nextPageToken"] = seal(
            calendar=recipe.calendar_id, view=view, page=end // form.size, size=form.size
        )
    else:
        head["nextSyncToken"] = seal(calendar=recipe.calendar_id, version=0 if view == "full" else 1)
    body = _body(head, samples[start:end], pretty=form.pretty)
    return answer(200, gzip.compress(body, GZIP_LEVEL, mtime=0), gzipped=True)


def _head(calendar_id: str) -> dict[str, Any]:
    return {
        "kind": "calendar#events",
        "etag": '"p32f9b3l8g3n800o"',
        "summary": f"Calendar {calendar_id.partition('@')[0]}",
        "description": "",
        "updated": "2026-09-21T08:00:00.000Z",
        "timeZone": "Europe/Berlin",
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 10}],
    }


def _body(head: dict[str, Any], samples: list[Sample], *, pretty: bool) -> bytes:
    if pretty:
        head["items"] = [json.loads(sample.raw) for sample in samples]
        return json.dumps(head, indent=1, ensure_ascii=False).encode()
    start = json.dumps(head, separators=(",", ":")).encode()[:-1]
    return start + b',"items":[' + b",".join(sample.raw for sample in samples) + b"]}"


def expected_fingerprint(recipe: Recipe) -> str:
    """Return the fingerprint of what is alive after the full and the incremental sync."""
    samples = contents(recipe)
    alive = {sample.event_id: sample.summary for view in VIEWS for sample in samples[view]}
    return fingerprint((key, summary) for key, summary in sorted(alive.items()) if summary is not None)
