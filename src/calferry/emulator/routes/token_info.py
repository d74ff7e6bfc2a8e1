"""What stands behind a token, for whoever holds it."""

from calferry.emulator import access
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.id_tokens import ISSUER, id_token_claims
from calferry.emulator.json_text import FRONT_END_INDENT
from calferry.emulator.query import Query
from calferry.emulator.signing_key import KEY_ID
from calferry.emulator.world.oauth import AccessToken
from calferry.emulator.world.people import Person

EARLIER = ("/oauth2/v1/tokeninfo", "/oauth2/v2/tokeninfo")
INVALID = {"error": "invalid_token", "error_description": "Invalid Value"}


def tokeninfo(call: Call) -> Answer:
    """Of an id token its claims; of an access token, also one in the header, its holder, client and end."""
    form = Query(call.request.body.decode("utf-8", "replace"))
    signed = form.text("id_token") or call.query.text("id_token")
    if signed:
        return _id_token_info(call, signed)
    text = form.text("access_token") or access.bearer_text(call)
    token = call.world.oauth.bearer(text, call.now)
    person = call.world.person(token.email) if token else None
    if token is None or person is None:
        return _json(INVALID, 400)
    is_earlier = call.request.path in EARLIER
    return _json(_earlier(call, token, person) if is_earlier else _current(call, token, person))


def _current(call: Call, token: AccessToken, person: Person) -> Json:
    """Numbers and booleans are strings."""
    found: Json = {"azp": token.client_id, "aud": token.client_id, "sub": person.sub}
    found |= {"scope": " ".join(token.scopes), "exp": str(int(token.expires_at))}
    found["expires_in"] = str(int(token.expires_at - call.now))
    return found | ({"email": person.email, "email_verified": "true"} if _tells_email(token) else {})


def _earlier(call: Call, token: AccessToken, person: Person) -> Json:
    """The shape of the first two versions (schema Tokeninfo of the OAuth2 API)."""
    found: Json = {"issued_to": token.client_id, "audience": token.client_id, "user_id": person.sub}
    found |= {"scope": " ".join(token.scopes), "expires_in": int(token.expires_at - call.now)}
    return found | ({"email": person.email, "verified_email": True} if _tells_email(token) else {})


def _tells_email(token: AccessToken) -> bool:
    return any(scope.endswith("userinfo.email") for scope in token.scopes)


def _id_token_info(call: Call, signed: str) -> Answer:
    claims = id_token_claims(signed)
    if claims is None or claims.get("iss") != ISSUER or claims["exp"] <= call.now:
        return _json(INVALID, 400)
    texts = {
        key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in claims.items()
    }
    return _json({**texts, "alg": "RS256", "kid": KEY_ID, "typ": "JWT"})


def _json(body: Json, status: int = 200) -> Answer:
    headers = {"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", "Pragma": "no-cache"}
    return Answer(body, status, headers, indent=FRONT_END_INDENT)


ROUTES = tuple(
    Route(http, path, "tokeninfo", tokeninfo, floor="oauth")
    for path in ("/tokeninfo", *EARLIER, "/oauth2/v3/tokeninfo", "/oauth2/v4/tokeninfo")
    for http in ("GET", "POST")
)
