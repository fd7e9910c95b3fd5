"""Takes in what the SDK left on disk because no server answered: files `<spool>/<endpoint key>/<name>.otlp`.

Each holds the exact body of one OTLP request. The SDK may send and delete a file at any moment itself.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from outcrop_server.model.errors import BadRequestError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

# Committed together; more would only hold more files in memory.
_GROUP = 16
_log = logging.getLogger(__name__)


def directories(root: Path, port: int) -> list[Path]:
    """Where programs on this machine leave what is meant for this port."""
    # The last is how the SDK writes [::1], whose colons cannot stand in every file system's names.
    return [root / f"{name}_{port}" for name in ("127.0.0.1", "localhost", "_1")]


class SpoolReader:
    """Looks into directories every few seconds, in a thread of its own.

    Args:
        waiting: the directories; they need not exist.
        accept: takes a request's body in; see `ingest.pipeline`.
        interval_s: seconds between looks.
    """

    def __init__(
        self, waiting: Sequence[Path], accept: Callable[[bytes], Future[int]], interval_s: float
    ) -> None:
        self._waiting = waiting
        self._accept = accept
        self._interval_s = interval_s
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outcrop-spool", daemon=True)

    def start(self) -> None:
        """Looks at once, and from then on."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes the files in work and ends the thread."""
        self._is_stopping.set()
        self._thread.join()

    def take_in(self) -> int:
        """Takes in what waits now.

        Returns:
            How many files were taken in and deleted.
        """
        paths = [path for directory in self._waiting for path in sorted(directory.glob("*.otlp"))]
        taken = 0
        for start in range(0, len(paths), _GROUP):
            if self._is_stopping.is_set():
                break
            handed = [(path, self._hand_over(path)) for path in paths[start : start + _GROUP]]
            taken += sum(self._finish(path, done) for path, done in handed if done is not None)
        if taken:
            _log.info("Took in %d batches that had waited on disk", taken)
        return taken

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                self.take_in()
            except Exception:  # noqa: BLE001 - a disk's trouble must not end the thread: the next look may succeed
                _log.exception("Looking into the spool failed")
            self._is_stopping.wait(self._interval_s)

    def _hand_over(self, path: Path) -> Future[int] | None:
        try:
            return self._accept(path.read_bytes())
        except FileNotFoundError:
            return None  # the SDK has sent it itself
        except BadRequestError as error:
            _set_aside(path, error)
        except (RequestError, OSError) as error:
            _log.warning("The waiting batch %s could not be taken in yet: %s", path, error)
        return None

    def _finish(self, path: Path, done: Future[int]) -> bool:
        try:
            done.result()
            path.unlink(missing_ok=True)
        except (RequestError, OSError) as error:
            _log.warning("The waiting batch %s could not be taken in yet: %s", path, error)
            return False
        return True


def _set_aside(path: Path, error: BadRequestError) -> None:
    bad = path.with_suffix(".bad")
    try:
        path.replace(bad)
    except FileNotFoundError:
        return
    _log.error("A waiting batch is broken and was set aside as %s: %s", bad, error)
