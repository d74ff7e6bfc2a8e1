"""What a usable setting looks like. Each rule raises `ValueError` with the rest of the sentence "X is not usable: …"."""

import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from calferry.vault import KeyMalformed, read_keys

MAKE_KEY = 'python3 -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())"'
MAKE_SECRET = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'  # noqa: S105 - how to make one
CRON_SECRET_LENGTH_MIN = 32
CRON_SECRETS_MAX = 2
EMAIL_PATTERN = re.compile(r"(\*|[^@\s*,]+)@[^@\s*,]+|\*")
WEBHOOK_NOT_HTTPS = (
    "WEBHOOK_BASE_URL is not usable: Google delivers to https only; give an https address, or leave it unset to poll. "
    "Plain http is accepted only when it and CALFERRY_GOOGLE_API_URL are both on this machine's loopback."
)

HOW_TO_SET = {
    "keys": f"make a key with {MAKE_KEY} and keep it safe, since stored grants cannot be read without it.",
    "base_url": "give the address people open, for example http://127.0.0.1:8000 or https://calendar.example.com.",
    "google_client_id": "create an OAuth client of type web application in the Google Cloud console and give its id.",
    "google_client_secret": "give the secret of the OAuth client named by GOOGLE_CLIENT_ID.",
    "allowed_emails": "say who may sign in: addresses separated by commas, *@example.com for a domain, * for anybody.",
}


def default_data_directory() -> Path:
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "calferry"


def read_address(text: str) -> str:
    """An http or https address, without a slash at its end."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("it is not an address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be an address that starts with https:// or http://")
    if parts.username or parts.password or parts.query or parts.fragment or re.search(r"[\s\\]", text):
        raise ValueError("it must hold no user name, query, fragment or blank")
    return text.rstrip("/")


def read_origin(text: str) -> str:
    """Scheme, host and port alone."""
    if not text:
        return text
    address = read_address(text)
    if urlsplit(address).path:
        raise ValueError("it must end after the host and port, without a path")
    return address


def read_webhook_base(text: str) -> str:
    return read_address(text) if text else text


def is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_keys(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        try:
            read_keys(value.get_secret_value())
        except KeyMalformed as malformed:
            raise ValueError(f"{malformed}; make a key with {MAKE_KEY}") from None
    return value


def split_secrets(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",")) if text else ()


def check_cron_secret(value: SecretStr) -> SecretStr:
    secrets = split_secrets(value.get_secret_value())
    if len(secrets) > CRON_SECRETS_MAX:
        raise ValueError("it may hold two secrets, the new one and the old one, not more")
    for secret in secrets:
        check_bearer(secret)
    return value


def check_bearer_secret(value: SecretStr) -> SecretStr:
    if value.get_secret_value():
        check_bearer(value.get_secret_value())
    return value


def check_bearer(secret: str) -> None:
    if len(secret) < CRON_SECRET_LENGTH_MIN:
        raise ValueError(
            f"each secret needs {CRON_SECRET_LENGTH_MIN} characters or more; make one with {MAKE_SECRET}"
        )
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise ValueError(
            f"a header can carry only printable ASCII without blanks; make one with {MAKE_SECRET}"
        )


def split_emails(text: str) -> tuple[str, ...]:
    return tuple(part.strip().lower() for part in text.split(",") if part.strip())


def check_allowed_emails(text: str) -> str:
    for position, pattern in enumerate(split_emails(text), start=1):
        if not EMAIL_PATTERN.fullmatch(pattern):
            raise ValueError(f"entry {position} is neither an address nor *@domain nor *")
    return text


def check_database_url(text: str) -> str:
    if not text or (text.startswith("sqlite:///") and len(text) > len("sqlite:///")):
        return text
    parts = urlsplit(text)
    if parts.scheme == "postgresql" and parts.path.strip("/"):
        return text
    raise ValueError(
        "it must be sqlite:///path or postgresql://user:password@host/database, without a driver's name"
    )
