"""Seed documents from files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from calferry.emulator import ics
from calferry.emulator.seed import SeedError

Json = dict[str, Any]


def load_seeds(paths: Sequence[str | Path]) -> list[Json]:
    """Seed documents from JSON files and iCalendar files. Raises SeedError naming the file."""
    return [_loaded(Path(path)) for path in paths]


def _loaded(path: Path) -> Json:
    try:
        if path.suffix.lower() == ".ics":
            return ics.seed_document(path.read_bytes(), path.stem)
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SeedError(f"{path}: {error.strerror or error}") from error
    except json.JSONDecodeError as error:
        raise SeedError(f"{path}: not JSON: {error}") from error
    except (ValueError, RecursionError) as error:
        raise SeedError(f"{path}: {error}") from error
    if not isinstance(document, dict):
        raise SeedError(f"{path}: a seed file is a JSON object")
    return document


def named(error: SeedError, paths: Sequence[str | Path], documents: Sequence[Json]) -> SeedError:
    """The error with the name of the file whose document it is about."""
    for path, document in zip(paths, documents, strict=True):
        if document is error.document:
            return SeedError(f"{path}: {error}")
    return error
