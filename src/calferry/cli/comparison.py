"""The mirror as its readers get it beside Google's own listing, both over plain HTTP and without the engine's eyes."""

from typing import Any
from urllib.parse import quote, urlencode

import aiohttp

from calferry.cli.browser import Browser, answer_of
from calferry.cli.demo_place import PERSON
from calferry.emulator.server import RunningGoogle

PAGE = 2_500
Items = dict[str, dict[str, Any]]


async def calendars_that_differ(browser: Browser, google: RunningGoogle) -> list[str]:
    """Titles of the calendars whose events, without deleted ones, are not the same, field by field, on both sides."""
    calendars = (await browser.get("/calendar/calendars"))["calendars"]
    headers = {"Authorization": f"Bearer {google.tokens(PERSON)['access_token']}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        return [
            calendar["summary"]
            for calendar in calendars
            if await listed_here(browser, calendar["id"])
            != await listed_there(session, google.url, calendar["google_id"])
        ]


async def listed_here(browser: Browser, calendar_id: str) -> Items:
    found: Items = {}
    query = {"calendar_ids": calendar_id, "maxResults": str(PAGE)}
    while True:
        page = await browser.get(f"/calendar/events?{urlencode(query)}")
        found |= {item["id"]: without_calendar(item) for item in page["items"]}
        if not page.get("nextPageToken"):
            return found
        query["pageToken"] = page["nextPageToken"]


async def listed_there(session: aiohttp.ClientSession, google: str, google_id: str) -> Items:
    found: Items = {}
    query = {"maxResults": str(PAGE)}
    address = f"{google}/calendar/v3/calendars/{quote(google_id, safe='')}/events"
    while True:
        async with session.get(address, params=query) as response:
            page = await answer_of(response)
        found |= {item["id"]: item for item in page["items"]}
        if "nextPageToken" not in page:
            return found
        query["pageToken"] = page["nextPageToken"]


def without_calendar(item: dict[str, Any]) -> dict[str, Any]:
    """The item as Google sends it: `calendar_id` is ours."""
    return {name: value for name, value in item.items() if name != "calendar_id"}
