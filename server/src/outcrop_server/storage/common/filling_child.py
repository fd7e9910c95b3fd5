"""What a child of `FillerApart` hears from its server, and how it runs.

It fills until its standard input ends, which is also how it learns that the server is gone, however that
ended. Warnings go to standard output, a line each, and from there to the server's log.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from contextlib import suppress
from typing import Protocol

# What the server writes when it could not read the index.
DAMAGED = "damaged"
# Behind everything else that wants the processor.
_NICENESS = 10


class Filling(Protocol):
    """Fills an index in the child."""

    def end(self) -> None:
        """Ends it soon."""
        ...

    def report_damage(self) -> None:
        """Says that the index could not be read."""
        ...


class Server(threading.Thread):
    """What the server says, by standard input: first which store it is.

    Attributes:
        store: what `FillerApart` was given.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._lock = threading.Lock()
        self._filler: Filling | None = None
        said = sys.stdin.readline()
        if not said:
            # It is gone already.
            os._exit(0)
        self.store: str = json.loads(said)

    def speaks_to(self, filler: Filling) -> None:
        """From here on there is something to end."""
        with self._lock:
            self._filler = filler

    def run(self) -> None:
        """Listens until the server is gone."""
        for line in sys.stdin:
            with self._lock:
                if self._filler is not None and line.strip() == DAMAGED:
                    self._filler.report_damage()
        with self._lock:
            if self._filler is None:
                # Nothing was opened yet.
                os._exit(0)
            self._filler.end()


def begin() -> None:
    """Sets up warnings, and lets others go first."""
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(message)s")
    with suppress(AttributeError, OSError):
        os.nice(_NICENESS)


def nobody_waits() -> bool:
    """A process of its own keeps nobody from the interpreter."""
    return False
