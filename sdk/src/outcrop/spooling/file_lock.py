"""A lock on an open file, held until the file is closed or its process ends, however it ends."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    import msvcrt

    # Far behind any content, since a lock on Windows keeps others from reading what it covers.
    _LOCKED_BYTE = 1 << 40

    def try_lock(descriptor: int) -> bool:
        """Takes the lock; False if another open file holds it."""
        import os  # noqa: PLC0415  # for this system alone

        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Takes the lock; False if another open file holds it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
