"""Runs the Python tests in parts beside each other; arguments are handed to pytest.

With a path among the arguments, pytest runs that alone, here and now.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path

from bootstrap import ROOT
from side_by_side import command, exit_code, side_by_side

# The longest first. Each is a process of its own: what a browser's driver leaves in it meets no other test.
PARTS = {
    "browser": ["tests/browser"],
    "server: API and command line": ["server/tests/api", "server/tests/cli"],
    "system": ["tests", "--ignore=tests/browser"],
    "SDK": ["sdk/tests"],
    "server: the rest": ["server/tests", "--ignore=server/tests/api", "--ignore=server/tests/cli"],
}


def main() -> int:
    """Runs the tests; gives the exit code."""
    given = sys.argv[1:]
    pytest = [sys.executable, "-m", "pytest", *given]
    if any((ROOT / one.partition("::")[0]).exists() for one in given if not one.startswith("-")):
        return subprocess.run(pytest, check=False, cwd=ROOT).returncode  # noqa: S603 - our own command
    # They write their caches side by side, and the last one would win.
    alone = [*pytest, "-q", "-p", "no:cacheprovider"]
    works = {name: partial(command, name, [*alone, *paths], Path(ROOT)) for name, paths in PARTS.items()}
    return exit_code(side_by_side(works), may_be_empty=bool(given))


if __name__ == "__main__":
    sys.exit(main())
