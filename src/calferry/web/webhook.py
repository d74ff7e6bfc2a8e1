"""Google's notifications. Whoever sends whatever gets the same 200; the body is never read."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from calferry.google import read_notification
from calferry.web.pushes import Pushes

PATHS = ("/api/webhooks/google-calendar", "/calendar/webhook")
HEADER_LENGTH_MAX = 2_048

DESCRIBED: dict[str, Any] = {
    "post": {
        "tags": ["webhook"],
        "summary": "Receive a push notification from Google",
        "description": (
            "Always answers 200. `sync` confirms a channel, `exists` starts an incremental sync in the background, "
            "`not_exists` is logged and the calendar checked."
        ),
        "operationId": "receive_notification",
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": said,
            }
            for name, said in (
                ("X-Goog-Channel-ID", "Our id of the channel."),
                ("X-Goog-Channel-Token", "Our secret of the channel."),
                ("X-Goog-Resource-State", "`sync`, `exists` or `not_exists`."),
                ("X-Goog-Resource-ID", "Google's id of what is watched."),
                ("X-Goog-Message-Number", "Counts the notifications of the channel."),
            )
        ],
        "responses": {"200": {"description": "Received."}},
    }
}


class WebhookDoor:
    """ASGI around the application: notifications come in thousands, and need nothing of what other requests need."""

    def __init__(self, app: ASGIApp, *, pushes: Pushes, headers: dict[bytes, bytes]) -> None:
        self.app = app
        self.pushes = pushes
        self.headers = [*headers.items(), (b"cache-control", b"no-store"), (b"content-length", b"0")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in PATHS:
            await self.app(scope, receive, send)
            return
        await self.pushes.take(read_notification(google_headers(scope)))
        await send({"type": "http.response.start", "status": 200, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": b""})


def google_headers(scope: Scope) -> dict[str, str]:
    """Google's headers; a repeated one is joined, as HTTP says, and so is no word that we know."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        if raw_name.startswith(b"x-goog-"):
            name, text = raw_name.decode("latin-1"), raw_value[: HEADER_LENGTH_MAX + 1].decode("latin-1")
            found[name] = f"{found[name]},{text}" if name in found else text
    return found


async def refuse(_request: Request) -> Response:
    """Only the door answers POST; whatever else comes to these addresses is refused by their routes."""
    return Response(status_code=405)


def install(app: FastAPI, pushes: Pushes, headers: dict[bytes, bytes]) -> None:
    for path in PATHS:
        app.router.routes.append(Route(path, refuse, methods=["POST"]))
    app.add_middleware(WebhookDoor, pushes=pushes, headers=headers)
