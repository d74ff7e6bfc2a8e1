"""Requests per minute: a sliding window per project and per user of a project. Off until somebody sets limits."""

from collections import deque
from dataclasses import dataclass, field

WINDOW_S = 60.0
PATCH_UNITS = 3
PROJECT_LIMIT = 10_000
USER_LIMIT = 600


@dataclass(frozen=True, slots=True)
class Exceeded:
    """Which limit a request ran into."""

    name: str
    metric: str
    value: int


@dataclass(slots=True)
class Window:
    """What was spent in the last minute."""

    spent: deque[tuple[float, int]] = field(default_factory=deque)
    units: int = 0

    def at(self, now: float) -> int:
        while self.spent and self.spent[0][0] <= now - WINDOW_S:
            self.units -= self.spent.popleft()[1]
        return self.units

    def spend(self, now: float, units: int) -> None:
        self.spent.append((now, units))
        self.units += units


@dataclass(slots=True)
class Quota:
    """Limits in units per minute, None for none; `status` is what a request beyond them gets (403 or 429)."""

    per_minute: int | None = None
    per_minute_per_user: int | None = None
    status: int = 403
    projects: dict[str, Window] = field(default_factory=dict)
    users: dict[tuple[str, str], Window] = field(default_factory=dict)

    def charge(self, project: str, user: str, method: str, now: float) -> Exceeded | None:
        """Spends the units of a request, or says which limit forbids it. A refused request costs nothing."""
        if self.per_minute is None and self.per_minute_per_user is None:
            return None
        units = PATCH_UNITS if method.endswith(".patch") else 1
        whole = self.projects.setdefault(project, Window())
        own = self.users.setdefault((project, user), Window())
        if self.per_minute is not None and whole.at(now) + units > self.per_minute:
            return Exceeded("Queries per minute", "defaultPerMinutePerProject", self.per_minute)
        if self.per_minute_per_user is not None and own.at(now) + units > self.per_minute_per_user:
            return Exceeded(
                "Queries per minute per user", "defaultPerMinutePerUser", self.per_minute_per_user
            )
        whole.spend(now, units)
        own.spend(now, units)
        return None


def quota_of(fields: dict[str, object]) -> Quota:
    """Limits as a control request or a seed states them. Raises ValueError for nonsense."""
    unknown = set(fields) - {"per_minute", "per_minute_per_user", "status"}
    if unknown:
        raise ValueError(
            f"unknown fields {sorted(unknown)}; known are per_minute, per_minute_per_user, status"
        )
    for name in ("per_minute", "per_minute_per_user"):
        limit = fields.get(name)
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
            raise ValueError(f"{name} is a whole number from 0 up, or null for no limit, not {limit!r}")
    status = fields.get("status", 403)
    if status not in (403, 429):
        raise ValueError(f"status is 403 or 429, not {status!r}")
    project, user = (
        limit if isinstance(limit := fields.get(name), int) else None
        for name in ("per_minute", "per_minute_per_user")
    )
    return Quota(project, user, 429 if status == 429 else 403)
