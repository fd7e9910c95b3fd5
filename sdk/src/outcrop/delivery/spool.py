"""Where batches wait on disk while no server answers: one file a batch, a folder an endpoint.

Each file holds the exact body of an OTLP request, so whoever finds it can send it: this process, a
later one, or a server on the same machine, which reads the folder of its own port. Sending one twice
is harmless, since the server keeps a span once.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

SUFFIX = ".otlp"
REJECTED_SUFFIX = ".rejected"


def spool_dir_for(endpoint_url: str, root: Path) -> Path:
    """The folder for an endpoint, such as `127.0.0.1_5115`; paths are told apart too."""
    parts = urlsplit(endpoint_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = "" if parts.path in {"", "/"} else parts.path
    return root / re.sub(r"[^A-Za-z0-9.\-]+", "_", f"{parts.hostname}_{port}{path}")


class Spool:
    """The waiting batches of one endpoint. Several processes may share the folder."""

    def __init__(self, directory: Path) -> None:
        """`directory` is made when the first batch comes."""
        self.directory = directory
        self._count = 0

    def put(self, body: bytes) -> Path:
        """Writes a batch so that no reader ever sees half of it.

        Raises:
            OSError: the disk does not take it.
        """
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._count += 1
        # Names sort by age; the process id keeps two processes apart.
        name = f"{time.time_ns():020d}-{os.getpid()}-{self._count:06d}"
        draft = self.directory / f"{name}.tmp"
        final = self.directory / f"{name}{SUFFIX}"
        with draft.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(final)
        return final

    def waiting(self) -> list[Path]:
        """The waiting batches, oldest first."""
        try:
            return sorted(self.directory.glob(f"*{SUFFIX}"))
        except OSError:
            return []

    def read_each(self) -> Iterator[tuple[Path, bytes]]:
        """Gives each waiting batch; one that another process has just sent is passed over."""
        for path in self.waiting():
            try:
                yield path, path.read_bytes()
            except FileNotFoundError:
                continue

    @staticmethod
    def done(path: Path) -> None:
        """Removes a batch that was delivered."""
        path.unlink(missing_ok=True)

    @staticmethod
    def reject(path: Path) -> Path:
        """Sets a batch aside that no server will take, so that it does not block the others."""
        aside = path.with_suffix(REJECTED_SUFFIX)
        path.replace(aside)
        return aside
