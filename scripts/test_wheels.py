"""Tests what users install: the light wheel alone with boto3, then both wheels with their dependencies.

Each gets a clean environment of locked distributions, in which nothing of this checkout is importable.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bootstrap import ENVIRONMENTS, ROOT, find_uv, locked_environment

SERVER_PACKAGES = ("outcrop_server", "fastapi", "pydantic", "uvicorn", "zstandard", "google.protobuf")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> None:
    """Runs a command; its failure ends this one."""
    done = subprocess.run([str(part) for part in command], check=False, cwd=cwd, env=env)  # noqa: S603
    if done.returncode:
        sys.exit(f"failed (exit {done.returncode}): {' '.join(map(str, command))}")


def environment(name: str, wheels: list[Path]) -> Path:
    """A clean environment with the locked group `name` and these wheels; gives its Python."""
    python = locked_environment(name)
    run(find_uv(), "pip", "install", "--quiet", "--python", python, "--no-deps", *wheels, cwd=ROOT)
    run(find_uv(), "pip", "check", "--quiet", "--python", python, cwd=ROOT)
    return python


def main() -> None:
    """Tests both installs."""
    (light,) = ROOT.glob("dist/outcrop_tracing-*.whl")
    (full,) = ROOT.glob("dist/outcrop-*.whl")
    python = environment("light", [light])
    absent = f"import importlib.util as u; assert not [n for n in {SERVER_PACKAGES!r} if _found(u, n)]"
    # The command belongs to the light wheel; the demo below shows that the full one adds to it.
    run(python.parent / "outcrop", "run", "--help", cwd=ROOT / "dist")
    found = "def _found(u, n):\n try: return u.find_spec(n)\n except ModuleNotFoundError: return None\n"
    run(python, "-c", found + absent, cwd=ROOT / "dist")
    with tempfile.TemporaryDirectory() as folder:
        # The tests alone, away from the checkout: what is imported can only be the wheel.
        here = Path(folder)
        shutil.copytree(ROOT / "sdk" / "tests", here / "sdk" / "tests")
        shutil.copy(ROOT / "pyproject.toml", here)
        run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "sdk/tests", cwd=here)
    print("The light wheel passes its tests alone.")
    environment("full", [light, full])
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_STATE_HOME": folder}
        run(ENVIRONMENTS / "full" / "bin" / "outcrop", "demo", "--exit", cwd=Path(folder), env=env)
    print("Both wheels together pass the demo.")


if __name__ == "__main__":
    main()
