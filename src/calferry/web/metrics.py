"""Figures for Prometheus, at this address only for whoever has the token."""

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import Response

from calferry.web.problems import Problem, responses, unauthenticated
from calferry.web.service import ServiceDep

CLOSED = "Metrics are not served here: set CALFERRY_METRICS_TOKEN, or CALFERRY_METRICS_PORT for a port of their own."
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses=responses(401, 503))
async def show_metrics(request: Request, service: ServiceDep) -> Response:
    """Figures in Prometheus' text format; `Authorization: Bearer` and `CALFERRY_METRICS_TOKEN`. Names of people, calendars
    and events are in none of them."""
    token, render = service.settings.metrics_secret, service.render_metrics
    if not token or render is None:
        raise Problem(503, "metrics_closed", CLOSED)
    given = [value for name, value in request.scope["headers"] if name == b"authorization"]
    sent = given[0] if len(given) == 1 else b""
    if not hmac.compare_digest(sent, f"Bearer {token}".encode()):
        raise unauthenticated("The metrics token is missing or wrong.")
    return Response(await render(), media_type=CONTENT_TYPE)
