"""Where a demo lives: its folder, its keys, its pretend Google."""

import base64
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calferry.emulator.app import Emulator
from calferry.emulator.server import new_emulator
from calferry.emulator.world.dice import Dice
from calferry.emulator.world.sample import sample_events
from calferry.settings import Settings, load_settings

PERSON = "demo@example.com"
TIME_ZONE = "Europe/Zurich"
TITLES = ("Team", "Family", "Travel", "Choir", "House", "Projects", "School", "Sport", "Friends")
DATABASE = "calferry-demo.sqlite3"
LEFT_BEHIND = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the pretend person's calendars: `events` in all."""

    calendars: int
    events: int


def make_folder(folder: Path) -> None:
    """The pretend Google begins anew at every start, so the mirror does too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for ending in LEFT_BEHIND:
        (folder / f"{DATABASE}{ending}").unlink(missing_ok=True)


def demo_settings(folder: Path, address: str, google: str) -> Settings:
    """Complete settings for a service at `address` that takes `google` for Google; no file is read."""
    return load_settings(
        env_file=None,
        keys=base64.b64encode(os.urandom(32)).decode(),
        base_url=address,
        google_client_id="demo-client",
        google_client_secret="demo-secret",  # noqa: S106 - known to everybody
        allowed_emails="*",
        data=folder,
        database_url=f"sqlite:///{folder / DATABASE}",
        auto_migrate=True,
        webhook_base_url=address,
        cron_secret=secrets.token_urlsafe(32),
        allow_private_webhooks=True,
        google_api_url=google,
        google_auth_url=f"{google}/o/oauth2/v2/auth",
        google_token_url=f"{google}/token",
        google_revoke_url=f"{google}/revoke",
        google_certs_url=f"{google}/oauth2/v3/certs",
        google_userinfo_url=f"{google}/oauth2/v3/userinfo",
    )


def pretend_google(size: Size, dice: Dice, now: float) -> Emulator:
    """A local Google with one person who consents to everything."""
    return new_emulator([seed_document(size, dice, now)], auto=True)


def seed_document(size: Size, dice: Dice, now: float) -> dict[str, Any]:
    """One person with that many calendars, the events dealt out among them."""
    events = sample_events(dice, size.events, now, TIME_ZONE)
    calendars = [calendar(number, events[number :: size.calendars]) for number in range(size.calendars)]
    person = {"email": PERSON, "name": "Demo Person", "time_zone": TIME_ZONE, "calendars": calendars}
    return {"people": [person]}


def calendar(number: int, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if number == 0:
        return {"id": PERSON, "summary": "Demo Person", "primary": True, "events": list(events)}
    title = TITLES[(number - 1) % len(TITLES)]
    rounds = (number - 1) // len(TITLES)
    named = f"{title} {rounds + 1}" if rounds else title
    google_id = f"demo-{number}@group.calendar.google.com"
    return {"id": google_id, "summary": named, "time_zone": TIME_ZONE, "events": list(events)}
