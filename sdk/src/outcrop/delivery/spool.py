"""Where batches wait on disk while no server answers: segments in a folder an endpoint.

Whoever finds a segment can send it: this process, a later one, or a server on the same machine, which
reads the folder of its own port. Sending one twice is harmless, since the server keeps a span once.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from outcrop.delivery.batches import Batch
from outcrop.spooling.claim import claimed, waiting_segments
from outcrop.spooling.segment import REJECTED_SUFFIX, SUFFIX
from outcrop.spooling.writer import SegmentWriter

SEGMENT_BYTES = 8 << 20
MAX_BYTES = 512 << 20
MAX_AGE_S = 7 * 24 * 3600.0
# A clock that has moved this far from the other one tells no file's age.
_STEADY_S = 3600.0


def spool_dir_for(endpoint_url: str, root: Path) -> Path:
    """The folder for an endpoint, such as `127.0.0.1_5115`; paths are told apart too."""
    parts = urlsplit(endpoint_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = "" if parts.path in {"", "/"} else parts.path
    return root / re.sub(r"[^A-Za-z0-9.\-]+", "_", f"{parts.hostname}_{port}{path}")


class Spool:
    """The waiting batches of one endpoint. Several processes may share the folder.

    Attributes:
        directory: made when the first batch comes.
    """

    def __init__(self, directory: Path, on_drop: Callable[[int, str], None]) -> None:
        """`on_drop` is told how many spans were lost to the limits, and to which."""
        self.directory = directory
        self._on_drop = on_drop
        self._writer: SegmentWriter | None = None
        self._count = 0
        self._clocks = time.time() - time.monotonic()

    def put(self, batch: Batch) -> None:
        """Writes a batch, and waits until the disk has it.

        Raises:
            OSError: the disk does not take it; nothing of it is left there.
        """
        self._make_room(len(batch.body))
        if self._writer is None or self._writer.length + len(batch.body) > SEGMENT_BYTES:
            self.release()
            self._writer = self.new_segment("spool")
        self._writer.append(batch.body, batch.spans)

    def new_segment(self, kind: str) -> SegmentWriter:
        """Makes a segment of this process's own; `kind` is a part of its name.

        Raises:
            OSError: it cannot be made.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._count += 1
        # Names sort by age; the process id keeps two processes apart.
        name = f"{time.time_ns():020d}-{os.getpid()}-{self._count:04d}-{kind}{SUFFIX}"
        return SegmentWriter(self.directory / name)

    def release(self) -> None:
        """Leaves the segment that is being written to whoever sends it, this process included."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def waiting(self) -> list[Path]:
        """The waiting segments, oldest first."""
        return waiting_segments(self.directory)

    def set_aside(self, batch: Batch) -> Path:
        """Keeps a batch that no server will take, so that it does not block the others.

        Raises:
            OSError: the disk does not take it.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._count += 1
        path = self.directory / f"{time.time_ns():020d}-{os.getpid()}-{self._count:04d}{REJECTED_SUFFIX}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(batch.body)
        return path

    def _make_room(self, wanted: int) -> None:
        """Takes away the oldest segments while all of them together are too large, and those too old."""
        files = self._files()
        total = wanted + sum(size for _, size, _ in files)
        is_clock_steady = abs(time.time() - time.monotonic() - self._clocks) < _STEADY_S
        for path, size, changed_s in files:
            is_old = is_clock_steady and time.time() - changed_s > MAX_AGE_S
            if total <= MAX_BYTES and not is_old:
                continue
            reason = "older than the spool keeps" if is_old else "the spool is full"
            if self._take_away(path, reason):
                total -= size

    def _take_away(self, path: Path, reason: str) -> bool:
        if path.suffix != SUFFIX:
            path.unlink(missing_ok=True)
            return True
        with claimed(path) as segment:
            if segment is None:
                return False
            self._on_drop(segment.content.spans, reason)
            path.unlink(missing_ok=True)
        return True

    def _files(self) -> list[tuple[Path, int, float]]:
        """Every file with its bytes and the time of its last change, oldest first."""
        found: list[tuple[Path, int, float]] = []
        try:
            for path in sorted(self.directory.iterdir()):
                status = path.stat()
                found.append((path, status.st_size, status.st_mtime))
        except FileNotFoundError:
            return found
        return found
