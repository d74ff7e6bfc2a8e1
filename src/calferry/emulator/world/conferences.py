"""Video conferences: a request for one becomes a pretend Meet room."""

from typing import Any

from calferry.emulator.world.dice import Dice

Json = dict[str, Any]

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
MEET = "hangoutsMeet"
MEET_ICON = "https://fonts.gstatic.com/s/i/productlogos/meet_2020q4/v6/web-512dp/logo_meet_2020q4_color_2x_web_512dp.png"


def arranged(resource: Json, old: Json, dice: Dice) -> Json:
    """The resource with the room that its `createRequest` asks for; a request seen before changes nothing."""
    conference = resource.get("conferenceData")
    request = conference.get("createRequest") if isinstance(conference, dict) else None
    if not conference and "conferenceData" in old:
        return {key: value for key, value in resource.items() if key not in ("conferenceData", "hangoutLink")}
    if not isinstance(request, dict):
        return resource
    earlier = old.get("conferenceData", {})
    if earlier.get("createRequest", {}).get("requestId") == request.get("requestId"):
        return {**resource, "conferenceData": earlier} if earlier else resource
    key = request.get("conferenceSolutionKey") or {}
    if not isinstance(key, dict) or key.get("type", MEET) != MEET:
        return {
            **resource,
            "conferenceData": {"createRequest": {**request, "status": {"statusCode": "failure"}}},
        }
    code = "-".join("".join(dice.choice(_LETTERS) for _ in range(length)) for length in (3, 4, 3))
    address = f"https://meet.google.com/{code}"
    entry = {"entryPointType": "video", "uri": address, "label": address.removeprefix("https://")}
    room: Json = {
        "createRequest": {
            **request,
            "conferenceSolutionKey": {"type": MEET},
            "status": {"statusCode": "success"},
        },
        "entryPoints": [entry],
        "conferenceSolution": {"key": {"type": MEET}, "name": "Google Meet", "iconUri": MEET_ICON},
        "conferenceId": code,
    }
    return {**resource, "conferenceData": room, "hangoutLink": address}
