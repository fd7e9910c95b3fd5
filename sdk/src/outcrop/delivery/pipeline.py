"""The queue and its one thread: takes encoded spans, puts them into batches, sends or spools them.

`submit` runs on the program's thread and only appends. When the endpoint cannot be reached the
batches go to the spool, and from there out again, oldest first, when it answers.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from outcrop.capture.faults import logger, report_fault
from outcrop.delivery.http_sender import HttpSender, Sent
from outcrop.delivery.spool import Spool
from outcrop.recording.otlp_encode import encode_request
from outcrop.recording.record import EncodedSpan, EndedSpan

MAX_QUEUED_SPANS = 20_000
_MAX_BATCH_SPANS = 512
_BATCH_DELAY_S = 0.2
_ROUNDS_BEFORE_SLEEP = 25
_FIRST_BACKOFF_S, _LAST_BACKOFF_S = 1.0, 30.0


class Pipeline:
    """Delivers to one endpoint. Its thread starts with the first span and is a daemon.

    Attributes:
        dropped: spans that came while the queue was full.
    """

    def __init__(self, endpoint: str, spool: Spool, resource: Mapping[str, Any]) -> None:
        """`endpoint` is the full address of the OTLP route; `resource` describes this process."""
        self._endpoint = endpoint
        self._spool = spool
        self._resource = dict(resource)
        self._queue: deque[EndedSpan] = deque()
        self.dropped = 0
        self._in_flight = b""
        self._is_down = False
        self._backoff_s = _FIRST_BACKOFF_S
        self._retry_at = 0.0
        self._start_fresh()

    def submit(self, span: EndedSpan) -> None:
        """Queues an ended span; when the queue is full the span is counted as dropped and said so."""
        waiting = len(self._queue)
        if waiting >= MAX_QUEUED_SPANS:
            self._drop()
            return
        self._queue.append(span)
        if self._is_asleep:
            self._rouse()
        elif waiting >= _MAX_BATCH_SPANS and not self._hurry.is_set():
            self._hurry.set()

    def flush(self, timeout_s: float) -> bool:
        """Sends or spools all that is queued; True when that was done in time."""
        if self._thread is None or not self._thread.is_alive():
            return not self._queue
        deadline = time.monotonic() + timeout_s
        with self._flushed:
            self._flush_asked += 1
            mine = self._flush_asked
            self._wake.set()
            self._hurry.set()
            while self._flush_done < mine:
                left = deadline - time.monotonic()
                if left <= 0 or not self._flushed.wait(left):
                    return False
        return True

    def shutdown(self, timeout_s: float) -> None:
        """Flushes and ends the thread. What the endpoint does not take in time goes to the spool."""
        is_flushed = self.flush(timeout_s)
        self._is_stopping = True
        self._wake.set()
        self._hurry.set()
        if not is_flushed:
            self._save_all()

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child: the parent's thread is not here, and its spans are its own."""
        self._queue.clear()
        self._start_fresh()

    def _start_fresh(self) -> None:
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        self._wake = threading.Event()
        self._hurry = threading.Event()
        self._flushed = threading.Condition()
        self._flush_asked = 0
        self._flush_done = 0
        self._is_stopping = False
        self._is_asleep = True
        self._empty_rounds = 0
        self._sender = HttpSender(self._endpoint)

    def _rouse(self) -> None:
        if self._thread is not None:
            self._wake.set()
            return
        with self._thread_lock:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="outcrop-delivery", daemon=True)
                thread.start()
                self._thread = thread

    def _drop(self) -> None:
        if self.dropped == 0:
            logger.warning(
                "outcrop: more than %s spans wait to be sent; newer ones are dropped until it empties.",
                f"{MAX_QUEUED_SPANS:,}",
            )
        self.dropped += 1

    # From here on: the delivery thread.

    def _run(self) -> None:
        while not (self._is_stopping and not self._queue):
            try:
                self._run_once()
            except Exception as error:  # noqa: BLE001  # the thread must outlive any fault of ours
                try:
                    report_fault("delivering spans", error)
                except Exception:  # noqa: BLE001  # raised in Outcrop's own tests; still go on
                    logger.exception("outcrop: fault in the delivery thread")
        self._sender.close()

    def _run_once(self) -> None:
        self._wait_for_work()
        with self._flushed:
            asked = self._flush_asked
        self._deliver_queue(is_urgent=asked > self._flush_done)
        self._drain_spool()
        with self._flushed:
            self._flush_done = asked
            self._flushed.notify_all()

    def _wait_for_work(self) -> None:
        """Returns when spans have gathered, or at once when someone asks for them.

        While spans come the thread looks by itself, a few times a second: waking it takes the program's
        thread a thousand times as long as queueing a span. After a while without any it sleeps until the
        next one wakes it.
        """
        self._empty_rounds = 0 if self._queue else self._empty_rounds + 1
        if self._empty_rounds > _ROUNDS_BEFORE_SLEEP:
            self._is_asleep = True
            # Looked at again: a span that came just before has not seen that the thread sleeps.
            if not self._queue:
                # While batches wait on disk, try again when the back-off allows.
                self._wake.wait(max(self._retry_at - time.monotonic(), 0.05) if self._is_down else None)
            self._empty_rounds = 0
        self._is_asleep = False
        # A short pause lets spans of one trace gather into one batch; flush and exit skip it.
        self._hurry.wait(_BATCH_DELAY_S)
        # Cleared before the work is looked at: whatever is asked from here on wakes the thread again.
        self._wake.clear()
        self._hurry.clear()

    def _deliver_queue(self, *, is_urgent: bool) -> None:
        if is_urgent:
            self._retry_at = 0.0
        while self._queue:
            self._in_flight = self._take_batch()
            self._deliver(self._in_flight)
            self._in_flight = b""

    def _take_batch(self) -> bytes:
        spans: list[EncodedSpan] = []
        # An exit on another thread may empty the queue meanwhile.
        with contextlib.suppress(IndexError):
            while len(spans) < _MAX_BATCH_SPANS:
                spans.extend(_encoded(self._queue.popleft()))
        return encode_request(spans, self._resource)

    def _save_all(self) -> None:
        """On the exiting thread: keeps what the delivery thread holds; it may be stuck in the network."""
        if self._in_flight:
            self._keep(self._in_flight)
        while self._queue:
            self._keep(self._take_batch())

    def _deliver(self, body: bytes) -> None:
        if not body:
            return
        if self._may_try():
            sent = self._sender.post(body)
            self._note(sent)
            if sent.is_delivered:
                return
            if sent.is_refused:
                aside = self._spool.reject(self._spool.put(body))
                logger.error(
                    "outcrop: %s refused a batch (%s); it is kept at %s.", self._endpoint, sent.reason, aside
                )
                return
        self._keep(body)

    def _keep(self, body: bytes) -> None:
        try:
            self._spool.put(body)
        except OSError as error:
            logger.error(  # the stack says nothing that the words do not
                "outcrop: a batch of spans is lost: %s does not answer and %s cannot be written (%s).",
                self._endpoint,
                self._spool.directory,
                error,
            )

    def _drain_spool(self) -> None:
        if not self._may_try():
            return
        for path, body in self._spool.read_each():
            sent = self._sender.post(body)
            self._note(sent)
            if sent.is_delivered:
                self._spool.done(path)
            elif sent.is_refused:
                aside = self._spool.reject(path)
                logger.error("outcrop: %s refused a kept batch (%s): %s", self._endpoint, sent.reason, aside)
            else:
                return

    def _may_try(self) -> bool:
        return not self._is_down or time.monotonic() >= self._retry_at

    def _note(self, sent: Sent) -> None:
        """Keeps in mind whether the endpoint answers, and says a change of it in one line."""
        if sent.is_delivered or sent.is_refused:
            if self._is_down:
                logger.warning("outcrop: %s answers again.", self._endpoint)
            self._is_down = False
            self._backoff_s = _FIRST_BACKOFF_S
            return
        if not self._is_down:
            logger.warning(
                "outcrop: traces cannot be delivered to %s (%s). The program is not affected; they wait in "
                "%s for the next server there (start one with: outcrop server).",
                self._endpoint,
                sent.reason,
                self._spool.directory,
            )
        self._is_down = True
        self._retry_at = time.monotonic() + (sent.retry_after_s or self._backoff_s)
        self._backoff_s = min(self._backoff_s * 2, _LAST_BACKOFF_S)


def _encoded(ended: EndedSpan) -> Sequence[EncodedSpan]:
    """The span in bytes, with what was put off; none if that fails: it must not take others along."""
    try:
        span = ended.encode()
        if span.later is not None:
            span = EncodedSpan(span.group, [*span.pieces, span.later()])
    except Exception as error:  # noqa: BLE001  # as said
        report_fault("encoding a finished span", error)
        return ()
    return (span,)
