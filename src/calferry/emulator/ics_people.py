"""ORGANIZER and ATTENDEE of iCalendar as Google's organizer and attendees."""

from typing import Any

Json = dict[str, Any]

_RESPONSES = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}


def _email(address: Any) -> str:
    text = str(address)
    email = text[7:] if text.lower().startswith("mailto:") else text
    return email if "@" in email else ""


def organizer_of(component: Any) -> Json:
    """`{"organizer": …}` if the event names somebody with an address, else nothing."""
    address = component.get("ORGANIZER")
    email = _email(address) if address else ""
    if not email:
        return {}
    found: Json = {"email": email}
    if "CN" in address.params:
        found["displayName"] = str(address.params["CN"])
    return {"organizer": found}


def attendees_of(component: Any) -> Json:
    """`{"attendees": […]}` for everybody with an address, else nothing."""
    listed = component.get("ATTENDEE", [])
    addresses = listed if isinstance(listed, list) else [listed]
    found = [_attendee(address) for address in addresses if _email(address)]
    return {"attendees": found} if found else {}


def _attendee(address: Any) -> Json:
    parameters = address.params
    found: Json = {"email": _email(address)}
    if "CN" in parameters:
        found["displayName"] = str(parameters["CN"])
    if str(parameters.get("ROLE", "")).upper() == "OPT-PARTICIPANT":
        found["optional"] = True
    if str(parameters.get("CUTYPE", "")).upper() in ("RESOURCE", "ROOM"):
        found["resource"] = True
    found["responseStatus"] = _RESPONSES.get(str(parameters.get("PARTSTAT", "")).upper(), "needsAction")
    return found
