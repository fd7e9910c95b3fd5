"""Brings batches to their end: delivered, on disk until the endpoint answers, or set aside and named.

Used by one thread at a time. Every batch that is given to it is in one of those places afterwards, or still
held in memory where the disk takes nothing either.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from outcrop.capture.faults import logger
from outcrop.delivery.backoff import Backoff
from outcrop.delivery.batches import Batch, halves
from outcrop.delivery.sender import Sender, Sent
from outcrop.delivery.spool import Spool
from outcrop.delivery.stats import Counters
from outcrop.spooling.claim import claimed

# What is held where neither endpoint nor disk takes anything; as much may wait in the queue before it.
_MAX_HELD_BYTES = 64 << 20
_MAX_HELD_SPANS = 20_000
# Who is answered so needs another token, not another server.
_NOT_LET_IN = frozenset({401, 403})
_NEXT_SERVER = "for the next server there (start one with: outcrop server)"
# How often to look for what a process that has ended left behind.
_LOOK_EVERY_S = 5.0


class Courier:
    """Carries to one endpoint.

    Attributes:
        backoff: whether the endpoint answers.
    """

    def __init__(self, sender: Sender, spool: Spool | None, counters: Counters) -> None:
        """`spool` is None where there is nothing to wait for, such as a file."""
        self.backoff = Backoff()
        self._sender = sender
        self._spool = spool
        self._counters = counters
        # Where the endpoint does not answer and the disk takes nothing.
        self._held: deque[Batch] = deque()
        self._held_bytes = 0
        self._held_spans = 0
        # What is being carried now, the one in hand first.
        self._work: deque[Batch] = deque()
        self._next_look = 0.0
        self._has_said_lost = False

    @property
    def held_spans(self) -> int:
        """Spans that neither the endpoint nor the disk has taken."""
        return self._held_spans

    def carry(self, batches: Iterable[Batch]) -> bool:
        """Delivers batches, what has waited before them first.

        Returns:
            Whether nothing is left in memory.
        """
        self._work.extend(batches)
        self._retry_held()
        if self.backoff.may_try and time.monotonic() >= self._next_look:
            self.drain()
        while self._work:
            batch = self._work[0]
            if not (self.backoff.may_try and self._deliver(batch)):
                self._keep(batch)
            self._work.popleft()
        return not self._held

    def drain(self) -> None:
        """Sends what waits on disk, oldest first, as long as the endpoint answers."""
        if self._spool is None:
            return
        self._next_look = time.monotonic() + _LOOK_EVERY_S
        self._spool.release()
        for path in self._spool.waiting():
            with claimed(path) as segment:
                if segment is None:
                    continue  # another process writes or sends it
                for request in segment.content.requests:
                    if not self._deliver(Batch(request.body, request.spans)):
                        return
                    segment.delivered(request)
                damaged = segment.finish()
                if damaged is not None:
                    logger.error(
                        "outcrop: %s bytes of waiting spans cannot be read; they are kept at %s.",
                        f"{segment.content.damaged_bytes:,}",
                        damaged,
                    )

    def save(self, batches: Iterable[Batch]) -> bool:
        """On the exiting thread, while the one that delivers is stuck in the network: keeps all on disk.

        Returns:
            Whether the disk took all.
        """
        is_kept = [self._keep(batch, is_last=True) for batch in (*self._work, *self._held, *batches)]
        if self._spool is not None:
            self._spool.release()
        return all(is_kept)

    def close(self) -> None:
        """Lets go of the connection and of the spool's file."""
        self._sender.close()
        if self._spool is not None:
            self._spool.release()

    def _retry_held(self) -> None:
        while self._held:
            batch = self._held[0]
            is_delivered = self.backoff.may_try and self._deliver(batch)
            # What did not take the oldest takes no newer one either.
            if not is_delivered and self._spooled(batch) is not None:
                return
            self._held.popleft()
            self._held_bytes -= len(batch.body)
            self._held_spans -= batch.spans

    def _deliver(self, batch: Batch) -> bool:
        """Sends a batch; True when it has found its end, be it that the endpoint refused it."""
        sent = self._sender.post(batch.body)
        if sent.is_refused:
            self._note_answer()
            self._divide(batch, sent)
            return True
        if not sent.is_delivered:
            self._note_failure(sent)
            return False
        self._note_answer()
        self._counters.add("sent", batch.spans - sent.rejected_spans)
        if sent.rejected_spans:
            self._counters.add("rejected", sent.rejected_spans, sent.reason)
            logger.error(
                "outcrop: %s took a batch but for %s spans: %s",
                self._sender.name,
                sent.rejected_spans,
                sent.reason,
            )
        return True

    def _divide(self, batch: Batch, refused: Sent) -> None:
        """Finds the spans for which a batch is refused: the others must not be lost with them."""
        try:
            parts = halves(batch)
        except ValueError:
            parts = [batch]
        if len(parts) == 1:
            self._set_aside(batch, refused.reason)
            return
        for part in parts:
            if not self._deliver(part):
                self._keep(part)

    def _set_aside(self, batch: Batch, reason: str) -> None:
        self._counters.add("rejected", batch.spans, reason)
        try:
            place = f"it is kept at {self._spool.set_aside(batch)}" if self._spool else "it is lost"
        except OSError as error:
            place = f"it cannot be kept either ({error})"
        logger.error("outcrop: %s refused a span (%s); %s.", self._sender.name, reason, place)

    def _keep(self, batch: Batch, *, is_last: bool = False) -> bool:
        """Keeps a batch on disk, else in memory; says whether the disk has it."""
        problem = self._spooled(batch)
        if problem is None:
            return True
        has_room = (
            self._held_bytes + len(batch.body) <= _MAX_HELD_BYTES
            and self._held_spans + batch.spans <= _MAX_HELD_SPANS
        )
        if has_room and not is_last:
            if not self._held:
                logger.error("outcrop: %s. Spans are kept in memory for now.", problem)
            self._held.append(batch)
            self._held_bytes += len(batch.body)
            self._held_spans += batch.spans
            return False
        self._counters.add("dropped", batch.spans, problem)
        # The first is enough for the log; all are counted.
        if is_last or not self._has_said_lost:
            self._has_said_lost = True
            logger.error("outcrop: %s spans are lost: %s. outcrop.stats() counts them.", batch.spans, problem)
        return False

    def _spooled(self, batch: Batch) -> str | None:
        """Puts a batch on disk; gives why not, if the disk does not take it."""
        problem = f"{self._sender.name} does not answer"
        if self._spool is None:
            return problem
        try:
            self._spool.put(batch)
        except OSError as error:
            return f"{problem} and {self._spool.directory} cannot be written ({error})"
        self._counters.add("spooled", batch.spans)
        # It goes out before anything newer, as soon as the endpoint answers.
        self._next_look = 0.0
        return None

    def _note_answer(self) -> None:
        if self.backoff.answered():
            logger.warning("outcrop: %s answers again.", self._sender.name)

    def _note_failure(self, sent: Sent) -> None:
        """A change is said in one line; what goes on is not said again."""
        if self.backoff.failed(sent.retry_after_s) and self._spool is not None:
            logger.warning(
                "outcrop: traces cannot be delivered to %s (%s). The program is not affected; they wait in "
                "%s %s.",
                self._sender.name,
                sent.reason,
                self._spool.directory,
                "until it takes them" if sent.is_foreign or sent.status in _NOT_LET_IN else _NEXT_SERVER,
            )
