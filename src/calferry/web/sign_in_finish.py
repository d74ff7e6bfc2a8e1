"""From Google's consent page back to our site: nothing is stored before every check has passed."""

import structlog
from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from calferry.core.failure import Cause, SourceFailure
from calferry.core.google_account import Grant, Identity
from calferry.store import account_reads, audit, sessions, sign_ins
from calferry.store.account_reads import AccountRow
from calferry.store.fingerprints import fingerprint
from calferry.store.sealed import verifier_context
from calferry.store.sign_ins import SignIn
from calferry.sync.accounts import Connected, ConnectRefused, connect
from calferry.sync.listing import list_calendars
from calferry.vault import VaultError
from calferry.web import cookies
from calferry.web.allowed_emails import is_allowed
from calferry.web.authentication import find_caller, read_credentials
from calferry.web.service import Service
from calferry.web.sign_in_start import CONSENTED, NO_REFERRER, start

log = structlog.get_logger(__name__)

PARAMETER_LENGTH_MAX = 4_096
GOOGLE_ISSUERS = ("https://accounts.google.com", "accounts.google.com")


class SignInRefused(Exception):
    """Shown to the person as a small page; holds nothing that Google or the browser sent."""

    def __init__(self, status: int, text: str, heading: str = "Signing in did not work") -> None:
        super().__init__(text)
        self.status = status
        self.heading = heading
        self.text = text


START_AGAIN = (
    "This sign-in is not known, was used already, is too old or began in another browser. Please start again."
)
DECLINED = "You did not allow access at Google, so nothing was connected."
NOT_ALLOWED = "This address may not sign in here. Ask whoever runs this service to add it."
UNVERIFIED = "Google has not verified this account's address."
OTHER_ACCOUNT = "You chose another Google account than the one to be connected again."
TAKEN = "This Google account is already connected by somebody else."
GOOGLE_FAILED = "Google did not answer as expected. Please try again in a moment."
CODE_REFUSED = "Google did not accept the code of this sign-in. Please start again."
NO_GRANT = "Google gave no lasting access. Please start again and allow access when asked."
STORE_FAILED = "The database does not answer at the moment. Please try again."


async def finish(service: Service, request: Request) -> Response:
    """Answer Google's callback with a redirect. Raises `SignInRefused`."""
    parameters = read_parameters(request)
    state = parameters.get("state", "")
    sign_in = await use(service, request, state)
    if "error" in parameters or "code" not in parameters:
        raise SignInRefused(400, DECLINED if parameters.get("error") == "access_denied" else GOOGLE_FAILED)
    check_issuer(service, parameters.get("iss"))
    await check_same_person(service, request, sign_in)
    grant = await exchange(service, sign_in, state, parameters["code"])
    try:
        return await admit(service, request, sign_in, grant)
    except SignInRefused as refused:
        await note_refusal(service, sign_in, refused)
        raise


async def note_refusal(service: Service, sign_in: SignIn, refused: SignInRefused) -> None:
    """Google knows who that was, and we let them in not."""
    now_ms, subject = service.engine.clock.now_ms(), sign_in.account_id

    def note(conn: Connection) -> None:
        audit.add_once(
            conn, "sign_in_refused", now_ms, user_id=sign_in.user_id, subject=subject, status=refused.status
        )

    await service.engine.store.write(note)


async def admit(service: Service, request: Request, sign_in: SignIn, grant: Grant) -> Response:
    """Let who Google says it is in, or connect the account. Raises `SignInRefused`."""
    identity = identity_of(grant)
    if not sign_in.intent.endswith(CONSENTED) and await lacks_refresh_token(service, grant, identity):
        return await ask_consent(service, request, sign_in, identity)
    connected = await store_grant(service, sign_in, grant, identity)
    log.info("account_connected", user=connected.user_id, account=connected.account_id, new=connected.created)
    await list_calendars(service.engine, connected.account_id, or_by_others=True)
    return await answer(service, request, sign_in, connected.user_id)


def read_parameters(request: Request) -> dict[str, str]:
    items = request.query_params.multi_items()
    parameters = dict(items)
    if len(parameters) != len(items) or any(len(value) > PARAMETER_LENGTH_MAX for _, value in items):
        raise SignInRefused(400, START_AGAIN)
    return parameters


async def use(service: Service, request: Request, state: str) -> SignIn:
    engine, settings = service.engine, service.settings
    browser = cookies.read(request, settings, cookies.SIGN_IN)
    if not state or not browser:
        raise SignInRefused(400, START_AGAIN)
    now_ms = engine.clock.now_ms()
    try:
        sign_in = await engine.store.write(lambda conn: sign_ins.use(conn, state, browser, now_ms))
    except OperationalError:
        raise SignInRefused(503, STORE_FAILED) from None
    if sign_in is None:
        raise SignInRefused(400, START_AGAIN)
    return sign_in


def check_issuer(service: Service, issuer: str | None) -> None:
    """An issuer that Google does not name means that another server's answer was mixed in (RFC 9207)."""
    own = service.settings.google_auth_url
    if issuer is not None and issuer not in GOOGLE_ISSUERS and not own.startswith(f"{issuer.rstrip('/')}/"):
        raise SignInRefused(400, START_AGAIN)


async def check_same_person(service: Service, request: Request, sign_in: SignIn) -> None:
    """An account is connected only for the person who asked for it and is still signed in."""
    if sign_in.user_id is None:
        return
    caller = await find_caller(service, read_credentials(request, service))
    if caller is None or caller.user_id != sign_in.user_id:
        raise SignInRefused(400, START_AGAIN)


async def exchange(service: Service, sign_in: SignIn, state: str, code: str) -> Grant:
    try:
        verifier = service.engine.vault.open(sign_in.verifier, verifier_context(fingerprint(state)))
        return await service.engine.oauth.exchange(
            code, verifier, service.settings.redirect_uri, sign_in.nonce
        )
    except VaultError:
        raise SignInRefused(400, START_AGAIN) from None
    except SourceFailure as failure:
        if failure.cause in (Cause.GRANT_REVOKED, Cause.BAD_REQUEST):
            raise SignInRefused(400, CODE_REFUSED) from failure
        raise SignInRefused(502, GOOGLE_FAILED) from failure


def identity_of(grant: Grant) -> Identity:
    if grant.identity is None:
        raise SignInRefused(502, GOOGLE_FAILED)
    if not grant.identity.email_verified:
        raise SignInRefused(403, UNVERIFIED)
    return grant.identity


async def lacks_refresh_token(service: Service, grant: Grant, identity: Identity) -> bool:
    """Google gives a refresh token with the first consent only; without one of ours, consent is asked for again."""
    if grant.refresh_token is not None:
        return False
    owned = await service.engine.store.read(lambda conn: account_reads.account_of_sub(conn, identity.sub))
    return owned is None or not is_usable(owned[1])


def is_usable(account: AccountRow) -> bool:
    return account.has_refresh_token and account.status != "needs_reauth"


async def ask_consent(service: Service, request: Request, sign_in: SignIn, identity: Identity) -> Response:
    if sign_in.intent == "sign_in" and not is_allowed(identity.email, service.settings.email_patterns):
        raise SignInRefused(403, NOT_ALLOWED)
    return await start(
        service,
        request,
        intent="sign_in",
        return_to=sign_in.return_to,
        login_hint=identity.email,
        consent=True,
    )


async def store_grant(service: Service, sign_in: SignIn, grant: Grant, identity: Identity) -> Connected:
    """Store the grant for the right person."""
    if sign_in.user_id is None and not is_allowed(identity.email, service.settings.email_patterns):
        raise SignInRefused(403, NOT_ALLOWED)
    if grant.refresh_token is None and await lacks_refresh_token(service, grant, identity):
        raise SignInRefused(400, NO_GRANT)
    try:
        return await connect(service.engine, grant, user_id=sign_in.user_id, account_id=sign_in.account_id)
    except ConnectRefused:
        raise SignInRefused(409, OTHER_ACCOUNT if sign_in.account_id else TAKEN) from None


async def answer(service: Service, request: Request, sign_in: SignIn, user_id: int) -> Response:
    """Send the browser on, with a session where the intent was to sign in."""
    response = RedirectResponse(sign_in.return_to, 303, headers=NO_REFERRER)
    cookies.drop(response, service.settings, cookies.SIGN_IN)
    if sign_in.user_id is None:
        await begin_session(service, request, response, user_id)
    return response


async def begin_session(service: Service, request: Request, response: Response, user_id: int) -> None:
    """A fresh session under a fresh token; the browser's former one ends."""
    engine, settings = service.engine, service.settings
    token, now_ms = engine.ids.secret(), engine.clock.now_ms()
    former = cookies.read(request, settings, cookies.SESSION)

    def store(conn: Connection) -> None:
        if former is not None:
            sessions.end(conn, former)
        sessions.create(conn, token, user_id, now_ms, now_ms + settings.session_max_ms)
        audit.add(conn, "signed_in", now_ms, user_id=user_id)

    await engine.store.write(store)
    cookies.put(response, settings, cookies.SESSION, token, settings.session_max_ms // 1000)
