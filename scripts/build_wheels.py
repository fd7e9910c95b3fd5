"""Builds both wheels into dist/ with the locked build backend; the page must have been built before."""

from __future__ import annotations

import shutil
import subprocess
import sys

from bootstrap import ROOT

PAGE = ROOT / "server/src/outcrop_server/web/static/index.html"


def main() -> None:
    """Builds them; ends with a message if the page is missing."""
    if not PAGE.exists():
        sys.exit("The page is not built yet. Use: make build")
    dist = ROOT / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    for package in ("sdk", "server"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
        subprocess.run(command, check=True, cwd=ROOT / package)  # noqa: S603
    for wheel in sorted(dist.glob("*.whl")):
        print(f"{wheel.name}: {wheel.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
