"""OpenID Connect: discovery document, signing keys, userinfo."""

from calferry.emulator import access, errors
from calferry.emulator.call import Answer, Call, Json, Route
from calferry.emulator.id_tokens import ISSUER, profile
from calferry.emulator.json_text import FRONT_END_INDENT
from calferry.emulator.signing_key import KEY_ID, certificate, public_jwk

EARLIER_USERINFO = ("/oauth2/v1/userinfo", "/oauth2/v2/userinfo")


def configuration(call: Call) -> Answer:
    origin = call.backstage.options.origin
    found: Json = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{origin}/o/oauth2/v2/auth",
        "device_authorization_endpoint": f"{origin}/device/code",
        "token_endpoint": f"{origin}/token",
        "userinfo_endpoint": f"{origin}/v1/userinfo",
        "revocation_endpoint": f"{origin}/revoke",
        "jwks_uri": f"{origin}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": [
            "aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name",
            "picture", "sub",
        ],
        "code_challenge_methods_supported": ["plain", "S256"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
        ],
        "authorization_response_iss_parameter_supported": True,
    }  # fmt: skip
    return Answer(found, indent=FRONT_END_INDENT)


def certs(_call: Call) -> Answer:
    headers = {"Cache-Control": "public, max-age=19430, must-revalidate, no-transform"}
    return Answer({"keys": [public_jwk()]}, headers=headers, indent=FRONT_END_INDENT)


def certificates(_call: Call) -> Answer:
    """The same keys as a map from key id to certificate."""
    headers = {"Cache-Control": "public, max-age=19430, must-revalidate, no-transform"}
    return Answer({KEY_ID: certificate()}, headers=headers, indent=FRONT_END_INDENT)


def userinfo(call: Call) -> Answer:
    token = access.token_of(call, access.bearer_text(call))
    person = call.world.person(token.email) if token else None
    if token is None or person is None:
        raise errors.invalid_credentials()
    call.person = person
    named = "id" if call.request.path in EARLIER_USERINFO else "sub"
    claims = profile(person, token)
    if named == "id" and "email_verified" in claims:
        claims["verified_email"] = claims.pop("email_verified")
    return Answer({named: person.sub, **claims}, indent=FRONT_END_INDENT)


ROUTES = (
    Route("GET", "/.well-known/openid-configuration", "discovery", configuration, floor="oauth"),
    Route("GET", "/oauth2/v3/certs", "certs", certs, floor="oauth"),
    Route("GET", "/oauth2/v1/certs", "certs", certificates, floor="oauth"),
    *(
        Route(http, path, "userinfo", userinfo, floor="oauth")
        for path in ("/v1/userinfo", "/oauth2/v3/userinfo", *EARLIER_USERINFO)
        for http in ("GET", "POST")
    ),
)
