"""Errors as RFC 9457 problem details, with `code` and `retryable` beside the standard members."""

import re
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as StoreTimeout
from starlette.exceptions import HTTPException
from starlette.routing import Match

from calferry.core.failure import SourceFailure, describe
from calferry.store.unavailable import cannot_hold, does_not_answer
from calferry.web.head_requests import answers_head
from calferry.web.wrong_values import reason

MEDIA_TYPE = "application/problem+json"
FIELD_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class ProblemDetails(BaseModel):
    """What every refusal answers."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    retry_after_s: int | None = None
    """Seconds to wait, where the answer has a `Retry-After`."""
    reason: str | None = None
    """Google's word for why it refused an edit."""
    intent_id: str | None = None
    """The edit that this is about."""
    conflict_id: str | None = None
    """The record of two edits that met."""
    fields: list[str] | None = None
    """What both of them changed."""


class Problem(Exception):
    """A refusal. `detail` is shown to the caller: it never holds a secret or what the caller sent.

    `more` are further members of `ProblemDetails`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        retryable: bool = False,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.headers = headers or {}
        self.more = more

    def response(self) -> Response:
        return problem_response(
            self.status,
            self.code,
            self.detail,
            retryable=self.retryable,
            headers=self.headers,
            **self.more,
        )


def unauthenticated(detail: str = "Authentication token is missing or invalid") -> Problem:
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})


def not_found(detail: str) -> Problem:
    return Problem(404, "not_found", detail)


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    retryable: bool = False,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    title = HTTPStatus(status).phrase
    wait = (headers or {}).get("Retry-After")
    body = ProblemDetails(
        title=title,
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        retry_after_s=None if wait is None else int(wait),
        **more,
    )
    return JSONResponse(body.model_dump(exclude_none=True), status, headers=headers, media_type=MEDIA_TYPE)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How refusals stand in the OpenAPI document."""
    schema = {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": ProblemDetails,
            "content": {MEDIA_TYPE: schema},
        }
        for status in statuses
    }


def install(app: FastAPI, headers: dict[str, str]) -> None:
    """Answer every kind of failure as a problem. `headers` go with those that no middleware sees any more."""

    async def on_exception(_request: Request, _error: Exception) -> Response:
        detail = "The server failed to answer this request."
        return problem_response(500, "internal", detail, retryable=True, headers=headers)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(SourceFailure, on_source_failure)
    app.add_exception_handler(DBAPIError, on_store_failure)
    app.add_exception_handler(StoreTimeout, on_store_silence)
    app.add_exception_handler(Exception, on_exception)


async def on_problem(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - narrows for the type checker
    return problem.response()


HTTP_DETAILS = {
    400: ("invalid_request", "The body is not JSON."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("body_too_slow", "The body of the request did not arrive in time."),
    413: ("body_too_large", "The body of the request is too large."),
}


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows for the type checker
    fallback = ("request_refused", HTTPStatus(error.status_code).phrase)
    code, detail = HTTP_DETAILS.get(error.status_code, fallback)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request)) or headers["Allow"]
    return problem_response(error.status_code, code, detail, headers=headers)


def allowed_methods(request: Request) -> list[str]:
    """The methods of every route at this address; the router itself names those of the first one only."""
    routes: list[APIRoute] = request.app.state.api_routes
    matching = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    methods = {method for route in matching for method in route.methods or ()}
    if "GET" in methods and answers_head(request.scope["path"]):
        methods.add("HEAD")
    return sorted(methods)


async def on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows for the type checker
    return problem_response(400, "invalid_request", validation_detail(error))


def validation_detail(error: RequestValidationError) -> str:
    """Say which field is wrong and why, without repeating its value."""
    first = error.errors()[0]
    kind, *path = (str(part) for part in first["loc"])
    if first["type"] == "json_invalid":
        return "The body is not JSON."
    if first["type"] in ("model_attributes_type", "dict_type") and isinstance(first["input"], bytes):
        return "The body is not JSON: say that it is, by Content-Type: application/json."
    named = ".".join(path)
    if first["type"] == "extra_forbidden":
        return f"The {kind} field {shown(named)} is not known here: leave it out, or look how it is spelled."
    where = f"The {kind} field {named}" if named else f"The {kind}"
    if first["type"] == "missing":
        return f"{where} is missing."
    return f"{where} is not usable: {reason(first)}."


def shown(name: str) -> str:
    """The name of a field as it was sent, as far as it may be one."""
    return name if FIELD_NAME.fullmatch(name) else "with a strange name"


async def on_source_failure(_request: Request, failure: Exception) -> Response:
    assert isinstance(failure, SourceFailure)  # noqa: S101 - narrows for the type checker
    shown = describe(failure)
    return problem_response(502, "google_failed", shown.message, retryable=shown.retryable)


async def on_store_failure(request: Request, error: Exception) -> Response:
    """Raises what is neither the store's silence nor the request's fault."""
    assert isinstance(error, DBAPIError)  # noqa: S101 - narrows for the type checker
    if cannot_hold(error):
        if "\0" in request.scope["path"]:
            return problem_response(404, *HTTP_DETAILS[404])
        return problem_response(400, "invalid_request", "Text may not hold the character NUL.")
    if not does_not_answer(error):
        raise error
    return await on_store_silence(request, error)


async def on_store_silence(_request: Request, _error: Exception) -> Response:
    detail = "The database does not answer at the moment."
    return problem_response(503, "store_unavailable", detail, retryable=True, headers={"Retry-After": "5"})
