"""What the child of `FillerApart` runs, with the store's path as its one argument.

It fills until its standard input ends, which is also how it learns that the server is gone, however that
ended. Warnings go to standard output, a line each, and from there to the server's log.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outcrop_server.storage.sqlite.words.filler import Filler

# What the server writes when it could not read the index.
DAMAGED = "damaged"
# Behind everything else that wants the processor.
_NICENESS = 10


def main() -> None:
    """Fills the index of the store that is named."""
    server = _Server()
    server.start()
    # Not above: who starts this process needs but the word, and a server that stops at once need not wait.
    from outcrop_server.otlp.text import read_text  # noqa: PLC0415
    from outcrop_server.storage.sqlite.connections import ReaderPool  # noqa: PLC0415
    from outcrop_server.storage.sqlite.words.filler import Filler  # noqa: PLC0415

    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format="%(message)s")
    with suppress(AttributeError, OSError):
        os.nice(_NICENESS)
    path = Path(sys.argv[1])
    with closing(ReaderPool(path)) as readers:
        filler = Filler(path, readers, read_text, _nobody_waits)
        server.speaks_to(filler)
        filler.run()


class _Server(threading.Thread):
    """What the server says, by standard input."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._lock = threading.Lock()
        self._filler: Filler | None = None

    def speaks_to(self, filler: Filler) -> None:
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


def _nobody_waits() -> bool:
    return False
