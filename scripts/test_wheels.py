"""Tests what users install: the light wheel alone with boto3, then both wheels with their dependencies.

Each gets a clean environment of locked distributions, in which nothing of this checkout is importable.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from bootstrap import ENVIRONMENTS, INSTALLING, ROOT, find_uv, locked_environment
from side_by_side import Ended, Work, command, exit_code, side_by_side

SERVER_PACKAGES = ("outcrop_server", "fastapi", "pydantic", "uvicorn", "zstandard", "google.protobuf")


def run(*arguments: str | Path, cwd: Path) -> None:
    """Runs a command; its failure ends this one."""
    done = subprocess.run([str(part) for part in arguments], check=False, cwd=cwd)  # noqa: S603
    if done.returncode:
        sys.exit(f"failed (exit {done.returncode}): {' '.join(map(str, arguments))}")


def environment(name: str, wheels: list[Path]) -> Path:
    """A clean environment with the locked group `name` and these wheels; gives its Python."""
    python = locked_environment(name)
    run(find_uv(), "pip", "install", *INSTALLING, "--python", python, "--no-deps", *wheels, cwd=ROOT)
    run(find_uv(), "pip", "check", "--quiet", "--python", python, cwd=ROOT)
    return python


def light_alone(light: Path) -> Ended:
    """The light wheel and its tests, in an environment without a server's packages."""
    python = environment("light", [light])
    absent = f"import importlib.util as u; assert not [n for n in {SERVER_PACKAGES!r} if _found(u, n)]"
    # The command belongs to the light wheel; the demo below shows that the full one adds to it.
    run(python.parent / "outcrop", "run", "--help", cwd=ROOT / "dist")
    found = "def _found(u, n):\n try: return u.find_spec(n)\n except ModuleNotFoundError: return None\n"
    run(python, "-c", found + absent, cwd=ROOT / "dist")
    with tempfile.TemporaryDirectory() as folder:
        # The tests and what helps them, away from the checkout: what else is imported can only be the wheel.
        here = Path(folder)
        shutil.copytree(ROOT / "sdk" / "tests", here / "sdk" / "tests")
        (here / "scripts").mkdir()
        shutil.copy(ROOT / "scripts" / "steady_port.py", here / "scripts")
        shutil.copy(ROOT / "pyproject.toml", here)
        pytest: list[str | Path] = [
            python,
            "-m",
            "pytest",
            "-q",
            "--durations=10",
            "-p",
            "no:cacheprovider",
            "sdk/tests",
        ]
        return command("the tests of the light wheel alone", pytest, here)


def both(light: Path, full: Path) -> Ended:
    """Both wheels and the demo, as a user installs them."""
    environment("full", [light, full])
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_STATE_HOME": folder}
        outcrop = ENVIRONMENTS / "full" / "bin" / "outcrop"
        return command("the demo of both wheels", [outcrop, "demo", "--exit"], Path(folder), env)


def works() -> dict[str, Work]:
    """What tests each install."""
    (light,) = ROOT.glob("dist/outcrop_tracing-*.whl")
    (full,) = ROOT.glob("dist/outcrop-*.whl")
    return {"light": partial(light_alone, light), "both": partial(both, light, full)}


def main() -> int:
    """Tests both installs; gives the exit code."""
    return exit_code(side_by_side(works()))


if __name__ == "__main__":
    sys.exit(main())
