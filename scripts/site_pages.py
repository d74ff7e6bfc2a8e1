"""Hook of the documentation's site: brings in what stands outside docs/, and leads links there.

Pages link to files of the repository, so that they can be read there too. On the site a link to a page leads to that
page, and one to any other file (a test, a scenario's folder) to a page that shows it.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from properdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
OWN_PAGES = sorted(path.name for path in ROOT.glob("*.md"))
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".json": "json"}


def anchor(title: str, separator: str) -> str:
    """The anchor that forges give a heading, so that the same link works there."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", separator)


def uri_of(path: str) -> str:
    """Where the site has a file of the repository."""
    if path == "README.md":
        return "index.md"
    if path.startswith("docs/"):
        own = path.removeprefix("docs/")
        return f"{own}/index.md" if (ROOT / path).is_dir() else own
    return path if path in OWN_PAGES else f"source/{path}.md"


def path_of(uri: str) -> str:
    """The reverse, for pages."""
    if uri == "index.md":
        return "README.md"
    return uri if uri in OWN_PAGES else f"docs/{uri}"


def targets_of(text: str, path: str) -> Iterator[tuple[str, str]]:
    """Links of a page, each with the file of the repository that it leads to."""
    for link in LINK.findall(text):
        name = link.partition("#")[0]
        if name and "://" not in link and not link.startswith("mailto:"):
            yield link, posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def rewritten(text: str, path: str) -> str:
    """A page as the site needs it: its links lead from page to page."""
    here = posixpath.dirname(uri_of(path))
    led = {
        link: posixpath.relpath(uri_of(target), here or ".") + link[len(link.partition("#")[0]) :]
        for link, target in targets_of(text, path)
    }
    return LINK.sub(lambda match: led.get(match[1], match[1]), text)


def shown(path: Path) -> str:
    """A file, or all the files of a folder, as a page."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    parts = [f"# {path.relative_to(ROOT)}"]
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            name = [f"## {file.relative_to(path)}"] if path.is_dir() else []
            text = file.read_text("utf-8").replace("```", "` ` `")
            parts += [*name, f"```{LANGUAGES.get(file.suffix, 'text')}\n{text}```"]
    return "\n\n".join(parts) + "\n"


def listed(folder: Path) -> str:
    """A folder of docs/ as a page: its pages by their titles, its pictures as they are."""
    files = sorted(folder.iterdir())
    titles = {path: path.read_text("utf-8").partition("\n")[0].lstrip("# ") for path in folder.glob("*.md")}
    lines = [f"- [{title}]({path.name})" for path, title in sorted(titles.items())]
    lines += [f"![{path.stem.replace('-', ' ')}]({path.name})\n" for path in files if path.suffix == ".png"]
    return f"# {folder.name.capitalize()}\n\n" + "\n".join(lines) + "\n"


def on_files(files: Files, config: Any) -> Files:
    """Add the pages outside docs/, folders of it, and whatever a page links to."""
    for name in OWN_PAGES:
        files.append(File.generated(config, uri_of(name), content=(ROOT / name).read_text("utf-8")))
    for folder in sorted(path for path in (ROOT / "docs").iterdir() if path.is_dir()):
        files.append(File.generated(config, uri_of(f"docs/{folder.name}"), content=listed(folder)))
    sources = {
        target
        for page in [*files.documentation_pages()]
        for _, target in targets_of(page.content_string, path_of(page.src_uri))
        if uri_of(target).startswith("source/") and (ROOT / target).exists()
    }
    for target in sorted(sources):
        files.append(File.generated(config, uri_of(target), content=shown(ROOT / target)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:  # noqa: ARG001 - the hook's signature
    """Links of pages that were brought in or that lead out of docs/."""
    uri = page.file.src_uri
    is_made = uri.startswith("source/") or uri.endswith("/index.md")
    return markdown if is_made else rewritten(markdown, path_of(uri))
