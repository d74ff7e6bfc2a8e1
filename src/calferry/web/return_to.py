"""Where a browser goes after signing in: a path of this service, never another site."""

from urllib.parse import unquote, urlsplit

RETURN_TO_LENGTH_MAX = 2_048
HOME = "/"


def safe_return_to(text: str | None) -> str:
    """Return the path asked for, or `/` when it could lead elsewhere.

    The result starts with one slash and has no host, however often a browser or a proxy decodes it.
    """
    if not text or len(text) > RETURN_TO_LENGTH_MAX:
        return HOME
    if not text.isascii() or " " in text:
        return HOME
    readings = (text, unquote(text), unquote(unquote(text)))
    return text if all(map(is_local, readings)) else HOME


def is_local(path: str) -> bool:
    if not path.startswith("/") or path.startswith("//") or "\\" in path or not path.isprintable():
        return False
    try:
        parts = urlsplit(path)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
