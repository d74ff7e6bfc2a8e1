"""HEAD: the answer to a GET without its body, wherever a GET only reads."""

from starlette.types import ASGIApp, Receive, Scope, Send

ACTING_PATHS = frozenset({"/calendar/sync", "/calendar/stream"})
ACTING_FOLDERS = ("/auth/google/", "/api/cron/")


def answers_head(path: str) -> bool:
    """Whether looking costs nothing there: a GET that begins a sync or never ends, or uses up a sign-in, is not for
    looking."""
    return path not in ACTING_PATHS and not path.startswith(ACTING_FOLDERS)


class HeadAsGet:
    """Lets routes see a GET. The server, which saw the HEAD, keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD" and answers_head(scope["path"]):
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)
