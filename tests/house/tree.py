"""The files and functions of this project, for the tests that look at all of them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "calferry"
FOLDERS = (".ci", "bench", "deploy", "docs", "requirements", "scripts", "src", "tests")
# Other people's words: vendored web assets, and samples collected from the field.
FOREIGN = ("src/calferry/web/static/vendor", "tests/browser/vendor", "tests/samples")
BINARY = {".gif", ".gz", ".ico", ".jpg", ".pem", ".png", ".pyc", ".sqlite3", ".webp", ".woff2"}


@dataclass(frozen=True)
class Function:
    path: Path
    name: str
    line: int
    length: int

    def __str__(self) -> str:
        return f"{relative(self.path)}:{self.line} {self.name} has {self.length} lines"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def own_files() -> tuple[Path, ...]:
    """Every text file people wrote here."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name not in (".env", ".git")]
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return tuple(sorted(path for path in top + below if _is_own(path)))


def _is_own(path: Path) -> bool:
    name = relative(path)
    cached = "__pycache__" in path.parts or any(part.endswith(".egg-info") for part in path.parts)
    return not cached and path.suffix not in BINARY and not name.startswith(FOREIGN)


def python_files(*folders: str) -> list[Path]:
    return [path for path in own_files() if path.suffix == ".py" and relative(path).startswith(folders)]


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def syntax_tree(path: Path) -> ast.Module:
    return ast.parse(read(path), filename=str(path))


def functions(paths: list[Path]) -> Iterator[Function]:
    for path in paths:
        for node in ast.walk(syntax_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(path, node.name, node.lineno, _length(node))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring: prose is not what a budget should discourage."""
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        docstring = node.body[0]
        length -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return length
