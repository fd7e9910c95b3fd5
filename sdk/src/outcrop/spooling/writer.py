"""Writing a segment: requests are appended, and a write that fails leaves no trace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from outcrop.spooling.file_lock import try_lock
from outcrop.spooling.segment import HEAD_BYTES, file_head

# The most pieces that one call to the system takes; POSIX's own minimum for IOV_MAX is 16, Linux has 1024.
_MAX_PIECES = 512


class SegmentWriter:
    """An open segment. Others leave it alone until it is closed, or its process has ended.

    Attributes:
        path: the file.
        length: its bytes so far.
    """

    def __init__(self, path: Path) -> None:
        """Makes the file; its directory must exist.

        Raises:
            OSError: it cannot be made.
        """
        self.path = path
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o600)
        try_lock(self._descriptor)
        self.length = 0
        try:
            self._write([file_head()])
        except OSError:
            self.remove()
            raise

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits in it."""
        return self.length <= HEAD_BYTES

    def append(self, pieces: Sequence[bytes], *, is_synced: bool) -> None:
        """Appends bytes, all or nothing.

        Args:
            pieces: a request with its head, in pieces.
            is_synced: whether to wait until the disk has them. Without it they survive the end of the
                process, but not that of the machine.

        Raises:
            OSError: the disk does not take them; the file is as it was.
        """
        before = self.length
        try:
            self._write(pieces)
            if is_synced:
                os.fsync(self._descriptor)
        except OSError:
            self._cut(before)
            raise

    def clear(self) -> None:
        """Forgets what was appended, now that it is delivered."""
        self._cut(HEAD_BYTES)

    def close(self) -> None:
        """Leaves the file to whoever sends what waits in it."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Closes the file and takes it away."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _write(self, pieces: Sequence[bytes]) -> None:
        for start in range(0, len(pieces), _MAX_PIECES):
            rest = list(pieces[start : start + _MAX_PIECES])
            while rest:
                written = _write_pieces(self._descriptor, rest)
                self.length += written
                rest = _unwritten(rest, written)

    def _cut(self, length: int) -> None:
        os.ftruncate(self._descriptor, length)
        os.lseek(self._descriptor, length, os.SEEK_SET)
        self.length = length


def _unwritten(pieces: list[bytes], written: int) -> list[bytes]:
    """The system may take a part only, when the disk is nearly full or the write is very large."""
    for index, piece in enumerate(pieces):
        if written < len(piece):
            return [piece[written:], *pieces[index + 1 :]]
        written -= len(piece)
    return []


def _write_pieces(descriptor: int, pieces: list[bytes]) -> int:
    if hasattr(os, "writev"):
        return os.writev(descriptor, pieces)
    return os.write(descriptor, b"".join(pieces))
