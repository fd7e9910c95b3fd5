"""When to try an endpoint again that did not answer: later and later, and not all programs at once."""

from __future__ import annotations

import random
import time

FIRST_S, LAST_S = 1.0, 30.0


class Backoff:
    """Whether the endpoint answers, and when it may be asked again.

    Attributes:
        is_down: whether the last request failed.
    """

    def __init__(self) -> None:
        """Taken to be up."""
        self.is_down = False
        self._wait_s = FIRST_S
        self._retry_at = 0.0
        # Of our own, so that the program's random numbers are not touched.
        self._random = random.Random()  # noqa: S311  # spreads load, keeps no secret

    @property
    def may_try(self) -> bool:
        """Whether the endpoint may be asked now."""
        return not self.is_down or time.monotonic() >= self._retry_at

    @property
    def remaining_s(self) -> float:
        """How long until then, in seconds."""
        return max(self._retry_at - time.monotonic(), 0.0) if self.is_down else 0.0

    def answered(self) -> bool:
        """The endpoint answered. Returns whether it was down before."""
        was_down, self.is_down = self.is_down, False
        self._wait_s = FIRST_S
        return was_down

    def failed(self, retry_after_s: float | None) -> bool:
        """It did not; `retry_after_s` is what it asked for. Returns whether it was up before."""
        was_up, self.is_down = not self.is_down, True
        # At least half of the wait, so that nobody asks at once; the rest by chance.
        wait_s = self._random.uniform(self._wait_s / 2, self._wait_s)
        self._retry_at = time.monotonic() + (wait_s if retry_after_s is None else retry_after_s)
        self._wait_s = min(self._wait_s * 2, LAST_S)
        return was_up

    def try_now(self) -> None:
        """Somebody waits for a flush: the wait is over."""
        self._retry_at = 0.0
