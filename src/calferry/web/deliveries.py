"""What was told to an endpoint, and how that went."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Connection

from calferry.core.subscription import TEST
from calferry.store import deliveries, subscriptions
from calferry.store.deliveries import AGAIN, Delivery
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.service import ServiceDep
from calferry.web.subscriptions import UNKNOWN, known

router = APIRouter(prefix="/calendar/subscriptions/{subscription_id}", tags=["webhooks"])
RESULTS_MAX = 250


class DeliveryShown(BaseModel):
    id: str
    """The header `webhook-id`: the same at every attempt, and when it is sent again."""
    kind: str
    change_id: str | None
    account_id: str | None
    calendar_id: str | None
    event_id: str | None
    status: str
    """`pending`; `delivered`; `failed`: nobody took it for a day, while others were taken."""
    attempts: int
    answer: int | None
    """The status of the last answer; nothing else of it is kept."""
    error: str | None
    at: str
    """When it happened."""
    next_try_at: str | None
    settled_at: str | None


class Deliveries(BaseModel):
    deliveries: list[DeliveryShown]
    nextPageToken: str | None


@router.get("/deliveries", responses=responses(400, 401, 404))
async def list_deliveries(
    subscription_id: str,
    caller: CallerDep,
    service: ServiceDep,
    status: Annotated[
        Literal["pending", "delivered", "failed"] | None, Query(description="Those alone.")
    ] = None,
    max_results: Annotated[
        int, Query(alias="maxResults", ge=1, le=RESULTS_MAX, description="Deliveries on a page.")
    ] = 100,
    page_token: Annotated[
        str | None, Query(alias="pageToken", description="`nextPageToken` of the page before.")
    ] = None,
) -> Deliveries:
    """The newest first; kept for a week after they were taken."""
    if page_token is not None and not (
        page_token.isascii() and page_token.isdecimal() and len(page_token) < 19
    ):
        raise Problem(400, "invalid_page_token", "Start again from the first page.")
    before = None if page_token is None else int(page_token)

    def look(conn: Connection) -> list[Delivery]:
        if not subscriptions.exists_of(conn, caller.user_id, subscription_id):
            raise not_found(UNKNOWN)
        return deliveries.log_of(
            conn, caller.user_id, subscription_id, before=before, status=status, at_most=max_results + 1
        )

    rows = await service.engine.store.read(look)
    following = str(rows[max_results - 1].number) if len(rows) > max_results else None
    return Deliveries(deliveries=[shown(row) for row in rows[:max_results]], nextPageToken=following)


@router.post("/deliveries/{delivery_id}/replay", status_code=202, responses=responses(401, 403, 404))
async def replay_delivery(
    subscription_id: str, delivery_id: str, caller: CallerDep, service: ServiceDep
) -> DeliveryShown:
    """Send a message again, with the event as it is by now, under the same `webhook-id`."""

    def store(conn: Connection) -> Delivery:
        row = deliveries.load(conn, caller.user_id, subscription_id, delivery_id)
        if row is None:
            raise not_found("There is no such delivery of this subscription.")
        deliveries.set_fate(conn, row.number, AGAIN)
        return deliveries.load(conn, caller.user_id, subscription_id, delivery_id) or row

    return shown(await service.engine.store.write(store))


@router.post("/test", status_code=202, responses=responses(401, 403, 404))
async def send_test(subscription_id: str, caller: CallerDep, service: ServiceDep) -> DeliveryShown:
    """Send a message of the type `test`, which says nothing."""
    engine = service.engine
    message_id, now_ms = engine.ids.new("msg"), engine.clock.now_ms()

    def store(conn: Connection) -> Delivery | None:
        known(subscriptions.load(conn, caller.user_id, subscription_id, now_ms))
        row = {"id": message_id, "user_id": caller.user_id, "subscription_id": subscription_id}
        fate = {"status": "pending", "at": now_ms}
        deliveries.add(conn, [{**row, **fate, "kind": TEST, "line": message_id}])
        return deliveries.load(conn, caller.user_id, subscription_id, message_id)

    row = await engine.store.write(store)
    if row is None:
        raise not_found(UNKNOWN)
    return shown(row)


def shown(row: Delivery) -> DeliveryShown:
    return DeliveryShown(
        id=row.id,
        kind=row.kind,
        change_id=None if row.change_id is None else str(row.change_id),
        account_id=row.account_id,
        calendar_id=row.calendar_id,
        event_id=row.event_id,
        status=row.status,
        attempts=row.attempts,
        answer=row.answer,
        error=row.error,
        at=instant(row.at) or "",
        next_try_at=instant(row.next_try_at),
        settled_at=instant(row.settled_at),
    )
