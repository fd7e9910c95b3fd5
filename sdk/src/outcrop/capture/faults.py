"""What went wrong, by us or by who calls us: said once in the log, never raised into the traced program."""

from __future__ import annotations

import logging
import os

logger = logging.getLogger("outcrop")

_reported: set[str] = set()


def report_fault(place: str, error: BaseException) -> None:
    """Says that Outcrop itself failed; once a place. Raises in Outcrop's own tests alone.

    Args:
        place: what was being done, such as "reading the request".
        error: what went wrong.
    """
    if os.environ.get("OUTCROP_RAISE_FAULTS"):
        raise error
    if place not in _reported:
        _reported.add(place)
        logger.warning(
            "outcrop: a fault of Outcrop's own while %s; the program is not affected. Please report it.",
            place,
            exc_info=error,
        )


def warn_once(message: str, *values: object) -> None:
    """Says what a caller got wrong where raising it would break the traced program; once a message.

    Args:
        message: a constant, with `%` where the values go; not repeated for other values.
        values: what the first time was about.
    """
    if message not in _reported:
        _reported.add(message)
        logger.warning("outcrop: " + message, *values)  # noqa: G003  # a constant too
