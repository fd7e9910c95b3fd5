"""How long a question may take, and what is said when it took longer."""

from __future__ import annotations

import time

from outcrop_server.model.errors import SearchTooLongError


class Clock:
    """Runs from when it is made.

    Args:
        seconds: that a question may take.

    Attributes:
        seconds: likewise.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._ends_at

    @property
    def left_s(self) -> float:
        """How long it may still take; never nothing, which would be no end."""
        return max(self._ends_at - time.monotonic(), 0.001)

    def check(self) -> None:
        """Raises SearchTooLongError once the time is up."""
        if self.is_over:
            raise self.error()

    def error(self) -> SearchTooLongError:
        """Says how to ask for less."""
        return SearchTooLongError(
            f"This search looked for {self.seconds:g} s and was not done. Narrow it: by time "
            "(`time > -1h`), by experiment, or by a longer word that must be there."
        )
