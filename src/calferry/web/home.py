"""The first page: who is signed in, and where to go."""

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from calferry.web.authentication import find_caller, read_credentials
from calferry.web.problems import Problem
from calferry.web.service import Service, ServiceDep
from calferry.web.small_page import page

router = APIRouter(include_in_schema=False)

SIGN_IN = '<p><a href="/auth/google/login">Sign in with Google</a></p>'
SIGNED_IN = """<p>Signed in as {email}.</p>
<ul>
<li><a href="/auth/google/login?intent=connect">Connect another Google account</a></li>
<li><a href="/calendar/calendars">Your calendars</a> and <a href="/calendar/sync-status">how they are doing</a></li>
</ul>"""
DOCS = '<p><a href="/docs">The API</a></p>'


@router.get("/")
async def show_home(request: Request, service: ServiceDep) -> HTMLResponse:
    email = await signed_in_as(request, service)
    body = SIGN_IN if email is None else SIGNED_IN.format(email=escape(email))
    return HTMLResponse(page("calferry", body + (DOCS if service.settings.docs else "")))


async def signed_in_as(request: Request, service: Service) -> str | None:
    try:
        caller = await find_caller(service, read_credentials(request, service))
    except Problem:
        return None
    return None if caller is None else caller.email
