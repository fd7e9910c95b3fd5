"""Takes in what programs on this machine left on disk: segments of OTLP requests, in a folder an endpoint.

A program keeps there what could not be delivered, or what it had when it was killed. A segment that a living
program writes or sends is locked, and left alone.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from outcrop.spooling.claim import ClaimedSegment, claimed, waiting_segments
from outcrop.spooling.segment import REJECTED_SUFFIX, StoredRequest
from outcrop_server.ingest.pipeline import said
from outcrop_server.model.errors import BadRequestError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from outcrop_server.ingest.pipeline import Accepted

# Requests committed together; more would only hold more of them in memory.
_GROUP = 16
# Stands for a request that was set aside: nothing is to be waited for.
_NEVER: Future[int] = Future()
_NEVER.set_result(0)
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
        self, waiting: Sequence[Path], accept: Callable[[bytes], Accepted], interval_s: float
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
        """Finishes the file in work and ends the thread."""
        self._is_stopping.set()
        self._thread.join()

    def take_in(self) -> int:
        """Takes in what waits now.

        Returns:
            How many requests were taken in.
        """
        taken = 0
        for path in [path for directory in self._waiting for path in waiting_segments(directory)]:
            if self._is_stopping.is_set():
                break
            try:
                with claimed(path) as segment:
                    if segment is not None:
                        taken += self._take_in(segment)
            except OSError as error:
                _log.warning("The waiting file %s could not be taken in yet: %s", path, error)
        if taken:
            _log.info("Took in %d requests that had waited on disk", taken)
        return taken

    def _run(self) -> None:
        while not self._is_stopping.is_set():
            try:
                self.take_in()
            except Exception:  # noqa: BLE001 - a disk's trouble must not end the thread: the next look may succeed
                _log.exception("Looking into the spool failed")
            self._is_stopping.wait(self._interval_s)

    def _take_in(self, segment: ClaimedSegment) -> int:
        """Takes in a segment's requests, in order; it goes when all are in."""
        requests = segment.content.requests
        taken = 0
        for start in range(0, len(requests), _GROUP):
            group = requests[start : start + _GROUP]
            handed: list[tuple[StoredRequest, Future[int]]] = []
            for request in group:
                done = self._hand_over(segment, request)
                if done is None:
                    break
                handed.append((request, done))
            for request, done in handed:
                if not _is_committed(segment, done):
                    return taken
                segment.delivered(request)
                taken += done is not _NEVER
            if len(handed) < len(group):
                return taken
        damaged = segment.finish()
        if damaged is not None:
            _log.error(
                "%d bytes that waited on disk cannot be read; they are kept at %s",
                segment.content.damaged_bytes,
                damaged,
            )
        return taken

    def _hand_over(self, segment: ClaimedSegment, request: StoredRequest) -> Future[int] | None:
        """None if it has to be tried again; `_NEVER` if it can never be taken in."""
        try:
            accepted = self._accept(request.body)
        except BadRequestError as error:
            _set_aside(segment, request, str(error))
            return _NEVER
        except RequestError as error:
            _log.warning("What waits in %s could not be taken in yet: %s", segment.path, error)
            return None
        if accepted.faults:
            _set_aside(segment, request, said(accepted.faults))
        return accepted.stored


def _is_committed(segment: ClaimedSegment, done: Future[int]) -> bool:
    try:
        done.result()
    except RequestError as error:
        _log.warning("What waits in %s could not be taken in yet: %s", segment.path, error)
        return False
    return True


def _set_aside(segment: ClaimedSegment, request: StoredRequest, reason: str) -> None:
    """Keeps a request that no server will take whole, so that it does not block the others."""
    bad = segment.path.with_name(f"{segment.path.stem}-{request.end}{REJECTED_SUFFIX}")
    bad.write_bytes(request.body)
    _log.error("A waiting request is broken and was set aside as %s: %s", bad, reason)
