"""What every body of a request has in common."""

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """A field that nobody knows is refused: it is a slip of the pen, and to ignore it would hide that."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
