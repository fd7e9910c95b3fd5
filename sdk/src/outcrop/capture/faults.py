"""Our own faults: said once in the log, never raised into the program that is traced."""

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
