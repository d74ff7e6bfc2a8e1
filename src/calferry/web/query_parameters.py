"""Parameters of a query that nobody knows are refused: a slip of the pen would else be answered with everything."""

from typing import Any

from fastapi import Depends, Request

from calferry.web.authentication import authenticate
from calferry.web.problems import Problem, shown


async def refuse_unknown_parameters(request: Request) -> None:
    """Let pass what the OpenAPI document names for this route. Raises the 400 `Problem` that names both."""
    known = query_parameters(request)
    for name in request.query_params:
        if name not in known:
            those = f"known are {', '.join(known)}" if known else "this address takes none"
            detail = f"The query parameter {shown(name)} is not known here: {those}."
            raise Problem(400, "invalid_request", detail)


async def refuse_repeated_parameters(request: Request) -> None:
    """Nobody knows which of two values is meant. Raises the 400 `Problem`."""
    given = [name for name, _ in request.query_params.multi_items()]
    if len(given) > len(set(given)):
        raise Problem(400, "invalid_request", "A query parameter is given more than once.")


def query_parameters(request: Request) -> list[str]:
    """The names that the route documents, in the order of the document."""
    operations: dict[str, Any] = request.app.openapi()["paths"][request.scope["route"].path]
    parameters = operations[request.method.lower()].get("parameters", [])
    return [parameter["name"] for parameter in parameters if parameter["in"] == "query"]


REFUSE_UNKNOWN_PARAMETERS = (Depends(authenticate), Depends(refuse_unknown_parameters))
"""Who may not ask at all learns that first."""
