"""Small HTML pages."""

from html import escape

from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/static/calferry.css">
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def page(title: str, body: str) -> str:
    """A page; the title is escaped, the body is HTML already."""
    return PAGE.format(title=escape(title), body=body)


def small_page(status: int, heading: str, text: str) -> HTMLResponse:
    """A heading and one paragraph, both escaped."""
    return HTMLResponse(
        page(heading, f'<p>{escape(text)}</p>\n<p><a href="/">Back to the start</a></p>'), status
    )
