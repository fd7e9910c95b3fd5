"""Renews requirements/*.txt from *.in: every distribution pinned with its hashes, for Python 3.10 and later.

No download address is written, so that any mirror serves. Given names, only those groups are renewed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bootstrap import ROOT, WITHOUT_DEPENDENCIES, find_uv

GROUPS = ("dev", "light", "full", "aio", "aio-newest", "oldest", "tables", "mlflow", "mlflow-oldest", "chdb")
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
    alone = ["--no-deps"] if name in WITHOUT_DEPENDENCIES else []
    command = [find_uv(), "pip", "compile", *OPTIONS, *alone, f"{name}.in", "-o", f"{name}.txt"]
    subprocess.run([str(part) for part in command], check=True, cwd=FOLDER)  # noqa: S603
    print(f"requirements/{name}.txt: {_count(FOLDER / f'{name}.txt')} distributions")


def _count(path: Path) -> int:
    return sum("==" in line for line in path.read_text().splitlines())


if __name__ == "__main__":
    for group in sys.argv[1:] or GROUPS:
        lock(group)
