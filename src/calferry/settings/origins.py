"""Where each setting comes from."""

from pathlib import Path

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from calferry.settings import Settings, setting_name

ENVIRONMENT = "environment"
DEFAULT = "default"


def origins(env_file: Path | None = Path(".env")) -> dict[str, str]:
    """For each field of `Settings`: `environment`, the file's name, or `default`. Reads as `load_settings` does."""
    named = [(ENVIRONMENT, set(EnvSettingsSource(Settings)()))]
    if env_file is not None:
        named.append((str(env_file), set(DotEnvSettingsSource(Settings, env_file=env_file)())))
    return {
        field: next((origin for origin, names in named if names & {field, setting_name(field)}), DEFAULT)
        for field in Settings.model_fields
    }
