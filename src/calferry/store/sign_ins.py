"""Sign-ins under way: one row per `state` sent to Google, used once, for ten minutes, by one browser."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, insert, select, update

from calferry.store.fingerprints import fingerprint
from calferry.store.tables import sign_ins

SIGN_IN_LIFE_MS = 600_000
UNDER_WAY_MAX = 10_000
"""Anybody may begin one, and each is a row."""


class TooManyUnderWay(Exception):
    """No further sign-in can be remembered now."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What has to be known when the browser comes back."""

    verifier: bytes = field(repr=False)
    """The PKCE verifier, sealed."""
    nonce: str = field(repr=False)
    intent: str
    return_to: str
    account_id: str | None
    user_id: int | None


def begin(conn: Connection, state: str, browser: str, sign_in: SignIn, now_ms: int) -> None:
    """Remember a sign-in; `browser` is the secret of the cookie that binds it. Raises `TooManyUnderWay`."""
    if under_way(conn) >= UNDER_WAY_MAX:
        conn.execute(delete(sign_ins).where(sign_ins.c.expires_at < now_ms))
        if under_way(conn) >= UNDER_WAY_MAX:
            raise TooManyUnderWay
    row = {name: getattr(sign_in, name) for name in SignIn.__slots__}
    hashes = {"state_hash": fingerprint(state), "browser_hash": fingerprint(browser)}
    conn.execute(insert(sign_ins).values(**hashes, **row, expires_at=now_ms + SIGN_IN_LIFE_MS))


def under_way(conn: Connection) -> int:
    return int(conn.execute(select(func.count()).select_from(sign_ins)).scalar_one())


def use(conn: Connection, state: str, browser: str, now_ms: int) -> SignIn | None:
    """Use the sign-in up and return it; None when it is foreign, used, over or of another browser."""
    mine = (
        sign_ins.c.state_hash == fingerprint(state),
        sign_ins.c.browser_hash == fingerprint(browser),
        sign_ins.c.used_at.is_(None),
        sign_ins.c.expires_at > now_ms,
    )
    row = conn.execute(select(sign_ins).where(*mine)).mappings().first()
    if row is None or conn.execute(update(sign_ins).where(*mine).values(used_at=now_ms)).rowcount != 1:
        return None
    return SignIn(**{name: row[name] for name in SignIn.__slots__})
