"""Look for known vulnerabilities in every pinned package.

Usage: python -m scripts.audit [--required] [--service ADDRESS] [requirements file …]
Exit code 1: some are known. Where the vulnerability service cannot be reached nothing has been audited; that is said, and
fails only with --required, as a release is to be made with.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINNED = tuple(ROOT / "requirements" / f"{name}.txt" for name in ("build", "runtime", "dev"))
UNREACHABLE = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|ServiceError|Could not connect|Max retries"
)
OPTIONS = (
    "--strict",
    "--disable-pip",
    "--require-hashes",
    "--progress-spinner=off",
    "--format=json",
    "--timeout=5",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was found; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts.audit", description="Known vulnerabilities of pinned packages."
    )
    parser.add_argument("--required", action="store_true", help="fail where nothing can be audited")
    parser.add_argument("--service", help="another address that answers as osv.dev does")
    parser.add_argument("files", nargs="*", type=Path, default=PINNED)
    given = parser.parse_args(arguments)
    done = ask(given.files, given.service)
    if not done.stdout.startswith("{"):
        return not_audited(done.stderr, required=given.required)
    return tell(json.loads(done.stdout)["dependencies"])


def ask(files: Sequence[Path], service: str | None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip_audit", *OPTIONS, "--vulnerability-service=osv"]
    command += [f"--osv-url={service}"] if service else []
    command += [f"--requirement={path}" for path in files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def not_audited(said: str, *, required: bool) -> int:
    why = said.strip().splitlines()[-1] if said.strip() else "pip-audit said nothing"
    if not UNREACHABLE.search(said):
        print(f"audit: pip-audit failed: {why}", file=sys.stderr)
        return 1
    print("audit: NOT DONE, the vulnerability service cannot be reached from here", file=sys.stderr)
    return int(required)


def tell(dependencies: list[dict[str, Any]]) -> int:
    found = [(package, flaw) for package in dependencies for flaw in package.get("vulns", ())]
    for package, flaw in found:
        cure = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(
            f"audit: {package['name']} {package['version']} has {flaw['id']}; cured by {cure}",
            file=sys.stderr,
        )
    if not found:
        print(f"audit: {len(dependencies)} packages, no known vulnerability", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
