"""Runs every test in one pool, so that no processor waits for the last part of a verb: `make test`.

The parts are those of `make test-python`, `test-versions`, `test-web` and `test-wheels`. One is shorter: the
light wheel's environment has the distributions of .venv, in the same versions, without those that it can do
without. What runs there runs here no second time, unless it may be skipped or different for lack of them.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import test_python
import test_versions
import test_wheels
from bootstrap import ROOT, TOOLS
from side_by_side import Work, command, exit_code, side_by_side

# As measured; what is named nowhere is an error.
LONGEST_FIRST = (
    *("server: ClickHouse", "server: storage", "system", "server: chDB", "browser", "server: API"),
    *("mlflow", "light", "aio"),
    *("server: command line", "server: the rest", "SDK", "aio-newest", "oldest", "TypeScript"),
    *("tables", "both"),
)
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a folder of our own is made in it
_LEAST_FREE = 8 << 30
_SDK_TESTS = ROOT / "sdk" / "tests"
# What they name: a module that may be there, or what these modules do where they are.
_NAMED = re.compile(r"pytest\.skip\(|\b(?:databricks|genai_prices|cost)")
# It skips a test where every Python has Outcrop: in both environments or in none.
_ALIKE = frozenset({"test_run.py"})
_ASKED = re.compile(r"""\b(?:importorskip|find_spec)\(\s*["']([\w.]+)""")


def beyond_light() -> list[Path]:
    """The SDK's tests that may do other than in the light wheel's environment: files, and whole folders."""
    found: set[Path] = set()
    for path in _SDK_TESTS.rglob("*.py"):
        text = path.read_text()
        if path.name in _ALIKE:
            continue
        if _NAMED.search(text) or any(map(_is_here, _ASKED.findall(text))):
            found.add(path if path.name.startswith("test_") else path.parent)
    return sorted(found)


def _is_here(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # it, or what it is in
        return False


def in_memory() -> str | None:
    """A folder of Linux's in memory, where it has room: files of tests come and go by the thousand."""
    try:
        held = os.statvfs(_SHARED_MEMORY)
        if held.f_bavail * held.f_frsize < _LEAST_FREE or held.f_flag & os.ST_NOEXEC:
            return None
        folder = tempfile.mkdtemp(prefix="outcrop-tests-", dir=_SHARED_MEMORY)
    except OSError:  # there is none, or it is another's
        return None
    # PostgreSQL does not run as root: its user has to get through to a folder of its own.
    Path(folder).chmod(0o711)
    return folder


def main() -> int:
    """Runs the tests; gives the exit code."""
    folder = in_memory()
    if folder is None:
        return run_all()
    os.environ["TMPDIR"] = folder
    try:
        return run_all()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_all() -> int:
    """Runs every part; gives the exit code."""
    parts: dict[str, Sequence[str | Path]] = {**test_python.PARTS, test_python.SDK: beyond_light()}
    web: list[str | Path] = [TOOLS / "bin" / "npm", "run", "--silent", "test"]
    works: dict[str, Work] = {
        **test_python.works(parts),
        **test_versions.works(),
        **test_wheels.works(),
        "TypeScript": partial(command, "TypeScript", web, ROOT / "web"),
    }
    ordered = {name: works.pop(name) for name in LONGEST_FIRST}
    if works:
        sys.exit(f"Give a place in LONGEST_FIRST to {', '.join(works)}.")
    return exit_code(side_by_side(ordered))


if __name__ == "__main__":
    sys.exit(main())
