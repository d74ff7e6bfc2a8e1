"""Opaque tokens: base64 of a small JSON object."""

import base64
import binascii
import json
from typing import Any


def seal(**fields: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def unseal(token: str) -> dict[str, Any]:
    """Return the fields of a token made by `seal`; an empty dict for anything else."""
    try:
        fields = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return fields if isinstance(fields, dict) else {}
