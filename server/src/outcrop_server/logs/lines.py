"""A log record as a line: JSON for programs, columns for people. Both have one line a record.

What belongs to a record beside its words travels as its attribute `fields`, a flat mapping; `said` names
those of them that the words say already.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIM, _RED, _YELLOW, _END = "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_OWN = "outcrop_server."


class JsonLines(logging.Formatter):
    """Each record as an object: time, level, logger, message, then its fields, and an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        shown: dict[str, Any] = {
            "time": _moment(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            shown["exception"] = self.formatException(record.exc_info)
        # In ASCII: half a surrogate pair has no form in UTF-8.
        return json.dumps(shown, separators=(",", ":"), default=str)


class HumanLines(logging.Formatter):
    """Time, level, who says it, the words, then the fields as `name=value`; a traceback follows below."""

    def __init__(self, *, has_colour: bool) -> None:
        super().__init__()
        self._has_colour = has_colour

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        time = f"{_moment(record).astimezone():%H:%M:%S}.{int(record.msecs):03d}"
        head = f"{time} {record.levelname:<7} {record.name.removeprefix(_OWN)}"
        said = getattr(record, "said", ())
        fields = "".join(
            f"  {name}={_short(value)}"
            for name, value in _fields(record).items()
            if name not in {"audit", *said}
        )
        words = _printable(record.getMessage())
        if self._has_colour:
            colour = (
                _RED
                if record.levelno >= logging.ERROR
                else _YELLOW
                if record.levelno >= logging.WARNING
                else ""
            )
            line = f"{_DIM}{head}{_END}  {colour}{words}{_END if colour else ''}{_DIM}{fields}{_END}"
        else:
            line = f"{head}  {words}{fields}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _moment(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, timezone.utc)


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = getattr(record, "fields", {})
    # An audit line's message is its facts as JSON: for programs they stand beside it, too.
    audit: Mapping[str, Any] | None = getattr(record, "audit", None)
    return fields if audit is None else {**fields, "audit": audit}


def _short(value: Any) -> str:
    text = _printable(str(value))
    return f'"{text}"' if " " in text or not text else text


def _printable(text: str) -> str:
    """Words from a request must neither begin a line of their own nor move a terminal's cursor."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
