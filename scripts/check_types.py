"""Checks types of Python and TypeScript, and lints the latter, beside each other: each has one processor."""

from __future__ import annotations

import sys
from functools import partial

from bootstrap import ROOT, TOOLS, VENV
from side_by_side import command, exit_code, side_by_side


def main() -> int:
    """Runs the three; gives the exit code."""
    ended = side_by_side(
        {
            "pyright": partial(command, "pyright", [VENV / "bin" / "pyright"]),
            "mypy": partial(command, "mypy", [VENV / "bin" / "mypy"]),
            "page": partial(
                command, "page", [TOOLS / "bin" / "npm", "run", "--silent", "check"], ROOT / "web"
            ),
        }
    )
    return exit_code(ended)


if __name__ == "__main__":
    sys.exit(main())
