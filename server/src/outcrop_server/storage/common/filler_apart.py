"""The filler in a process of its own, so that filling takes nothing of the time of who serves.

Python runs one thread at a time: reading payloads beside requests and questions would slow all of them,
however often it gave way. A process has a processor of its own where there is one to spare, and is the last
to be given one where there is none.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Protocol

from outcrop_server.storage.common.filling_child import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)
# Without what lies in the folder from which the server was started: the command `outcrop` does not see that.
_PROGRAM = "import sys; sys.path[:] = filter(None, sys.path); from {module} import main; main()"
# A server that starts has other things to do.
_FIRST_S = 1.0
_AGAIN_S = 5.0
# A step takes a fraction of this.
_STOP_S = 20.0


class Inside(Protocol):
    """Fills the index in this process."""

    def start(self, give_way: Callable[[], None] | None = None) -> None:
        """Begins to, in a thread of its own."""
        ...

    def stop(self) -> None:
        """Ends it."""
        ...

    def report_damage(self) -> None:
        """Says that the index could not be read."""
        ...

    def fill(self) -> None:
        """Fills until nothing waits, in the calling thread."""
        ...


class FillerApart:
    """Has a child process fill the index of a store, and starts it again if it ends.

    Args:
        module: whose `main` the child runs.
        store: what tells it which store. It is told by standard input: others may see arguments.
        inside: fills in this process where no other one can be started.

    Attributes:
        process_id: of the child; None where there is none now.
    """

    def __init__(self, module: str, store: str, inside: Inside) -> None:
        self._module = module
        self._store = store
        self._inside = inside
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    @property
    def process_id(self) -> int | None:
        """See the class."""
        with self._lock:
            return None if self._child is None else self._child.pid

    def start(self, give_way: Callable[[], None] | None = None) -> None:
        """Begins to fill.

        Args:
            give_way: called before each span's text is read if that is done in this process.
        """
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(give_way,), name="outcrop-words", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Ends the child after its present step."""
        self._stopping.set()
        with self._lock:
            child = self._child
        if child is not None:
            _close(child.stdin)
            try:
                child.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                # What it wrote is whole: the index is written in transactions.
                child.kill()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._inside.stop()

    def report_damage(self) -> None:
        """Says that the index could not be read: it will be made anew."""
        self._inside.report_damage()
        with self._lock, suppress(OSError, ValueError):
            # Of one that has just ended, the next finds out for itself.
            if self._child is not None and self._child.stdin is not None:
                self._child.stdin.write(f"{DAMAGED}\n")
                self._child.stdin.flush()

    def fill(self) -> None:
        """Fills until nothing waits, in this thread; see `Filler.fill`."""
        self._inside.fill()

    def _run(self, give_way: Callable[[], None] | None) -> None:
        self._stopping.wait(_FIRST_S)
        while not self._stopping.is_set():
            try:
                child = self._started()
            except OSError as error:
                _log.warning("Words are indexed in the server's own process: %s", error)
                self._inside.start(give_way)
                return
            if child is None:
                return
            for line in child.stdout or ():
                _log.warning("%s", line.rstrip())
            code = child.wait()
            with self._lock:
                self._child = None
            _close(child.stdout)
            _close(child.stdin)
            if not self._stopping.is_set():
                _log.warning("The process that indexes words ended (%d); another one is started.", code)
            self._stopping.wait(_AGAIN_S)

    def _started(self) -> subprocess.Popen[str] | None:
        """A new child; None where it is to stop."""
        if not sys.executable:
            raise FileNotFoundError("it is not known which program Python is")
        with self._lock:
            # Looked at under the lock: a child that is started after `stop` would be nobody's.
            if self._stopping.is_set():
                return None
            # A session of its own: Ctrl-C is for the server, which then ends it.
            self._child = subprocess.Popen(  # noqa: S603 - our own program, by this very Python
                [sys.executable, "-c", _PROGRAM.format(module=self._module)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            if self._child.stdin is not None:
                with suppress(OSError):
                    # Of one that has ended already, its code tells.
                    self._child.stdin.write(json.dumps(self._store) + "\n")
                    self._child.stdin.flush()
            return self._child


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        with suppress(OSError):
            stream.close()
