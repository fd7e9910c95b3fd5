"""Renews requirements/*.txt from *.in: every distribution pinned with its hashes, for Python 3.10 and later.

No download address is written, so that any mirror serves.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from bootstrap import ROOT, find_uv

FOLDER = ROOT / "requirements"
OPTIONS = (
    "--quiet",
    "--universal",
    "--python-version=3.10",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command=make lock",
    "--upgrade",
)


def lock(name: str) -> None:
    """Renews one lock file."""
    command = [find_uv(), "pip", "compile", *OPTIONS, f"{name}.in", "-o", f"{name}.txt"]
    subprocess.run([str(part) for part in command], check=True, cwd=FOLDER)  # noqa: S603
    print(f"requirements/{name}.txt: {_count(FOLDER / f'{name}.txt')} distributions")


def _count(path: Path) -> int:
    return sum("==" in line for line in path.read_text().splitlines())


if __name__ == "__main__":
    for group in ("dev", "light", "full", "aio", "aio-newest", "oldest", "tables"):
        lock(group)
