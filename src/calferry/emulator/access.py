"""Who is calling, and whether the token's scopes open the method."""

from calferry.emulator import errors
from calferry.emulator.call import Call, Route, metadata_name
from calferry.emulator.world import assertions
from calferry.emulator.world.oauth import PREFIX, AccessToken


def admit(call: Call, route: Route) -> None:
    """Finds the caller. Refuses a missing, dead or too narrow token with the front end's errors."""
    name = metadata_name(route.method)
    text = bearer_text(call)
    if not text:
        if route.public and "key" in call.query:
            return
        raise errors.login_required(name)
    token = token_of(call, text)
    person = call.world.person(token.email) if token else None
    if token is None or person is None:
        raise errors.invalid_credentials()
    call.token, call.person = token, person
    call.opened_by = route.scopes & {scope.removeprefix(PREFIX) for scope in token.scopes}
    if route.scopes and not call.opened_by:
        raise errors.insufficient_permissions(name)
    if not person.signed_up:
        message = "The user must be signed up for Google Calendar."
        raise errors.Refused(403, "calendar", "notACalendarUser", message)


def token_of(call: Call, text: str) -> AccessToken | None:
    """What a bearer text stands for: a token that was granted, or one that a service account signed itself."""
    granted = call.world.oauth.bearer(text, call.now)
    return granted or assertions.self_signed(call.world, text, call.now, call.backstage.options.origin)


def charge(call: Call) -> None:
    """Spends the caller's quota. Refuses what goes beyond it; `quotaUser` names whom to charge instead."""
    named = call.query.text("quotaUser") or call.header("x-goog-quota-user")
    user = named or _charged(call)
    project = (call.token.client_id if call.token else call.query.text("key")).partition("-")[0]
    quota = call.world.quota
    exceeded = quota.charge(project, user, call.method, call.now)
    if exceeded:
        raise errors.rate_limit_exceeded(
            quota.status, exceeded.name, exceeded.metric, exceeded.value, project
        )


def _charged(call: Call) -> str:
    """The caller, or the service account that speaks for somebody: all its load is its own."""
    for account in call.world.oauth.service_accounts.values():
        if call.token and call.token.client_id == account.client_id:
            return account.email
    return call.person.email if call.person else ""


def bearer_text(call: Call) -> str:
    """The access token of a request, from its header or its query."""
    scheme, _, text = call.header("authorization").partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    return call.query.text("access_token") or call.query.text("oauth_token")
