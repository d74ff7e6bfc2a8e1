"""The part of `calferry doctor` that asks Google, and asks our own addresses as Google would."""

import base64
import binascii
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

from calferry import google
from calferry.bootstrap.engine import endpoints_of
from calferry.cli.examine_store import AccountFacts
from calferry.cli.findings import Finding, broken, note, ok
from calferry.core.failure import Cause, SourceFailure
from calferry.core.grant_age import TESTING
from calferry.core.model import AccountId
from calferry.core.scopes import missing_scopes
from calferry.settings import Settings
from calferry.store import channels
from calferry.store.channels import NewChannel
from calferry.store.fingerprints import fingerprint
from calferry.sync.engine import Engine

WITHIN_S = 10.0
CLOCK_OFF_S = 5.0
CLOCK_WRONG_S = 60.0
WORDS_OF_REFUSAL = (
    "redirect_uri_mismatch",
    "invalid_client",
    "deleted_client",
    "disabled_client",
    "invalid_request",
)
PROBE = "doctor"
API_OFF = "Enable the Google Calendar API for the project of GOOGLE_CLIENT_ID in the Google Cloud console."
CLIENT_WRONG = (
    "Compare GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET with the client in the Google Cloud console."
)
NOT_US = "Let the address forward to `calferry serve` with these settings, path and headers unchanged, and see that it runs."
SIGN_IN = "This person signs in again at {base_url}/auth/google/login."
MENDS = {
    Cause.API_DISABLED: API_OFF,
    Cause.CLIENT_INVALID: CLIENT_WRONG,
    Cause.UNREACHABLE: "See that this machine reaches Google: name service, firewall, proxy.",
    Cause.DAILY_LIMIT: "Wait for the next day in California, or ask Google for more quota.",
    Cause.RATE_LIMITED: "Wait a minute; if it stays, lower CALFERRY_QUOTA_PER_MINUTE.",
    Cause.NOT_A_CALENDAR_USER: "The person has no Google Calendar: nothing here can be mended.",
}


async def examine_clock(settings: Settings, transport: google.Transport) -> list[Finding]:
    """Whether Google is reachable, and this machine's clock goes as Google's."""
    try:
        request = google.WireRequest(
            "GET", settings.google_certs_url, {"User-Agent": "calferry"}, None, WITHIN_S
        )
        sent = time.time()
        answer = await transport.send(request)
    except google.GoogleError as error:
        return [broken("Google", f"It cannot be reached: {error.message}.", MENDS[Cause.UNREACHABLE])]
    found = [ok("Google", f"{urlsplit(settings.google_certs_url).netloc} answers.")]
    try:
        off_s = parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - (sent + time.time()) / 2
    except (ValueError, TypeError):
        return [*found, note("clock", "Google's answer has no date to compare with.")]
    said = f"This machine's clock is {abs(off_s):.0f} s {'behind' if off_s > 0 else 'ahead of'} Google's."
    mend = "Let the system set its clock (NTP): sign-in and channels go by it."
    if abs(off_s) > CLOCK_WRONG_S:
        return [*found, broken("clock", said, mend)]
    if abs(off_s) > CLOCK_OFF_S:
        return [*found, note("clock", said, mend)]
    return [*found, ok("clock", "This machine's clock goes as Google's.")]


async def examine_redirect(settings: Settings, transport: google.Transport) -> Finding:
    """Whether Google knows the client and its redirect address; told by how it answers the first step of a sign-in."""
    address = google.authorize_url(
        endpoints=endpoints_of(settings),
        client_id=settings.google_client_id,
        redirect_uri=settings.redirect_uri,
        scopes=settings.scopes,
        state=PROBE,
        nonce=PROBE,
        code_challenge=base64.urlsafe_b64encode(bytes(32)).decode().rstrip("="),
        login_hint=None,
        prompt="consent",
    )
    mend = f"Register exactly {settings.redirect_uri} as a redirect address of that client in the Google Cloud console."
    try:
        answer = await transport.send(
            google.WireRequest("GET", address, {"User-Agent": "calferry"}, None, WITHIN_S)
        )
    except google.GoogleError as error:
        return note("redirect", f"Google's sign-in could not be asked: {error.message}.", mend)
    refusal = refusal_in(answer)
    if refusal == "redirect_uri_mismatch":
        return broken("redirect", f"Google does not know {settings.redirect_uri} for this client.", mend)
    if refusal:
        return broken("redirect", f"Google refuses to begin a sign-in: {refusal}.", CLIENT_WRONG)
    return ok("redirect", f"Google lets people sign in, and send them back to {settings.redirect_uri}.")


def refusal_in(answer: google.WireResponse) -> str | None:
    """Google's word for why it will not go on. Its own error page is named in the address it leads to, in base64."""
    target = answer.headers.get("location", "")
    errors = parse_qs(urlsplit(target).query).get("authError", [])
    text = answer.body.decode("utf-8", "replace") + " ".join(map(decoded, errors))
    if answer.status < 400 and not errors:
        return None
    return next((word for word in WORDS_OF_REFUSAL if word in text), f"status {answer.status}")


def decoded(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


async def examine_account(engine: Engine, settings: Settings, account: AccountFacts) -> Finding:
    """Whether the grant lives, holds every scope and opens the API."""
    about, again = f"account {account.email}", SIGN_IN.format(base_url=settings.base_url)
    if account.status == "paused":
        return note(about, "It is paused.")
    if account.status == "needs_reauth":
        return Finding(about, "sign_in", dead(account.reason), again)
    try:
        await engine.source(AccountId(account.id)).calendar_list_page(None, None)
    except SourceFailure as failure:
        if failure.cause in (Cause.GRANT_REVOKED, Cause.UNAUTHORIZED, Cause.SCOPE_MISSING):
            return Finding(about, "sign_in", dead(failure.message), again)
        mend = MENDS.get(
            failure.cause, "Try again later; if it stays, the message says what Google does not like."
        )
        return broken(about, f"Google refuses: {failure.message}", mend)
    missing = missing_scopes(account.scopes.split())
    if missing:
        names = ", ".join(scope.rpartition("/")[2] for scope in missing)
        return Finding(
            about, "sign_in", f"These permissions were not given: {names}.", f"{again} All boxes stay ticked."
        )
    return ok(about, "The grant lives, has every permission, and the Calendar API answers.")


def dead(reason: str | None) -> str:
    return f"The grant is dead: {reason}" if reason else "The grant is dead."


def examine_publishing(found: list[Finding]) -> list[Finding]:
    """What several grants that died after a week have in common."""
    weekly = [finding.about.removeprefix("account ") for finding in found if TESTING in finding.found]
    if not weekly:
        return []
    said = f"Grants have died seven days after consent: {', '.join(weekly)}."
    mend = "Set the app's publishing status to *In production* in the Google Auth Platform; while it is *Testing*, all do."
    return [broken("publishing status", said, mend)]


async def examine_webhook(
    engine: Engine | None, settings: Settings, transport: google.Transport, accounts: list[AccountFacts]
) -> Finding:
    """Whether a notification that is sent to the public address arrives in this very database."""
    address = settings.webhook_address
    if address is None:
        said = "WEBHOOK_BASE_URL is not set: calendars are polled."
        return note(
            "webhook",
            said,
            "Give an https address that is forwarded to this service, for changes within seconds.",
        )
    usable = [account for account in accounts if account.status in ("active", "partial")]
    if engine is None or not usable:
        return await answered(transport, address)
    channel_id, token, now_ms = engine.ids.channel_id(), engine.ids.secret(), engine.clock.now_ms()
    probe = NewChannel(channel_id, usable[0].user_id, usable[0].id, PROBE, fingerprint(token))
    await engine.store.write(lambda tx: channels.register(tx, probe, now_ms))
    try:
        refusal = await post(transport, address, channel_id, token)
        row = await engine.store.read(lambda tx: channels.load(tx, channel_id))
    finally:
        await engine.store.write(lambda tx: channels.settle(tx, channel_id, "failed"))
    if refusal:
        return broken("webhook", f"{address} {refusal}.", NOT_US)
    if row is None or not row.pushes:
        said = f"{address} answers, but a notification that was sent there did not arrive in this database."
        return broken("webhook", said, NOT_US)
    return ok("webhook", f"A notification sent to {address} arrived in this database.")


async def answered(transport: google.Transport, address: str) -> Finding:
    refusal = await post(transport, address, PROBE, PROBE)
    if refusal:
        return broken("webhook", f"{address} {refusal}.", NOT_US)
    said = f"{address} answers 200; with an account it could be told whether it is this service that does."
    return note("webhook", said)


async def post(transport: google.Transport, address: str, channel_id: str, token: str) -> str | None:
    """Send the first message of a channel. What is wrong with the answer, if anything is."""
    headers = {
        "X-Goog-Channel-ID": channel_id,
        "X-Goog-Channel-Token": token,
        "X-Goog-Resource-ID": PROBE,
        "X-Goog-Resource-State": "sync",
        "X-Goog-Message-Number": "1",
        "User-Agent": "calferry doctor",
    }
    try:
        answer = await transport.send(google.WireRequest("POST", address, headers, b"", WITHIN_S))
    except google.GoogleError as error:
        return f"cannot be reached: {error.message}"
    if answer.status != 200:
        return f"answers {answer.status} where 200 is due"
    ours = re.fullmatch(r"req_[0-9a-f]{16}", answer.headers.get("x-request-id", ""))
    return None if ours else "is answered by something that is not calferry"
