"""A small HTML page."""

from fastapi.responses import HTMLResponse

from calferry.web.pages import show


def small_page(status: int, heading: str, text: str) -> HTMLResponse:
    """A heading and one paragraph."""
    return show("small.html", status=status, heading=heading, text=text)
