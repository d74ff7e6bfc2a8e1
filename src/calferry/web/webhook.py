"""Google's notifications. Whoever sends whatever gets the same 200; the body is never read."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.routing import Route

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


async def receive_notification(request: Request) -> Response:
    notification = read_notification(google_headers(request))
    pushes: Pushes = request.app.state.pushes
    await pushes.take(notification)
    return Response(status_code=200)


def google_headers(request: Request) -> dict[str, str]:
    """Google's headers; a repeated one is joined, as HTTP says, and so is no word that we know."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        if name.startswith("x-goog-"):
            text = value[: HEADER_LENGTH_MAX + 1]
            found[name] = f"{found[name]},{text}" if name in found else text
    return found


def install(app: FastAPI) -> None:
    for path in PATHS:
        app.router.routes.append(Route(path, receive_notification, methods=["POST"]))
