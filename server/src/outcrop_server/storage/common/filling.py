"""The thread that fills a store's index of words, in small steps: one process of all with the store open."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.model.span_text import ReadText, SpanText

_log = logging.getLogger(__name__)
# After a fault, and while another one fills.
LATER_S = 5.0
# While spans wait to be committed, it rests for so many times as long as it worked.
_REST = 3.0
_MOST_REST_S = 1.0
# Others get their turn at the interpreter.
_MOMENT_S = 0.001


class Stepping(Protocol):
    """An index while this process fills it."""

    def step(self) -> bool:
        """Does a step; whether nothing was left to do."""
        ...


class FillingThread(ABC):
    """What the fillers of all engines have in common.

    Args:
        read_text: reads a payload.
        is_busy: whether others wait for the processor.
        poll_s: how long it waits where nothing is left to do.
        faults: what stands in the way for a while, and is told in the log.
    """

    def __init__(
        self,
        read_text: ReadText,
        is_busy: Callable[[], bool],
        *,
        poll_s: float,
        faults: tuple[type[Exception], ...],
    ) -> None:
        self._read_text = read_text
        self._is_busy = is_busy
        self._poll_s = poll_s
        self._faults = faults
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_damaged = threading.Event()
        self._give_way: Callable[[], None] = go_on

    @abstractmethod
    def _fill_in_turn(self) -> None:
        """Fills until it is to end, the index is damaged, or another one fills: see `_fill_on`."""

    @abstractmethod
    def _is_damage(self, error: Exception) -> bool:
        """Whether a fault says that the index is damaged."""

    def _said_of(self, error: Exception) -> str:
        """What the log says of a fault; empty where it is none."""
        return str(error)

    def start(self, give_way: Callable[[], None] | None = None) -> None:
        """Begins to fill, in a thread of its own, as soon as no other one does.

        Args:
            give_way: called by that thread before each span's text is read.
        """
        if self._thread is None:
            self._give_way = give_way or go_on
            self._thread = threading.Thread(target=self.run, name="outcrop-words", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Ends `run` soon."""
        self._stopping.set()

    def stop(self) -> None:
        """Ends the thread soon, and waits for it."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def report_damage(self) -> None:
        """Says that the index could not be read: it will be made anew."""
        self._is_damaged.set()

    def run(self) -> None:
        """Fills in this thread until `end` is called, whenever no other one does."""
        while not self._stopping.is_set():
            try:
                self._fill_in_turn()
            except self._faults as error:
                if said := self._said_of(error):
                    _log.warning("The index of words cannot be filled: %s", said)
                if self._is_damage(error):
                    self._is_damaged.set()
            self._stopping.wait(LATER_S)

    def _politely_read(self, payload: bytes) -> SpanText:
        self._give_way()
        return self._read_text(payload)

    def _must_mend(self) -> bool:
        """Whether the index is to be made anew, which the log is told; who does it clears `_is_damaged`."""
        if not self._is_damaged.is_set():
            return False
        _log.warning("The index of words is damaged and is made anew.")
        return True

    def _fill_on(self, filling: Stepping) -> None:
        while not self._stopping.is_set() and not self._is_damaged.is_set():
            began = time.monotonic()
            is_done = filling.step()
            worked_s = time.monotonic() - began
            if is_done:
                self._stopping.wait(self._poll_s)
            elif self._is_busy():
                self._stopping.wait(min(worked_s * _REST, _MOST_REST_S))
            else:
                self._stopping.wait(_MOMENT_S)


def go_on() -> None:
    """Nobody else has to go first."""
