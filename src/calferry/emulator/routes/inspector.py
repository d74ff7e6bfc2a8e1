"""The inspector: a page that shows what was asked and what was sent, and sends notifications again."""

from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs

from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.world.channels import Delivery

SHOWN = 200
PAGE = "/_emulator"
STYLE_PATH = f"{PAGE}/inspector.css"
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
STYLE = b"""body{font:15px/1.5 system-ui,sans-serif;margin:1.5rem;color:#202124;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}caption{text-align:left;color:#5f6368}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #dadce0;vertical-align:top}
td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.bad{color:#b3261e;font-weight:600}button{font:inherit;padding:.1rem .6rem}
@media (prefers-color-scheme:dark){body{color:#e8eaed;background:#202124}th,td{border-color:#5f6368}
caption{color:#9aa0a6}.bad{color:#f2b8b5}}
"""


def show(call: Call) -> Answer:
    """The newest requests and notifications, and the channels that are open."""
    requests = list(call.backstage.requests)[-SHOWN:][::-1]
    attempts = list(call.backstage.deliveries.attempts)[-SHOWN:][::-1]
    channels = call.world.channels.open.values()
    opened = [(c.id, c.user, c.resource.uri, c.address, _time(c.expires_at)) for c in channels]
    content = (
        f"<h1>Local Google</h1><p>Its clock says {_time(call.now)}.</p>"
        + _table("Requests", ("At", "Who", "Method", "Address", "Status"), map(_request_row, requests))
        + _table(
            "Notifications",
            ("At", "Channel", "State", "Message", "Attempt", "Answer", ""),
            map(_attempt_row, attempts),
        )
        + _table("Channels", ("Id", "Who", "Watches", "Address", "Ends"), map(_cells, opened))
    )
    return _html(content)


def _html(content: str) -> Answer:
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Local Google</title>'
        f'<link rel="stylesheet" href="{STYLE_PATH}">'
    )
    page = f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{content}</body></html>'
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return Answer(page.encode("utf-8", "replace"), headers=headers, content_type="text/html; charset=utf-8")


def _table(title: str, heads: tuple[str, ...], rows: "map[str]") -> str:
    found = list(rows)
    if not found:
        return f"<h2>{title}</h2><p>None yet.</p>"
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f"<h2>{title}</h2><table><caption>Newest first, {len(found)} shown.</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(found)}</tbody></table>"
    )


def _cells(values: tuple[object, ...]) -> str:
    return f"<tr>{''.join(f'<td>{escape(str(value))}</td>' for value in values)}</tr>"


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"


def _request_row(request: Json) -> str:
    query = "&".join(f"{name}={value}" for name, value in request["query"].items())
    address = f"{request['method']} {request['path']}{'?' if query else ''}{query}"
    status = request["fault"] or request["status"]
    mark = ' class="bad"' if request["fault"] or (request["status"] or 0) >= 400 else ""
    who, name = request["user"] or "", request["api_method"] or ""
    plain = _cells((_time(request["at"]), who, name, address)).removesuffix("</tr>")
    return f"{plain}<td{mark}>{escape(str(status))}</td></tr>"


def _attempt_row(attempt: Json) -> str:
    headers = attempt["headers"]
    state, message = headers["X-Goog-Resource-State"], headers["X-Goog-Message-Number"]
    answer = attempt["status"] or attempt["error"] or ""
    mark = "" if attempt["outcome"] == "delivered" else ' class="bad"'
    values = (_time(attempt["at"]), attempt["channel_id"], state, message, attempt["attempt"])
    button = (
        f'<form method="post" action="{PAGE}/resend"><input type="hidden" name="number" '
        f'value="{attempt["number"]}"><button>Send again</button></form>'
    )
    plain = _cells(values).removesuffix("</tr>")
    return f"{plain}<td{mark}>{escape(str(answer))}</td><td>{button}</td></tr>"


def style(_call: Call) -> Answer:
    return Answer(STYLE, content_type="text/css; charset=utf-8")


def root(_call: Call) -> Answer:
    """Who opens the address by itself looks for a page."""
    return Answer(status=302, headers={"Location": PAGE})


def resend(call: Call) -> Answer:
    """Posts one notification again, as it was, and goes back to the page."""
    form = parse_qs(call.request.body.decode("utf-8", "replace"))
    wanted = form.get("number", [""])[-1]
    for attempt in reversed(call.backstage.deliveries.attempts):
        if str(attempt["number"]) == wanted:
            delivery = Delivery(
                attempt["number"], attempt["channel_id"], attempt["url"], attempt["headers"], call.now
            )
            call.world.channels.outbox.append(delivery)
            return Answer(status=303, headers={"Location": PAGE})
    answer = _html("<h1>No such notification</h1>")
    answer.status = 404
    return answer


ROUTES = (
    Route("GET", "/", "control.inspector", root, floor="control"),
    Route("GET", PAGE, "control.inspector", show, floor="control"),
    Route("GET", STYLE_PATH, "control.inspector", style, floor="control"),
    Route("POST", f"{PAGE}/resend", "control.resend", resend, floor="control"),
)
