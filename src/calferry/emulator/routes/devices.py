"""The device flow's two addresses: where a device asks for a code, and where a person types it in."""

from urllib.parse import parse_qs

from calferry.emulator import consent_page
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.json_text import FRONT_END_INDENT
from calferry.emulator.world.devices import INTERVAL_S, LIFE_S, DeviceRequest
from calferry.emulator.world.people import Person

HTML = "text/html; charset=utf-8"


def start(call: Call) -> Answer:
    form = _form(call)
    client_id, scopes = form.get("client_id", ""), tuple(dict.fromkeys(form.get("scope", "").split()))
    if client_id not in call.world.oauth.clients:
        return _error(401, "invalid_client", "The OAuth client was not found.")
    if not scopes:
        return _error(400, "invalid_request", "Missing required parameter: scope")
    request = call.world.devices.start(client_id, scopes, call.now)
    if call.backstage.options.auto:
        request.email = next(iter(call.world.people))
    found: Json = {
        "device_code": request.device_code,
        "user_code": request.user_code,
        "expires_in": LIFE_S,
        "interval": INTERVAL_S,
        "verification_url": f"{call.backstage.options.origin}/device",
    }
    return Answer(found, indent=FRONT_END_INDENT)


def _error(status: int, error: str, description: str) -> Answer:
    return Answer({"error": error, "error_description": description}, status, indent=FRONT_END_INDENT)


def _form(call: Call) -> dict[str, str]:
    pairs = parse_qs(call.request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in pairs.items()}


def show(call: Call) -> Answer:
    people = list(call.world.people.values())
    return Answer(consent_page.device("/device", people, call.query.text("user_code")), content_type=HTML)


def decide(call: Call) -> Answer:
    """POST of the page's form."""
    form = _form(call)
    request = call.world.devices.typed(form.get("user_code", ""), call.now)
    person = call.world.person(form.get("email", ""))
    if request is None or person is None:
        return Answer(
            consent_page.refused("invalid_request", "No device shows this code."), 400, content_type=HTML
        )
    settle(request, person, form.get("decision") == "allow")
    text = "You can go back to your device." if request.email else "The device gets no access."
    return Answer(consent_page.told("Done", text), content_type=HTML)


def settle(request: DeviceRequest, person: Person, allowed: bool) -> None:
    """Writes down what the person decided."""
    request.email, request.denied = (person.email, False) if allowed else ("", True)


ROUTES = (
    Route("POST", "/device/code", "device", start, floor="oauth"),
    Route("POST", "/o/oauth2/device/code", "device", start, floor="oauth"),
    Route("GET", "/device", "device", show, floor="oauth"),
    Route("POST", "/device", "device", decide, floor="oauth"),
)
