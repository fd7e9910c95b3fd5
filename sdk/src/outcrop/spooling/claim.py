"""Taking over a segment that nobody writes any more, to send what waits in it.

Writers and senders hold a lock on the file while they use it; who gets the lock is alone with it.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from outcrop.spooling.file_lock import try_lock
from outcrop.spooling.segment import (
    DAMAGED_SUFFIX,
    DELIVERED_AT,
    SUFFIX,
    SegmentContent,
    StoredRequest,
    read_segment,
)

_READ_BYTES = 1 << 20


def waiting_segments(directory: Path) -> list[Path]:
    """The segments in a directory, oldest first; none if it cannot be looked into."""
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)
    except OSError:
        return []


class ClaimedSegment:
    """A segment that is ours alone until the claim ends.

    Attributes:
        path: the file.
        content: what waits in it.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        """Made by `claimed`."""
        self.path = path
        self._descriptor = descriptor
        self._data = _read_all(descriptor)
        self.content: SegmentContent = read_segment(self._data)

    def delivered(self, request: StoredRequest) -> None:
        """Notes that all requests as far as this one are delivered, for whoever takes over after us."""
        os.lseek(self._descriptor, DELIVERED_AT, os.SEEK_SET)
        os.write(self._descriptor, request.end.to_bytes(8, "little"))

    def finish(self) -> Path | None:
        """Removes the file, now that nothing waits in it; what was unreadable is kept beside, and named."""
        kept = None
        if self.content.damaged_bytes:
            kept = self.path.with_suffix(DAMAGED_SUFFIX)
            self.path.replace(kept)
        else:
            self.path.unlink(missing_ok=True)
        return kept


@contextmanager
def claimed(path: Path) -> Generator[ClaimedSegment | None, None, None]:
    """Claims a segment for a block; gives None where another has it, or it has gone.

    Raises:
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        yield None
        return
    try:
        # Sent and removed between our opening it and our getting its lock? Then it has no name any more.
        is_ours = try_lock(descriptor) and os.fstat(descriptor).st_nlink > 0
        yield ClaimedSegment(path, descriptor) if is_ours else None
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    pieces: list[bytes] = []
    while data := os.read(descriptor, _READ_BYTES):
        pieces.append(data)
    return b"".join(pieces)
