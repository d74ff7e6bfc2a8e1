"""The token endpoint and revocation."""

import base64
import binascii
from urllib.parse import parse_qs, unquote

from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.id_tokens import id_token
from calferry.emulator.json_text import FRONT_END_INDENT
from calferry.emulator.world import assertions
from calferry.emulator.world.devices import DeviceRefused
from calferry.emulator.world.oauth import (
    AccessToken,
    AuthorizationCode,
    CodeRefused,
    OAuthClient,
    RefreshToken,
    full_names,
    verifier_fits,
)

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class TokenRefused(Exception):
    """An OAuth error: status, `error` and `error_description`."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.answer = _json(
            {"error": error} | ({"error_description": description} if description else {}), status
        )


def _json(body: Json, status: int = 200) -> Answer:
    headers = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache"}
    return Answer(body, status, headers, indent=FRONT_END_INDENT)


def token(call: Call) -> Answer:
    """Exchanges a code or a refresh token for an access token."""
    form = _form(call)
    grant_type = form.get("grant_type", "")
    try:
        if grant_type == JWT_BEARER:
            return _json(_asserted(call, _needed(form, "assertion")))
        client = _client(call, form)
        if grant_type == "authorization_code":
            return _json(_exchanged(call, client, form))
        if grant_type == "refresh_token":
            return _json(_refreshed(call, client, form))
        if grant_type == DEVICE_CODE:
            return _json(_collected(call, client, form))
        raise TokenRefused(400, "unsupported_grant_type", f"Invalid grant_type: {grant_type}")
    except TokenRefused as refused:
        return refused.answer


def _form(call: Call) -> dict[str, str]:
    pairs = parse_qs(call.request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in pairs.items()}


def _client(call: Call, form: dict[str, str]) -> OAuthClient:
    """The client that proves itself in the body or by HTTP Basic."""
    client_id, secret = _basic(call) or (form.get("client_id", ""), form.get("client_secret", ""))
    if not client_id:
        raise TokenRefused(400, "invalid_request", "Could not determine client ID from request.")
    client = call.world.oauth.clients.get(client_id)
    if client is None:
        raise TokenRefused(401, "invalid_client", "The OAuth client was not found.")
    if client.client_secret and client.client_secret != secret:
        raise TokenRefused(401, "invalid_client", "Unauthorized")
    return client


def _basic(call: Call) -> tuple[str, str] | None:
    scheme, _, text = call.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return unquote(client_id), unquote(secret)


def _needed(form: dict[str, str], name: str) -> str:
    if not form.get(name):
        raise TokenRefused(400, "invalid_request", f"Missing required parameter: {name}")
    return form[name]


def _exchanged(call: Call, client: OAuthClient, form: dict[str, str]) -> Json:
    text, redirect_uri = _needed(form, "code"), _needed(form, "redirect_uri")
    try:
        code = call.world.oauth.redeem(text, client.client_id, redirect_uri, call.now)
    except CodeRefused as refused:
        raise TokenRefused(400, "invalid_grant", str(refused)) from refused
    except KeyError as error:
        raise TokenRefused(400, "redirect_uri_mismatch", "Bad Request") from error
    if code.challenge:
        _check_verifier(code, form.get("code_verifier", ""))
    refresh = None
    if code.refreshable:
        refresh = call.world.oauth.grant_refresh_token(code.email, client.client_id, code.scopes, call.now)
    access = call.world.oauth.grant_access_token(
        code.email, client.client_id, code.scopes, call.now, refresh.token if refresh else ""
    )
    return _resource(call, access, refresh, code.nonce)


def _check_verifier(code: AuthorizationCode, verifier: str) -> None:
    if not verifier:
        raise TokenRefused(400, "invalid_grant", "Missing code verifier.")
    if not verifier_fits(code, verifier):
        raise TokenRefused(400, "invalid_grant", "Invalid code verifier.")


def _refreshed(call: Call, client: OAuthClient, form: dict[str, str]) -> Json:
    found = call.world.oauth.use_refresh_token(_needed(form, "refresh_token"), call.now)
    if found is None:
        raise TokenRefused(400, "invalid_grant", "Token has been expired or revoked.")
    if found.client_id != client.client_id:
        raise TokenRefused(401, "unauthorized_client", "Unauthorized")
    access = call.world.oauth.grant_access_token(
        found.email, client.client_id, found.scopes, call.now, found.token
    )
    return _resource(call, access, None, "")


def _collected(call: Call, client: OAuthClient, form: dict[str, str]) -> Json:
    """Tokens for a device whose person has decided."""
    try:
        answered = call.world.devices.collect(_needed(form, "device_code"), client.client_id, call.now)
    except DeviceRefused as refused:
        raise TokenRefused(refused.status, refused.error, refused.description) from refused
    oauth, scopes = call.world.oauth, full_names(answered.scopes)
    oauth.consent(client.client_id, answered.email, scopes, True)
    refresh = oauth.grant_refresh_token(answered.email, client.client_id, scopes, call.now)
    access = oauth.grant_access_token(answered.email, client.client_id, scopes, call.now, refresh.token)
    return _resource(call, access, refresh, "")


def _asserted(call: Call, assertion: str) -> Json:
    """A service account's access token; there is never a refresh token."""
    try:
        granted = assertions.granted(call.world, assertion, call.now, call.backstage.options.origin)
    except assertions.AssertionRefused as refused:
        raise TokenRefused(refused.status, refused.error, refused.description) from refused
    call.person = granted.person
    access = call.world.oauth.grant_access_token(
        granted.person.email, granted.client_id, full_names(granted.scopes), call.now
    )
    return {
        "access_token": access.token,
        "expires_in": int(access.expires_at - call.now),
        "token_type": "Bearer",
    }


def _resource(call: Call, access: AccessToken, refresh: RefreshToken | None, nonce: str) -> Json:
    call.person = call.world.person(access.email)
    found: Json = {"access_token": access.token, "expires_in": int(access.expires_at - call.now)}
    if refresh:
        found["refresh_token"] = refresh.token
        if refresh.expires_at is not None:
            found["refresh_token_expires_in"] = int(refresh.expires_at - call.now) - 1
    found |= {"scope": " ".join(access.scopes), "token_type": "Bearer"}
    if "openid" in access.scopes and call.person:
        found["id_token"] = id_token(call.person, access, nonce, call.now)
    return found


def revoke(call: Call) -> Answer:
    """Takes back the token in the form or in the query."""
    text = _form(call).get("token") or call.query.text("token")
    if not text:
        error = {"error": "invalid_request", "error_description": "Missing required parameter: token"}
        return _json(error, 400)
    if not call.world.oauth.revoke(text):
        return _json({"error": "invalid_token", "error_description": "Token expired or revoked"}, 400)
    return _json({})


ROUTES = (
    *(
        Route("POST", path, "token", token, floor="oauth")
        for path in ("/token", "/oauth2/v4/token", "/oauth2/v3/token", "/o/oauth2/token")
    ),
    *(
        Route(http, path, "revoke", revoke, floor="oauth")
        for path in ("/revoke", "/o/oauth2/revoke")
        for http in ("POST", "GET")
    ),
)
