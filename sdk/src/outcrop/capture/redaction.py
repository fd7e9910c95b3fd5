"""One change of text from all that a user asks to hide. A function that fails hides the whole text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from outcrop.capture.faults import logger
from outcrop.capture.secrets import READY
from outcrop.kept_settings import Redaction

HIDDEN = "[hidden]"
FAILED = "[hidden: a redaction function failed]"


class Redactor:
    """Calls the redactions one after the other."""

    def __init__(self, redactions: Iterable[Redaction]) -> None:
        """`redactions` have been checked."""
        given = tuple(redactions)
        self._steps = [_function(redaction) for redaction in given]
        # A function of the user's may change any text; what a body is made of must stay readable.
        self._of_keys = [_function(redaction) for redaction in given if not callable(redaction)]
        self._failed: set[int] = set()

    def __call__(self, text: str) -> str:
        """The text without what is to be hidden; never raises."""
        for number, step in enumerate(self._steps):
            try:
                changed: Any = step(text)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # a user's own function may do anything
                self._report(number, step, error)
                return FAILED
            if not isinstance(changed, str):
                self._report(number, step, TypeError(f"returned {type(changed).__name__}, no text"))
                return FAILED
            text = changed
        return text

    def in_key(self, key: str) -> str:
        """A JSON object's key: names and patterns hide what they find in it, functions never see it."""
        for step in self._of_keys:
            key = step(key)
        return key

    def _report(self, number: int, step: Callable[[str], str], error: BaseException) -> None:
        """Says it once a function. An error's message may hold the very text, so it is not repeated."""
        if number in self._failed:
            return
        self._failed.add(number)
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f", line {frame.tb_lineno} of {frame.tb_frame.f_code.co_filename}" if frame else ""
        logger.error(
            "outcrop: the redaction function %s failed (%s%s). What it should have read is replaced by %r; "
            "the text itself is not sent.",
            getattr(step, "__qualname__", repr(type(step))),
            type(error).__name__,
            place if frame and frame.tb_frame.f_code.co_filename != __file__ else "",
            FAILED,
        )


def _function(redaction: Redaction) -> Callable[[str], str]:
    if isinstance(redaction, str):
        return READY[redaction]
    if isinstance(redaction, re.Pattern):
        return lambda text: redaction.sub(HIDDEN, text)
    return redaction
