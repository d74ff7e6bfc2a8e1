"""Personal bearer tokens."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy import Connection

from calferry.store import api_tokens
from calferry.web.authentication import CallerDep
from calferry.web.frames import instant
from calferry.web.problems import Problem, not_found, responses
from calferry.web.request_body import RequestBody
from calferry.web.service import ServiceDep

router = APIRouter(prefix="/auth/tokens", tags=["sign-in"])

TokenName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$"),
]


class NewToken(RequestBody):
    name: TokenName
    """What the token is for, in at most 100 characters."""


class CreatedToken(BaseModel):
    """The only answer that ever holds the token."""

    id: str
    name: str
    token: str


class Token(BaseModel):
    id: str
    name: str
    created_at: str
    last_used_at: str | None


class Tokens(BaseModel):
    tokens: list[Token]


@router.get("", responses=responses(401))
async def list_tokens(caller: CallerDep, service: ServiceDep) -> Tokens:
    rows = await service.engine.store.read(lambda conn: api_tokens.of_user(conn, caller.user_id))
    return Tokens(
        tokens=[
            Token(
                id=row.id,
                name=row.name,
                created_at=instant(row.created_at) or "",
                last_used_at=instant(row.last_used_at),
            )
            for row in rows
        ]
    )


@router.post("", status_code=201, responses=responses(400, 401, 403, 409))
async def create_token(new: NewToken, caller: CallerDep, service: ServiceDep) -> CreatedToken:
    engine = service.engine
    token_id, token = engine.ids.new("tok"), engine.ids.secret()

    def store(conn: Connection) -> None:
        if api_tokens.count(conn, caller.user_id) >= api_tokens.TOKENS_PER_USER_MAX:
            raise Problem(409, "too_many_tokens", "You hold as many tokens as is allowed: revoke one first.")
        now_ms = engine.clock.now_ms()
        api_tokens.create(conn, caller.user_id, token_id=token_id, name=new.name, token=token, now_ms=now_ms)

    await engine.store.write(store)
    return CreatedToken(id=token_id, name=new.name, token=token)


@router.delete("/{token_id}", status_code=204, responses=responses(401, 403, 404))
async def revoke_token(token_id: str, caller: CallerDep, service: ServiceDep) -> Response:
    now_ms = service.engine.clock.now_ms()
    revoked = await service.engine.store.write(
        lambda conn: api_tokens.revoke(conn, caller.user_id, token_id, now_ms)
    )
    if not revoked:
        raise not_found("There is no such token among yours.")
    return Response(status_code=204)
