"""The first page: who is signed in, which accounts are connected and how they do, and where to go."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from calferry.store import account_reads
from calferry.store.account_reads import AccountRow
from calferry.web.authentication import Caller, find_caller, read_credentials
from calferry.web.problems import Problem
from calferry.web.service import Service, ServiceDep
from calferry.web.small_page import page

router = APIRouter(include_in_schema=False)

SIGN_IN = '<p><a href="/auth/google/login">Sign in with Google</a></p>'
SIGNED_IN = """<p>Signed in as {email}. Connected:</p>
<ul>
{accounts}
</ul>
<ul>
<li><a href="/auth/google/login?intent=connect">Connect another Google account</a></li>
<li><a href="/calendar/calendars">Your calendars</a> and <a href="/calendar/sync-status">how they are doing</a></li>
</ul>"""
RECONNECT = '<a href="/auth/google/login?intent=reconnect&amp;account_id={id}">{text}</a>'
DOCS = '<p><a href="/docs">The API</a></p>'
TROUBLES = {
    "partial": "permissions are missing",
    "needs_reauth": "Google no longer accepts its grant",
    "calendar_disabled": "it has no Google Calendar",
    "paused": "paused",
    "closing": "being disconnected",
}
MENDED_BY_CONSENT = {
    "partial": "ask again, and leave every box ticked",
    "needs_reauth": "connect it again",
}


@router.get("/")
async def show_home(request: Request, service: ServiceDep) -> HTMLResponse:
    caller = await signed_in(request, service)
    body = SIGN_IN if caller is None else await home_of(service, caller)
    return HTMLResponse(page("calferry", body + (DOCS if service.settings.docs else "")))


async def signed_in(request: Request, service: Service) -> Caller | None:
    try:
        return await find_caller(service, read_credentials(request, service))
    except Problem:
        return None


async def home_of(service: Service, caller: Caller) -> str:
    rows = await service.engine.store.read(lambda conn: account_reads.accounts_of(conn, caller.user_id))
    accounts = "\n".join(f"<li>{described(row)}</li>" for row in rows) or "<li>no account</li>"
    return SIGNED_IN.format(email=escape(caller.email), accounts=accounts)


def described(account: AccountRow) -> str:
    """The account's address, what ails it, and the link that helps."""
    text = escape(account.email)
    if account.status in TROUBLES:
        text += f": {TROUBLES[account.status]}"
    if account.status in MENDED_BY_CONSENT:
        text += "; " + RECONNECT.format(id=escape(account.id), text=MENDED_BY_CONSENT[account.status])
    return text
