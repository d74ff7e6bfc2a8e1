"""A small HTML page with a heading and one paragraph. All text is escaped."""

from html import escape

from fastapi.responses import HTMLResponse

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{heading} - calferry</title>
<link rel="stylesheet" href="/static/calferry.css">
</head>
<body>
<main>
<h1>{heading}</h1>
<p>{text}</p>
<p><a href="/">Back to the start</a></p>
</main>
</body>
</html>
"""


def small_page(status: int, heading: str, text: str) -> HTMLResponse:
    return HTMLResponse(PAGE.format(heading=escape(heading), text=escape(text)), status)
