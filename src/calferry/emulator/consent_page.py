"""The two pages that a person sees: consent, and why a request for consent is refused."""

from collections.abc import Sequence
from html import escape

from calferry.emulator.world.people import Person

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;color:#202124}"
    "fieldset{border:1px solid #dadce0;border-radius:8px;margin:1rem 0;padding:1rem}label{display:block}"
    "button{font:inherit;padding:.5rem 1.5rem;margin-right:1rem;border-radius:4px;border:1px solid #1a73e8;"
    "background:#1a73e8;color:#fff;cursor:pointer}button[value=deny]{background:#fff;color:#1a73e8}"
    ".note{color:#5f6368;font-size:14px}"
)


def consent(
    action: str, client_id: str, people: Sequence[Person], chosen: str, scopes: Sequence[str]
) -> bytes:
    """The consent page: one form with `email`, a ticked `scope_N` for each scope, and `decision`."""
    accounts = "".join(_account(person, person.email == chosen) for person in people)
    boxes = "".join(_scope(place, scope) for place, scope in enumerate(scopes))
    return _page(
        "Sign in - local Google",
        f"<h1>Sign in</h1><p><b>{escape(client_id)}</b> wants access to your local Google Account.</p>"
        f'<form method="post" action="{escape(action)}">'
        f"<fieldset><legend>Account</legend>{accounts}</fieldset>"
        f"<fieldset><legend>What it may do</legend>{boxes}</fieldset>"
        '<button type="submit" name="decision" value="allow">Allow</button>'
        '<button type="submit" name="decision" value="deny">Cancel</button></form>'
        '<p class="note">This is a local stand-in for Google. Nothing leaves this machine.</p>',
    )


def device(action: str, people: Sequence[Person], user_code: str) -> bytes:
    """The page where a person types the code that a device shows: `user_code`, `email` and `decision`."""
    accounts = "".join(_account(person, place == 0) for place, person in enumerate(people))
    return _page(
        "Connect a device - local Google",
        f'<h1>Connect a device</h1><form method="post" action="{escape(action)}">'
        f'<label>Code <input name="user_code" value="{escape(user_code)}" autocomplete="off"></label>'
        f"<fieldset><legend>Account</legend>{accounts}</fieldset>"
        '<button type="submit" name="decision" value="allow">Allow</button>'
        '<button type="submit" name="decision" value="deny">Cancel</button></form>',
    )


def told(title: str, text: str) -> bytes:
    """A page that only says something."""
    return _page(f"{title} - local Google", f"<h1>{escape(title)}</h1><p>{escape(text)}</p>")


def _account(person: Person, chosen: bool) -> str:
    mark = " checked" if chosen else ""
    email, name = escape(person.email), escape(person.name or person.email)
    return f'<label><input type="radio" name="email" value="{email}"{mark}> {name} &lt;{email}&gt;</label>'


def _scope(place: int, scope: str) -> str:
    text = escape(scope)
    return f'<label><input type="checkbox" name="scope_{place}" value="{text}" checked> {text}</label>'


def refused(error: str, detail: str) -> bytes:
    """The page instead of a redirect, for requests whose redirect address cannot be trusted."""
    return _page(
        "Error - local Google",
        f"<h1>Access blocked: Authorization Error</h1><p>Error 400: {escape(error)}</p><p>{escape(detail)}</p>",
    )


def _page(title: str, body: str) -> bytes:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}<style>{_STYLE}</style></head><body>{body}</body></html>'.encode()
