"""A lock between processes, beside the database file.

SQLite has its own, but waits for it by sleeping longer and longer; this one is asked every millisecond,
so that two busy servers on one file take turns. The system lets go of it when a process dies.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from outcrop_server.model.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_POLL_S = 0.001


class FileLock:
    """Held by one thread of one process at a time.

    Args:
        path: the lock's own file; made if missing, never written to.
        timeout_s: seconds to wait for the lock.
    """

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._timeout_s = timeout_s

    @contextmanager
    def held(self) -> Generator[None, None, None]:
        """Holds the lock.

        Raises:
            UnavailableError: another process held it all the time.
        """
        deadline = time.monotonic() + self._timeout_s
        while not _try_lock(self._descriptor):
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"Another process has been writing to this store for {self._timeout_s:g} s. Try again."
                )
            time.sleep(_POLL_S)
        try:
            yield
        finally:
            _unlock(self._descriptor)

    def close(self) -> None:
        """Lets go of the file."""
        os.close(self._descriptor)


@contextmanager
def held_at_once(path: Path) -> Generator[bool, None, None]:
    """Holds a lock if nobody else does; says whether."""
    lock = FileLock(path, timeout_s=0.0)
    try:
        with ExitStack() as stack:
            try:
                stack.enter_context(lock.held())
            except UnavailableError:
                yield False
                return
            yield True
    finally:
        lock.close()


if sys.platform == "win32":

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
