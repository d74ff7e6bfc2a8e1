"""Every setting, read from the environment or from `.env`. Read by `bootstrap` and `cli` alone."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from calferry.settings import rules
from calferry.vault import read_keys

WEBHOOK_PATH = "/api/webhooks/google-calendar"

SCOPES = (
    "openid",
    "email",
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
)

Address = Annotated[str, AfterValidator(rules.read_address)]
Seconds = Annotated[float, Field(gt=0, le=30 * 86_400)]
Days = Annotated[int, Field(ge=1, le=3_650)]

REQUIRED_BY_SERVE = ("keys", "base_url", "google_client_id", "google_client_secret", "allowed_emails")


class SettingsInvalid(Exception):
    """Some settings are missing or wrong. `problems` holds one sentence for each, without any secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """The settings as read; absent ones are empty, and `require` says which of them a command cannot do without."""

    model_config = SettingsConfigDict(
        env_prefix="CALFERRY_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    keys: Annotated[SecretStr, AfterValidator(rules.check_keys)] = SecretStr("")
    base_url: Annotated[str, AfterValidator(rules.read_origin)] = ""
    google_client_id: str = Field("", validation_alias="GOOGLE_CLIENT_ID")
    google_client_secret: SecretStr = Field(SecretStr(""), validation_alias="GOOGLE_CLIENT_SECRET")
    allowed_emails: Annotated[str, AfterValidator(rules.check_allowed_emails)] = ""

    data: Path = Field(default_factory=rules.default_data_directory)
    database_url: Annotated[str, AfterValidator(rules.check_database_url)] = ""
    auto_migrate: bool = True

    webhook_base_url: Annotated[
        str, AfterValidator(rules.read_webhook_base), Field(validation_alias="WEBHOOK_BASE_URL")
    ] = ""
    cron_secret: Annotated[
        SecretStr, AfterValidator(rules.check_cron_secret), Field(validation_alias="CRON_SECRET")
    ] = SecretStr("")

    allow_private_webhooks: bool = False

    extra_scopes: str = ""
    google_api_url: Address = "https://www.googleapis.com"
    google_auth_url: Address = "https://accounts.google.com/o/oauth2/v2/auth"
    google_token_url: Address = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_revoke_url: Address = "https://oauth2.googleapis.com/revoke"
    google_certs_url: Address = "https://www.googleapis.com/oauth2/v3/certs"
    google_userinfo_url: Address = "https://openidconnect.googleapis.com/v1/userinfo"

    poll_with_push_s: Seconds = 6 * 3_600.0
    poll_without_push_s: Seconds = 300.0
    poll_jitter: Annotated[float, Field(ge=0, le=0.5)] = 0.25
    calendar_list_s: Seconds = 900.0
    runs_at_once: Annotated[int, Field(ge=1, le=200)] = 10

    quota_per_minute: Annotated[int, Field(ge=1)] = 10_000
    quota_per_user_per_minute: Annotated[int, Field(ge=1)] = 600
    quota_per_day: Annotated[int, Field(ge=1)] = 1_000_000

    tombstones_kept_days: Days = 30
    changes_kept_days: Days = 30
    audit_kept_days: Days = 365
    session_idle_days: Days = 14
    session_max_days: Days = 90

    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 0
    metrics_host: str = "127.0.0.1"
    metrics_token: Annotated[SecretStr, AfterValidator(rules.check_bearer_secret)] = SecretStr("")

    tracing: bool = False
    otlp_endpoint: str = Field("", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    otlp_traces_endpoint: str = Field("", validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    docs: bool = True

    def require(self, *names: str) -> None:
        """Raise `SettingsInvalid` with a sentence for each named setting that is absent."""
        absent = [name for name in names if not _text(getattr(self, name))]
        if absent:
            raise SettingsInvalid(
                [f"{setting_name(name)} is not set: {rules.HOW_TO_SET[name]}" for name in absent]
            )

    def require_for_serve(self) -> None:
        """Raise `SettingsInvalid` unless the service can start with these settings."""
        self.require(*REQUIRED_BY_SERVE)
        _ = self.webhook_address

    @property
    def sealing_keys(self) -> list[bytes]:
        """The keys of `CALFERRY_KEYS`, newest first."""
        return read_keys(self.keys.get_secret_value())

    @property
    def database_address(self) -> str:
        """`sqlite:///path` or `postgresql://…`, without a driver's name."""
        return self.database_url or f"sqlite:///{self.database_path}"

    @property
    def is_shared(self) -> bool:
        """Whether any number of processes may work on the database."""
        return self.database_address.startswith("postgresql://")

    @property
    def database_path(self) -> Path:
        """Where the default SQLite file stands."""
        return self.data / "calferry.sqlite3"

    @property
    def webhook_address(self) -> str | None:
        """Where Google sends notifications, None when no address is configured.

        Raises `SettingsInvalid` for plain http, except where this address and Google's are both loopback.
        """
        if not self.webhook_base_url:
            return None
        plain = self.webhook_base_url.startswith("http://")
        if plain and not (
            rules.is_loopback(self.webhook_base_url) and rules.is_loopback(self.google_api_url)
        ):
            raise SettingsInvalid([rules.WEBHOOK_NOT_HTTPS])
        return self.webhook_base_url + WEBHOOK_PATH

    @property
    def is_https(self) -> bool:
        """Whether people reach the service by https; decides `Secure` and the `__Host-` prefix of cookies."""
        return self.base_url.startswith("https://")

    @property
    def redirect_uri(self) -> str:
        return f"{self.base_url}/auth/google/callback"

    @property
    def scopes(self) -> tuple[str, ...]:
        """What is asked for at consent."""
        extra = [scope for scope in self.extra_scopes.replace(",", " ").split() if scope not in SCOPES]
        return (*SCOPES, *extra)

    @property
    def cron_secrets(self) -> tuple[str, ...]:
        return rules.split_secrets(self.cron_secret.get_secret_value())

    @property
    def metrics_secret(self) -> str:
        """What opens `/metrics`; empty: nothing does."""
        return self.metrics_token.get_secret_value()

    @property
    def email_patterns(self) -> tuple[str, ...]:
        """Who may sign in: addresses, `*@domain` or `*`, in lower case."""
        return rules.split_emails(self.allowed_emails)

    @property
    def session_idle_ms(self) -> int:
        return self.session_idle_days * 86_400_000

    @property
    def session_max_ms(self) -> int:
        return self.session_max_days * 86_400_000


def load_settings(env_file: Path | None = Path(".env"), **given: Any) -> Settings:
    """Read the settings; `given` ones win over the environment. Raises `SettingsInvalid`."""
    try:
        settings = Settings(_env_file=env_file, **given)
    except ValidationError as invalid:
        raise SettingsInvalid([_sentence(error) for error in invalid.errors(include_input=False)]) from None
    _ = settings.webhook_address
    return settings


def setting_name(field: str) -> str:
    """The name of a setting in the environment."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"CALFERRY_{field.upper()}"


def _text(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _sentence(error: Any) -> str:
    where = str(error["loc"][0]) if error["loc"] else "settings"
    name = setting_name(where) if where in Settings.model_fields else where
    reason = (
        str(error["ctx"]["error"])
        if "error" in error.get("ctx", {})
        else error["msg"][:1].lower() + error["msg"][1:]
    )
    return f"{name} is not usable: {reason}."
