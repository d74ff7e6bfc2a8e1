"""The authorization endpoint: asks a person, or answers for one, and redirects with a code."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from calferry.emulator import consent_page
from calferry.emulator.call import Answer, Call, Route
from calferry.emulator.query import Query
from calferry.emulator.world.oauth import CODE_LIFE_S, AuthorizationCode, full_names
from calferry.emulator.world.people import Person

ISSUER = "https://accounts.google.com"
IDENTITY_SCOPES = frozenset({"openid", "email", "profile"})
PATHS = ("/o/oauth2/v2/auth", "/o/oauth2/auth")


class Blocked(Exception):
    """A request that is shown an error page; the two arguments are Google's error and a detail."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A checked authorization request."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    offline: bool
    prompts: frozenset[str]
    include_granted: bool
    challenge: str
    challenge_method: str
    nonce: str
    login_hint: str


def _ask(call: Call, query: Query) -> Ask:
    client = call.world.oauth.clients.get(query.text("client_id"))
    if client is None:
        raise Blocked("invalid_client", "The OAuth client was not found.")
    redirect_uri = query.text("redirect_uri")
    if not redirect_uri:
        raise Blocked("invalid_request", "Missing required parameter: redirect_uri")
    if not client.may_redirect_to(redirect_uri):
        raise Blocked("redirect_uri_mismatch", f"The redirect URI {redirect_uri} is not registered.")
    _check(query)
    challenge = query.text("code_challenge")
    return Ask(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scopes=tuple(dict.fromkeys(query.text("scope").split())),
        state=query.text("state") if "state" in query else None,
        offline=query.text("access_type") == "offline",
        prompts=frozenset(query.text("prompt").split()),
        include_granted=query.text("include_granted_scopes") == "true",
        challenge=challenge,
        challenge_method=query.text("code_challenge_method", "plain") if challenge else "",
        nonce=query.text("nonce"),
        login_hint=query.text("login_hint"),
    )


def _check(query: Query) -> None:
    if query.text("response_type") != "code":
        raise Blocked("invalid_request", f"Invalid response_type: {query.text('response_type')}")
    if not query.text("scope").split():
        raise Blocked("invalid_request", "Missing required parameter: scope")
    if query.text("access_type", "online") not in ("online", "offline"):
        raise Blocked("invalid_request", f"Invalid access_type: {query.text('access_type')}")
    if query.text("code_challenge_method", "plain") not in ("plain", "S256"):
        raise Blocked("invalid_request", "Invalid code_challenge_method")


def show(call: Call) -> Answer:
    """GET: the consent page, or with `--auto` the redirect that a consent would lead to."""
    try:
        ask = _ask(call, call.query)
    except Blocked as blocked:
        return _blocked(blocked)
    person = _hinted(call, ask)
    if "none" in ask.prompts and not call.world.oauth.has_consented(ask.client_id, person.email):
        return _redirect(ask, {"error": "interaction_required"})
    if call.backstage.options.auto or "none" in ask.prompts:
        return _granted(call, ask, person, ask.scopes)
    people = list(call.world.people.values())
    action = f"{call.request.path}?{call.request.query}"
    page = consent_page.consent(action, ask.client_id, people, person.email, ask.scopes)
    return Answer(page, content_type="text/html; charset=utf-8")


def decide(call: Call) -> Answer:
    """POST of the consent page's form."""
    try:
        ask = _ask(call, call.query)
    except Blocked as blocked:
        return _blocked(blocked)
    form = parse_qs(call.request.body.decode("utf-8", "replace"))
    person = call.world.person(form.get("email", [""])[0])
    if form.get("decision") != ["allow"]:
        return _redirect(ask, {"error": "access_denied"})
    if person is None:
        return _blocked(Blocked("invalid_request", "Choose one of the accounts."))
    ticked = {values[0] for name, values in form.items() if name.startswith("scope_")}
    granted = tuple(scope for scope in ask.scopes if scope in ticked or scope in IDENTITY_SCOPES)
    if not granted:
        return _redirect(ask, {"error": "access_denied"})
    return _granted(call, ask, person, granted)


def _hinted(call: Call, ask: Ask) -> Person:
    people = call.world.people
    by_sub = {person.sub: person for person in people.values()}
    hint = ask.login_hint.lower()
    return people.get(hint) or by_sub.get(hint) or next(iter(people.values()))


def _granted(call: Call, ask: Ask, person: Person, scopes: tuple[str, ...]) -> Answer:
    oauth = call.world.oauth
    first = not oauth.has_consented(ask.client_id, person.email)
    granted = full_names(oauth.consent(ask.client_id, person.email, full_names(scopes), ask.include_granted))
    code = AuthorizationCode(
        code=oauth.code_text(),
        client_id=ask.client_id,
        redirect_uri=ask.redirect_uri,
        email=person.email,
        scopes=granted,
        expires_at=call.now + CODE_LIFE_S,
        refreshable=ask.offline and (first or "consent" in ask.prompts),
        challenge=ask.challenge,
        challenge_method=ask.challenge_method,
        nonce=ask.nonce,
    )
    fields = {"code": oauth.new_code(code), "scope": " ".join(granted), "authuser": "0"}
    prompt = "consent" if first or "consent" in ask.prompts else "none"
    return _redirect(ask, {**fields, "prompt": prompt})


def _redirect(ask: Ask, fields: dict[str, str]) -> Answer:
    state = {} if ask.state is None else {"state": ask.state}
    parts = urlsplit(ask.redirect_uri)
    query = "&".join(filter(None, (parts.query, urlencode({**state, "iss": ISSUER, **fields}))))
    location = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    return Answer(status=302, headers={"Location": location})


def _blocked(blocked: Blocked) -> Answer:
    error, detail = blocked.args
    page = consent_page.refused(error, detail)
    return Answer(page, 401 if error == "invalid_client" else 400, content_type="text/html; charset=utf-8")


ROUTES = tuple(
    Route(http, path, "authorize", act, floor="oauth")
    for path in PATHS
    for http, act in (("GET", show), ("POST", decide))
)
