"""Reads a TOML file of options, and on which line each stands."""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.configuration.option import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 1 << 20


class FileValue(NamedTuple):
    """A value as TOML has it, and its line, from 1."""

    value: Any
    line: int


def read_file(path: Path) -> dict[str, FileValue]:
    """What stands at a file's top level.

    Raises:
        SettingsError: the file cannot be read, or is no TOML; says where.
    """
    # By name: of the two modules each Python, and each type checker's environment, has one.
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode()
        values: dict[str, Any] = toml.loads(text)
    except OSError as error:
        raise SettingsError(f"The configuration file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # TOML's own errors among them, which name line and column
        raise SettingsError(f"The configuration file {path} is no TOML: {error}.") from error
    return {key: FileValue(value, _line_of(text, key)) for key, value in values.items()}


def _line_of(text: str, key: str) -> int:
    """The parser does not say: the first line that begins with the key, or with its table."""
    name = re.escape(key)
    begins = re.compile(rf"""\s*\[*\s*(?:{name}|"{name}"|'{name}')\s*[\]=.]""")
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if begins.match(line)), 1)
