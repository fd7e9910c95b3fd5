"""Runs the Python tests in parts beside each other; arguments are handed to pytest.

With a path among the arguments, pytest runs that alone, here and now.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from bootstrap import ROOT
from side_by_side import Work, command, exit_code, side_by_side

SDK = "SDK"
# A commit there takes a tenth of a second.
_CLICKHOUSE = sorted(
    path for path in (ROOT / "server" / "tests").rglob("test_clickhouse*.py") if "embedded" not in path.name
)
# Its engine is then in the tests' process.
_CHDB = {"OUTCROP_TEST_CHDB": "1"}
_EMBEDDED = "server: chDB"
_API = "server: API"
_SERVER_PARTS = ("server/tests/api", "server/tests/cli", "server/tests/storage")
# The longest first. Each is a process of its own: what a browser's driver leaves in it meets no other test.
PARTS: dict[str, Sequence[str | Path]] = {
    _EMBEDDED: ["server/tests/storage/test_clickhouse_embedded.py"],
    "server: ClickHouse": _CLICKHOUSE,
    "server: storage": ["server/tests/storage", "--ignore-glob=*/test_clickhouse*"],
    "system": ["tests", "--ignore=tests/browser", "--ignore=tests/mlflow"],
    "browser": ["tests/browser"],
    _API: ["server/tests/api"],
    SDK: ["sdk/tests"],
    "server: command line": ["server/tests/cli"],
    "server: the rest": [
        "server/tests",
        "--ignore-glob=*/test_clickhouse*",
        *(f"--ignore={part}" for part in _SERVER_PARTS),
    ],
}


def works(parts: Mapping[str, Sequence[str | Path]], given: Sequence[str] = ()) -> dict[str, Work]:
    """What runs each of these parts, with further arguments for pytest."""
    # They write their caches side by side, and the last one would win.
    pytest = [sys.executable, "-m", "pytest", *given, "-q", "--durations=10", "-p", "no:cacheprovider"]
    # More than a second of a processor for each process, and one needs it.
    lean = ["-p", "no:schemathesis"]
    chdb = {**os.environ, **_CHDB}
    return {
        name: partial(
            command,
            name,
            [*pytest, *([] if name == _API else lean), *paths],
            env=chdb if name == _EMBEDDED else None,
        )
        for name, paths in parts.items()
    }


def main() -> int:
    """Runs the tests; gives the exit code."""
    given = sys.argv[1:]
    if any((ROOT / one.partition("::")[0]).exists() for one in given if not one.startswith("-")):
        pytest = [sys.executable, "-m", "pytest", *given]
        return subprocess.run(pytest, check=False, cwd=ROOT).returncode  # noqa: S603 - our own command
    return exit_code(side_by_side(works(PARTS, given)), may_be_empty=bool(given))


if __name__ == "__main__":
    sys.exit(main())
