"""The way out: a queue that the program fills, and one thread that sends what has gathered.

`submit` runs on the program's thread and hardly does more than append (see `waiting`). The thread takes
all that waits a few times a second and hands it to the courier, which delivers or keeps it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from outcrop.capture.faults import logger, report_fault
from outcrop.delivery.batches import Batch, batches
from outcrop.delivery.courier import Courier
from outcrop.delivery.sender import Sender
from outcrop.delivery.spool import Spool
from outcrop.delivery.stats import Counters, DeliveryStats
from outcrop.delivery.waiting import Taken, Waiting
from outcrop.otlp.records import EncodedSpan, EndedSpan

BATCH_DELAY_S = 0.2
_ROUNDS_BEFORE_SLEEP = 25

# What the thread is told: to come at once, or when spans have gathered.
_NOW, _SOON = True, False

Prepare = Callable[[EncodedSpan], "EncodedSpan | None"]


class Pipeline:
    """Delivers to one endpoint. Its thread starts with the first span and is a daemon."""

    def __init__(
        self,
        make_sender: Callable[[], Sender],
        make_spool: Callable[[Callable[[int, str], None]], Spool] | None,
        resource: Mapping[str, Any],
        *,
        mode: str = "default",
        prepare: Prepare | None = None,
    ) -> None:
        """The parts are made by functions, since a forked child needs its own.

        Args:
            make_sender: gives what carries a batch.
            make_spool: gives where batches wait on disk; None where they need not.
            resource: describes this process.
            mode: `default`, `durable` (each span is on disk before its end returns) or `memory` (nothing
                is written to disk unless the endpoint does not answer).
            prepare: what is done to each span on the delivery thread, before it is written or sent
                anywhere; gives None for a span that is not wanted.
        """
        self._make_sender = make_sender
        self._make_spool = make_spool
        self._resource = resource
        self._mode = mode
        self._prepare = prepare
        self.counters = Counters()
        self._start_fresh()

    def submit(self, span: EndedSpan) -> None:
        """Queues an ended span; when the queue is full the span is counted as dropped and said so."""
        self._waiting.submit(span)
        if self._is_asleep:
            self._rouse()

    def flush(self, timeout_s: float) -> bool:
        """Sends or spools all that is queued; True when that was done in time and nothing is left."""
        if self._thread is None or not self._thread.is_alive():
            return not len(self._waiting)
        deadline = time.monotonic() + timeout_s
        with self._flushed:
            self._flush_asked += 1
            mine = self._flush_asked
            self._calls.put(_NOW)
            while self._flush_done < mine:
                left = deadline - time.monotonic()
                if left <= 0 or not self._flushed.wait(left):
                    return False
        return not (self._courier.held_spans or self._has_failed)

    def shutdown(self, timeout_s: float) -> None:
        """Flushes and ends the thread. What the endpoint does not take in time goes to the spool."""
        is_flushed = self.flush(timeout_s)
        self._is_stopping = True
        self._calls.put(_NOW)
        if is_flushed and self._thread is not None:
            self._thread.join(timeout_s)
        elif not is_flushed:
            self._save_all()
        self._waiting.close()
        self._say_how_it_went()

    def stats(self) -> DeliveryStats:
        """How delivery goes."""
        return self.counters.stats(len(self._waiting) + self._in_work + self._courier.held_spans)

    def after_fork_in_child(self) -> None:
        """Begins anew in a forked child: the parent's thread is not here, and its spans are its own."""
        self._waiting.abandon()
        self.counters = Counters()
        self._start_fresh()

    def _start_fresh(self) -> None:
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        # Not an event: a span may end within any statement of this class, when the collector ends a stream
        # that was let go, and of all that threads wait on only this queue may be entered twice.
        self._calls: SimpleQueue[bool] = SimpleQueue()
        self._has_called = False
        self._flushed = threading.Condition()
        self._flush_asked = 0
        self._flush_done = 0
        # By a fault of ours: what was being carried is tried again.
        self._has_failed = False
        self._is_stopping = False
        self._is_asleep = True
        self._empty_rounds = 0
        self._in_work = 0
        self._has_said_dropped = False
        spool = None if self._make_spool is None else self._make_spool(self._on_drop)
        self._courier = Courier(self._make_sender(), spool, self.counters)
        # What is still to be prepared must not be written: a secret may be in it.
        has_journal = spool is not None and self._prepare is None and self._mode != "memory"
        self._waiting = Waiting(
            self._resource,
            (lambda: spool.new_segment("journal")) if spool is not None and has_journal else None,
            is_durable=self._mode == "durable",
            on_drop=self._on_drop,
            on_full=self._call_now,
        )

    def _rouse(self) -> None:
        if self._thread is not None:
            self._calls.put(_SOON)
        # Who finds the lock taken need not wait: the thread is being started.
        elif self._thread_lock.acquire(blocking=False):
            try:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="outcrop-delivery", daemon=True)
                    thread.start()
                    self._thread = thread
            finally:
                self._thread_lock.release()

    def _call_now(self) -> None:
        if not self._has_called:
            self._has_called = True
            self._calls.put(_NOW)

    def _on_drop(self, spans: int, reason: str) -> None:
        self.counters.add("dropped", spans, reason)
        if not self._has_said_dropped:
            self._has_said_dropped = True
            logger.warning("outcrop: spans are dropped: %s. outcrop.stats() counts them.", reason)

    def _say_how_it_went(self) -> None:
        stats = self.stats()
        is_lossy = bool(stats.dropped or stats.rejected)
        (logger.warning if is_lossy else logger.debug)("outcrop: spans: %s.", stats)

    # From here on: the delivery thread.

    def _run(self) -> None:
        while not (self._is_stopping and not len(self._waiting)):
            try:
                self._run_once()
            except Exception as error:  # noqa: BLE001  # the thread must outlive any fault of ours
                try:
                    report_fault("delivering spans", error)
                except Exception:  # noqa: BLE001  # raised in Outcrop's own tests; still go on
                    logger.exception("outcrop: fault in the delivery thread")
        self._courier.close()

    def _run_once(self) -> None:
        self._wait_for_work()
        with self._flushed:
            asked = self._flush_asked
        if asked > self._flush_done:
            self._courier.backoff.try_now()
        try:
            self._deliver_all()
            self._has_failed = False
        except BaseException:
            self._has_failed = True
            raise
        finally:
            with self._flushed:
                self._flush_done = asked
                self._flushed.notify_all()

    def _wait_for_work(self) -> None:
        """Returns when spans have gathered, or at once when someone asks for them.

        While spans come the thread looks by itself, a few times a second: waking it takes the program's
        thread a thousand times as long as queueing a span. After a while without any it sleeps until the
        next one wakes it.
        """
        if self._empty_rounds > _ROUNDS_BEFORE_SLEEP:
            self._empty_rounds = 0
            self._is_asleep = True
            # Looked at again: a span that came just before has not seen that the thread sleeps.
            is_urgent = not len(self._waiting) and self._next_call(self._until_retry_s())
            self._is_asleep = False
            if is_urgent:
                return
        self._is_asleep = False
        # A short pause lets spans of one trace gather into one batch; flush and exit cut it short.
        deadline = time.monotonic() + BATCH_DELAY_S
        while (left := deadline - time.monotonic()) > 0 and not self._next_call(left):
            pass
        self._has_called = False

    def _until_retry_s(self) -> float | None:
        """While batches wait on disk, the endpoint is tried again when the back-off allows."""
        backoff = self._courier.backoff
        return max(backoff.remaining_s, 0.05) if backoff.is_down else None

    def _next_call(self, timeout_s: float | None) -> bool:
        """Waits for a call; True if it was one to come at once."""
        try:
            return self._calls.get(timeout=timeout_s) is _NOW
        except Empty:
            return False

    def _deliver_all(self) -> None:
        taken = self._waiting.take()
        self._in_work = len(taken.spans)
        self._empty_rounds = 0 if taken.spans else self._empty_rounds + 1
        try:
            if self._courier.carry(self._batches(taken)):
                self._waiting.delivered(taken)
        finally:
            self._in_work = 0

    def _batches(self, taken: Taken) -> Iterator[Batch]:
        return batches(self._prepared(taken.spans), self._resource)

    def _prepared(self, spans: Sequence[EncodedSpan]) -> Iterator[EncodedSpan]:
        for span in spans:
            try:
                whole = span if span.later is None else _completed(span, span.later())
                wanted = whole if self._prepare is None else self._prepare(whole)
            except Exception as error:  # noqa: BLE001  # an odd span must not take its neighbours along
                report_fault("preparing a span for delivery", error)
                continue
            if wanted is not None:
                yield wanted

    def _save_all(self) -> None:
        """On the exiting thread: keeps what the delivery thread holds; it may be stuck in the network."""
        taken = self._waiting.take()
        if self._courier.save(self._batches(taken)):
            self._waiting.delivered(taken)


def _completed(span: EncodedSpan, rest: bytes) -> EncodedSpan:
    return EncodedSpan(span.group, [*span.pieces, rest], span.size + len(rest))
