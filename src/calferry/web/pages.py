"""HTML pages, from the templates that stand beside this file. What is put into them is text, never markup."""

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def show(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page made of a template and what it names."""
    return HTMLResponse(TEMPLATES.get_template(template).render(values), status)
