"""The device flow: a code that a person types in elsewhere, and a program that keeps asking for the answer."""

from dataclasses import dataclass, field

from calferry.emulator.world.dice import URL_SAFE, Dice, word

LIFE_S = 1800
INTERVAL_S = 5
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(slots=True)
class DeviceRequest:
    """One sign-in on a device. `email` is set once somebody allowed it, `denied` once somebody refused."""

    device_code: str
    user_code: str
    client_id: str
    scopes: tuple[str, ...]
    expires_at: float
    email: str = ""
    denied: bool = False
    asked_at: float = 0.0


class DeviceRefused(Exception):
    """Why there is no token yet, or never will be: status, `error` and `error_description`."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.error, self.description = status, error, description


@dataclass(slots=True)
class Devices:
    """The sign-ins that wait for an answer or for their program, by device code."""

    dice: Dice
    waiting: dict[str, DeviceRequest] = field(default_factory=dict)

    def start(self, client_id: str, scopes: tuple[str, ...], now: float) -> DeviceRequest:
        user_code = "-".join(word(self.dice, _LETTERS, 4) for _ in range(2))
        code = f"AH-1{word(self.dice, URL_SAFE, 80)}"
        request = DeviceRequest(code, user_code, client_id, scopes, now + LIFE_S)
        self.waiting[code] = request
        return request

    def typed(self, user_code: str, now: float) -> DeviceRequest | None:
        """The sign-in that a person's code names, dashes and case aside."""
        wanted = user_code.replace("-", "").replace(" ", "").upper()
        for request in self.waiting.values():
            if request.user_code.replace("-", "") == wanted and request.expires_at > now:
                return request
        return None

    def collect(self, device_code: str, client_id: str, now: float) -> DeviceRequest:
        """The answered sign-in, which works once. Raises DeviceRefused while there is no answer."""
        request = self.waiting.get(device_code)
        if request is None or request.client_id != client_id or request.expires_at <= now:
            raise DeviceRefused(400, "invalid_grant", "Malformed device code.")
        if request.denied:
            raise DeviceRefused(403, "access_denied", "Forbidden")
        too_soon, request.asked_at = now < request.asked_at + INTERVAL_S, now
        if request.email:
            return self.waiting.pop(device_code)
        if too_soon:
            raise DeviceRefused(403, "slow_down", "Forbidden")
        raise DeviceRefused(428, "authorization_pending", "Precondition Required")
