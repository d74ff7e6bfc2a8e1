"""Is the process up, and can it do its work."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from calferry.store.tables import users
from calferry.web.problems import Problem, responses
from calferry.web.service import ServiceDep

ANSWER_WITHIN_S = 2.0

router = APIRouter(tags=["health"])


class Health(BaseModel):
    status: str


@router.get("/healthz")
async def is_alive() -> Health:
    """The process answers."""
    return Health(status="ok")


@router.get("/readyz", responses=responses(503))
async def is_ready(service: ServiceDep) -> Health:
    """The database answers too, and has its tables."""
    try:
        await asyncio.wait_for(service.engine.store.read(probe), ANSWER_WITHIN_S)
    except (SQLAlchemyError, TimeoutError, OSError):
        raise Problem(503, "not_ready", "The database does not answer.", retryable=True) from None
    return Health(status="ready")


def probe(conn: Connection) -> None:
    conn.execute(select(func.count()).select_from(select(users.c.id).limit(1).subquery()))
