"""What every route reaches for: the engine and the settings of this site."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import Depends, Request

from calferry.ports import Spawn
from calferry.sync.engine import Engine


class SiteSettings(Protocol):
    """The settings that HTTP needs."""

    @property
    def base_url(self) -> str: ...
    @property
    def is_https(self) -> bool: ...
    @property
    def redirect_uri(self) -> str: ...
    @property
    def scopes(self) -> tuple[str, ...]: ...
    @property
    def email_patterns(self) -> tuple[str, ...]: ...
    @property
    def google_auth_url(self) -> str: ...
    @property
    def cron_secrets(self) -> tuple[str, ...]: ...
    @property
    def metrics_secret(self) -> str: ...
    @property
    def session_idle_ms(self) -> int: ...
    @property
    def session_max_ms(self) -> int: ...
    @property
    def docs(self) -> bool: ...


class AuthorizeUrl(Protocol):
    """Builds the address of Google's consent page."""

    def __call__(
        self, *, state: str, nonce: str, challenge: str, login_hint: str | None, prompt: str | None
    ) -> str: ...


RenderMetrics = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Service:
    engine: Engine
    settings: SiteSettings
    authorize_url: AuthorizeUrl
    spawn: Spawn
    render_metrics: RenderMetrics | None = None


def service_of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _service(request: Request) -> Service:
    return service_of(request)


ServiceDep = Annotated[Service, Depends(_service)]
