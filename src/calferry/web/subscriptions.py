"""Where a person's changes are told to: endpoints of theirs, and the secrets that messages are signed with."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints, model_validator
from sqlalchemy import Connection

from calferry.core.subscription import KINDS, Kind, new_secret
from calferry.store import subscriptions
from calferry.store.sealed import webhook_context
from calferry.store.subscriptions import RESUMED, Secret, Subscription
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.request_body import RequestBody
from calferry.web.service import Service, ServiceDep

router = APIRouter(prefix="/calendar/subscriptions", tags=["webhooks"])

UNKNOWN = "There is no such subscription among yours."
KEEP_OLD_MAX_S = 30 * 86_400

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Url = Annotated[
    str, StringConstraints(min_length=1, max_length=2_000), Field(examples=["https://example.com/hooks"])
]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=50)]


class NewSubscription(RequestBody):
    url: Url
    """An https address that leads to the public internet."""
    kinds: Kinds | None = None
    """What to tell; everything without it."""
    name: Name = ""


class SubscriptionChange(RequestBody):
    """What is left out stays as it is."""

    url: Url | None = None
    kinds: Kinds | None = None
    name: Name | None = None
    status: Literal["active", "paused"] | None = None
    """`active` also makes a failing one try again; whatever waits is sent then."""

    @model_validator(mode="after")
    def names_something(self) -> "SubscriptionChange":
        if all(value is None for _, value in self):
            raise ValueError(f"it has to name what to change: {' or '.join(type(self).model_fields)}")
        return self


class SecretShown(BaseModel):
    id: str
    created_at: str
    expires_at: str | None


class SubscriptionShown(BaseModel):
    id: str
    url: str
    name: str
    kinds: list[str]
    status: str
    """`active`; `paused`; `failing`: nobody took anything for a day, or it answered 410. Nothing is sent until it is set
    `active` again, and nothing is lost as long as the change log is kept."""
    last_success_at: str | None
    last_error: str | None
    next_try_at: str | None
    """When an endpoint that does not answer is tried again."""
    secrets: list[SecretShown]
    """Those that messages are signed with at the moment."""
    created_at: str


class Subscriptions(BaseModel):
    subscriptions: list[SubscriptionShown]


class CreatedSubscription(SubscriptionShown):
    """The only answer that ever holds the secret."""

    secret: str


class NewSecret(RequestBody):
    keep_old_s: Annotated[int, Field(ge=0, le=KEEP_OLD_MAX_S)] = 86_400
    """For how long messages are signed with the older secrets, too."""


class CreatedSecret(SecretShown):
    """The only answer that ever holds the secret."""

    secret: str


@router.get("", responses=responses(401))
async def list_subscriptions(caller: CallerDep, service: ServiceDep) -> Subscriptions:
    now_ms = service.engine.clock.now_ms()
    rows = await service.engine.store.read(lambda tx: subscriptions.of_user(tx, caller.user_id, now_ms))
    return Subscriptions(subscriptions=[shown(row) for row in rows])


@router.post("", status_code=201, responses=responses(400, 401, 403, 409))
async def create_subscription(
    new: NewSubscription, caller: CallerDep, service: ServiceDep
) -> CreatedSubscription:
    """Tell an endpoint of everything that changes from now on, with the signatures of
    [Standard Webhooks](https://www.standardwebhooks.com). See docs/webhooks.md."""
    await refuse_inside(service, new.url)
    engine = service.engine
    subscription_id, text, now_ms = (
        engine.ids.new("sub"),
        new_secret(engine.ids.secret()),
        engine.clock.now_ms(),
    )
    secret = sealed(service, text, now_ms)

    def store(conn: Connection) -> Subscription | None:
        if subscriptions.count(conn, caller.user_id) >= subscriptions.PER_USER_MAX:
            raise Problem(409, "too_many_subscriptions", "You have as many as is allowed: remove one first.")
        kinds = new.kinds or KINDS
        subscriptions.create(conn, caller.user_id, subscription_id, new.url, new.name, kinds, now_ms)
        subscriptions.add_secret(conn, (caller.user_id, subscription_id), secret, now_ms)
        return subscriptions.load(conn, caller.user_id, subscription_id, now_ms)

    row = await engine.store.write(store)
    return CreatedSubscription(**shown(known(row)).model_dump(), secret=text)


@router.get("/{subscription_id}", responses=responses(401, 404))
async def get_subscription(subscription_id: str, caller: CallerDep, service: ServiceDep) -> SubscriptionShown:
    now_ms = service.engine.clock.now_ms()
    return shown(
        known(
            await service.engine.store.read(
                lambda conn: subscriptions.load(conn, caller.user_id, subscription_id, now_ms)
            )
        )
    )


@router.patch("/{subscription_id}", responses=responses(400, 401, 403, 404))
async def change_subscription(
    subscription_id: str, wanted: SubscriptionChange, caller: CallerDep, service: ServiceDep
) -> SubscriptionShown:
    """Pause and resume, or lead elsewhere. What was to be sent stays to be sent."""
    now_ms = service.engine.clock.now_ms()
    load = subscriptions.load
    known(await service.engine.store.read(lambda conn: load(conn, caller.user_id, subscription_id, now_ms)))
    if wanted.url is not None:
        await refuse_inside(service, wanted.url)

    def store(conn: Connection) -> Subscription | None:
        subscriptions.change(conn, caller.user_id, subscription_id, values_of(wanted))
        if wanted.status == "active":
            subscriptions.begin_anew(conn, subscription_id)
        return load(conn, caller.user_id, subscription_id, now_ms)

    return shown(known(await service.engine.store.write(store)))


def values_of(wanted: SubscriptionChange) -> dict[str, Any]:
    values: dict[str, Any] = wanted.model_dump(include={"url", "name"}, exclude_none=True)
    if wanted.kinds is not None:
        values["kinds"] = subscriptions.written(wanted.kinds)
    if wanted.status is not None:
        values |= RESUMED if wanted.status == "active" else {"status": "paused"}
    return values


@router.delete("/{subscription_id}", status_code=204, responses=responses(401, 403, 404))
async def remove_subscription(subscription_id: str, caller: CallerDep, service: ServiceDep) -> Response:
    """Nothing is sent any more; its log of deliveries goes with it."""
    removed = await service.engine.store.write(
        lambda conn: subscriptions.remove(conn, caller.user_id, subscription_id)
    )
    if not removed:
        raise not_found(UNKNOWN)
    return Response(status_code=204)


@router.post("/{subscription_id}/secrets", status_code=201, responses=responses(400, 401, 403, 404))
async def create_secret(
    subscription_id: str, new: NewSecret, caller: CallerDep, service: ServiceDep
) -> CreatedSecret:
    """A further secret. Until the older ones end, messages carry a signature for each."""
    engine = service.engine
    text, now_ms = new_secret(engine.ids.secret()), engine.clock.now_ms()
    secret = sealed(service, text, now_ms)

    def store(conn: Connection) -> None:
        row = known(subscriptions.load(conn, caller.user_id, subscription_id, now_ms))
        if len(row.secrets) >= subscriptions.SECRETS_MAX and new.keep_old_s:
            raise Problem(
                400, "too_many_secrets", "Remove an older secret first, or keep none: keep_old_s=0."
            )
        until_ms = now_ms + new.keep_old_s * 1000
        subscriptions.add_secret(conn, (caller.user_id, subscription_id), secret, until_ms)

    await engine.store.write(store)
    return CreatedSecret(id=secret.id, created_at=instant(now_ms) or "", expires_at=None, secret=text)


@router.delete(
    "/{subscription_id}/secrets/{secret_id}", status_code=204, responses=responses(401, 403, 404, 409)
)
async def remove_secret(
    subscription_id: str, secret_id: str, caller: CallerDep, service: ServiceDep
) -> Response:
    """Sign with it no more, from now on."""
    now_ms = service.engine.clock.now_ms()

    def store(conn: Connection) -> bool:
        row = known(subscriptions.load(conn, caller.user_id, subscription_id, now_ms))
        if [secret.id for secret in row.secrets] == [secret_id]:
            raise Problem(409, "last_secret", "It is the last one: make a new one first.")
        return subscriptions.remove_secret(conn, caller.user_id, subscription_id, secret_id)

    if not await service.engine.store.write(store):
        raise not_found("There is no such secret of this subscription.")
    return Response(status_code=204)


async def refuse_inside(service: Service, url: str) -> None:
    refused = await service.engine.outbound.refusal(url)
    if refused is not None:
        raise Problem(400, "invalid_url", f"The address {refused}.")


def sealed(service: Service, text: str, now_ms: int) -> Secret:
    secret_id = service.engine.ids.new("whs")
    return Secret(secret_id, now_ms, None, service.engine.vault.seal(text, webhook_context(secret_id)))


def known(row: Subscription | None) -> Subscription:
    if row is None:
        raise not_found(UNKNOWN)
    return row


def shown(row: Subscription) -> SubscriptionShown:
    return SubscriptionShown(
        id=row.id,
        url=row.url,
        name=row.name,
        kinds=list(row.wanted),
        status=row.status,
        last_success_at=instant(row.last_success_at),
        last_error=row.last_error,
        next_try_at=instant(row.next_try_at),
        secrets=[
            SecretShown(
                id=secret.id,
                created_at=instant(secret.created_at) or "",
                expires_at=instant(secret.expires_at),
            )
            for secret in row.secrets
        ],
        created_at=instant(row.created_at) or "",
    )
