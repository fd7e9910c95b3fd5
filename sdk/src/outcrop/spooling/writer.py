"""Writing a segment: requests are appended, and a write that fails leaves no trace."""

from __future__ import annotations

import os
from pathlib import Path

from outcrop.spooling.file_lock import try_lock
from outcrop.spooling.segment import HEAD_BYTES, NotedRequest, file_head, framed, stored_form

_MAX_ROUND = (1 << 32) - 1
# From this size on it pays to let the system gather the pieces; it takes so many at once, on Windows none.
_GATHERED_BYTES = 16 << 10
_MAX_GATHERED = os.sysconf("SC_IOV_MAX") if hasattr(os, "writev") else 0


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
        self._round = 0
        try:
            self._write(file_head())
        except OSError:
            self.remove()
            raise

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits in it."""
        return self.length <= HEAD_BYTES

    def append(self, body: bytes, spans: int) -> None:
        """Appends a request with its checksum, and waits until the disk has it.

        Raises:
            OSError: the disk does not take it; the file is as it was.
        """
        before = self.length
        try:
            self._write(stored_form(body, spans, self._round))
            os.fsync(self._descriptor)
        except OSError:
            self._cut(before)
            raise

    def note(self, *requests: NotedRequest) -> None:
        """Appends requests and waits for no disk: they survive the end of the process, not of the machine.

        Raises:
            OSError: the disk does not take them; the file is as it was.
        """
        before = self.length
        pieces: list[bytes] = []
        for request in requests:
            pieces += framed(request, self._round)
        length = sum(map(len, pieces))
        try:
            if length < _GATHERED_BYTES or len(pieces) >= _MAX_GATHERED:
                self._write(b"".join(pieces))
            else:
                self._write_gathered(pieces, length)
        except OSError:
            self._cut(before)
            raise

    def clear(self) -> None:
        """Begins the file anew, now that what it holds is delivered.

        Raises:
            OSError: the disk does not take it; what the file holds still counts.
        """
        if self.is_empty:
            return
        following = self._round % _MAX_ROUND + 1
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, file_head(round_number=following))
        self._round = following
        self.length = HEAD_BYTES

    def close(self) -> None:
        """Leaves the file to whoever sends what waits in it."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """Closes the file and takes it away."""
        self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _write(self, data: bytes) -> None:
        # The system may take a part only, when the disk is nearly full or the write is very large.
        while data:
            written = os.write(self._descriptor, data)
            self.length += written
            data = data[written:]

    def _write_gathered(self, pieces: list[bytes], length: int) -> None:
        """Lets the system gather the pieces: large ones are not copied once more before."""
        written = os.writev(self._descriptor, pieces)
        self.length += written
        if written < length:
            self._write(b"".join(pieces)[written:])

    def _cut(self, length: int) -> None:
        os.ftruncate(self._descriptor, length)
        os.lseek(self._descriptor, length, os.SEEK_SET)
        self.length = length
