"""The kind of `log_level`: a level for all, and others for single loggers."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from outcrop_server.configuration.kinds import quoted

_LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}


def levels_in(text: str) -> dict[str, int]:
    """Levels by logger; the one without a name is everybody's.

    Raises:
        ValueError: an entry is none; says what would be.
    """
    found: dict[str, int] = {}
    for entry in filter(None, map(str.strip, text.split(","))):
        name, _, level = entry.rpartition("=")
        if level.strip().lower() not in _LEVELS:
            raise ValueError(
                f"{', '.join(_LEVELS)}, or one of them for each of several loggers: info,uvicorn=debug"
            )
        found[name.strip()] = _LEVELS[level.strip().lower()]
    return found


@dataclass(frozen=True, slots=True)
class LogLevels:
    """Levels as text."""

    metavar: str = "LEVEL"
    file_types: tuple[type, ...] = (str,)

    def read(self, text: str) -> str:
        """The text, once it is known to be right."""
        levels_in(text)
        return text

    def shown(self, value: str) -> str:
        """In quotes."""
        return quoted(value)
