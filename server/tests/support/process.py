"""The command `outcrop` as a process of its own, with folders of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OUTCROP = [sys.executable, "-W", "error", "-m", "outcrop_server.cli.main"]


@contextmanager
def outcrop(
    home: Path, *arguments: str, program: str | None = None, **variables: str
) -> Generator[subprocess.Popen[str], None, None]:
    """Runs the command; `program` is Python that calls it itself, after some preparation."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OUTCROP_")},
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        **variables,
    }
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(  # noqa: S603 - our own command
            [*(OUTCROP if program is None else [*OUTCROP[:-2], "-c", program]), *arguments],
            env=environment,
            stdout=pipe,
            stderr=pipe,
            text=True,
        ) as process
    ):
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    return found.group()


def refusal(process: subprocess.Popen[str]) -> str:
    """What a command says that ends with 2, as one line."""
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output) == (2, "")
    return " ".join(errors.split())


def log_lines(errors: str) -> list[dict[str, Any]]:
    """What a server wrote to standard error: JSON, a line a record, and nothing else."""
    return [json.loads(line) for line in errors.splitlines()]
