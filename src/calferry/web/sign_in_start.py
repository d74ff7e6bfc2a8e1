"""From our site to Google's consent page."""

import base64
import hashlib
from typing import Literal

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from calferry.store import sign_ins
from calferry.store.fingerprints import fingerprint
from calferry.store.sealed import verifier_context
from calferry.store.sign_ins import SIGN_IN_LIFE_MS, SignIn, TooManyUnderWay
from calferry.web import cookies
from calferry.web.problems import Problem
from calferry.web.service import Service

Intent = Literal["sign_in", "connect", "reconnect"]

CONSENTED = "+consent"
"""Ends the stored intent of a sign-in that has already asked for consent."""
NO_REFERRER = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def code_challenge(verifier: str) -> str:
    """PKCE S256 (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def start(
    service: Service,
    request: Request,
    *,
    intent: Intent,
    return_to: str,
    user_id: int | None = None,
    account_id: str | None = None,
    login_hint: str | None = None,
    consent: bool = False,
) -> Response:
    """Remember the sign-in and send the browser to Google; `state` is bound to the browser by a cookie."""
    engine = service.engine
    state, nonce, verifier = engine.ids.secret(), engine.ids.secret(), engine.ids.secret()
    browser = browser_secret(request, service) or engine.ids.secret()
    sign_in = SignIn(
        verifier=engine.vault.seal(verifier, verifier_context(fingerprint(state))),
        nonce=nonce,
        intent=intent + (CONSENTED if consent else ""),
        return_to=return_to,
        account_id=account_id,
        user_id=user_id,
    )
    now_ms = engine.clock.now_ms()
    try:
        await engine.store.write(lambda conn: sign_ins.begin(conn, state, browser, sign_in, now_ms))
    except TooManyUnderWay:
        detail = "Too many people are signing in at this moment. Please try again in a minute."
        raise Problem(
            429, "too_many_sign_ins", detail, retryable=True, headers={"Retry-After": "60"}
        ) from None
    address = service.authorize_url(
        state=state,
        nonce=nonce,
        challenge=code_challenge(verifier),
        login_hint=login_hint,
        prompt="consent" if consent else None,
    )
    response = RedirectResponse(address, 303, headers=NO_REFERRER)
    cookies.put(response, service.settings, cookies.SIGN_IN, browser, SIGN_IN_LIFE_MS // 1000)
    return response


def browser_secret(request: Request, service: Service) -> str | None:
    """The secret that this browser already carries: two tabs may sign in at once."""
    secret = cookies.read(request, service.settings, cookies.SIGN_IN)
    return secret if secret and 32 <= len(secret) <= 128 else None
