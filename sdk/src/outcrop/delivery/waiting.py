"""The spans that wait in memory, bounded, and the journal that keeps them should the process be killed.

`submit` runs on the program's thread. Most often it appends and that is all; every tenth span appends the
ten that wait to a file, calls as their parts (see `otlp.flat`), others encoded. That costs less than waking
another thread for them, and a process that is killed loses nine spans at most; a later process or a server
finds the file. The delivery thread takes everything a few times a second.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from outcrop.capture.faults import logger, report_fault
from outcrop.otlp.encode import request_pieces
from outcrop.otlp.flat import FlatSpan, flat_request
from outcrop.otlp.records import EncodedSpan, EndedSpan, SpanGroup
from outcrop.spooling.segment import NotedRequest
from outcrop.spooling.writer import SegmentWriter

MAX_SPANS = 20_000
MAX_BYTES = 64 << 20
# Spans that a killed process may lose, plus one.
JOURNAL_EVERY = 10
# More than this is left to the delivery thread: the program's own must not wait while megabytes are copied.
_MAX_JOURNALLED_BYTES = 512 << 10
# A disk that takes this long several times in a row is left to the delivery thread too. Once may be another
# thread of the program that did not give Python's lock back.
_SLOW_DISK_S = 0.05
_SLOW_WRITES = 3
# A program that calls the system often, but never for long, keeps Python's lock from every other thread: who
# waits for it is woken too late each time. Above this many spans the program's thread steps aside for a
# moment, every tenth span, so that the delivery thread gets its turn.
_STARVING_SPANS = 1_500
_STEP_ASIDE_S = 0.0002
# The delivery thread holds this queue's lock for a fraction of a millisecond a few times a second. On a busy
# machine it may be put aside just then, and what cannot be noted down meanwhile would be lost with a process
# that is killed: every tenth span waits for it, so long at most.
_PATIENCE_S = 0.05


SettledSpan = FlatSpan | EncodedSpan


class Taken:
    """What the delivery thread took at once.

    Attributes:
        spans: in the order in which they ended.
        journal: holds the most of them on disk, until `Waiting.delivered`; None if it holds none.
    """

    def __init__(self, spans: Sequence[EncodedSpan], journal: SegmentWriter | None) -> None:
        """Made by `Waiting.take`."""
        self.spans = spans
        self.journal = journal


class Waiting:
    """The queue.

    Attributes:
        is_durable: whether each span is on disk before its `end` returns.
    """

    def __init__(
        self,
        resource: Mapping[str, Any],
        open_journal: Callable[[], SegmentWriter] | None,
        *,
        is_durable: bool,
        on_drop: Callable[[int, str], None],
        on_full: Callable[[], None],
    ) -> None:
        """`open_journal` makes a file, or is None where nothing may be written before it was looked at.

        Args:
            resource: describes this process, in each request.
            open_journal: makes a segment; may raise OSError.
            is_durable: as above.
            on_drop: is told how many spans were lost, and why.
            on_full: asks the delivery thread to come at once.
        """
        self.is_durable = is_durable and open_journal is not None
        self._resource = resource
        self._open_journal = open_journal
        self._on_drop = on_drop
        self._on_full = on_full
        # Ended and not looked at yet. A deque, since appending and taking need no lock.
        self._raw: deque[EndedSpan] = deque()
        # What the delivery thread alone encodes.
        self._put_off: deque[EndedSpan] = deque()
        self._settled: list[SettledSpan] = []
        self._bytes = 0
        self._slow_writes = 0
        # Two files in turn: one is filled while what the other holds is being sent.
        self._journal: SegmentWriter | None = None
        self._spare: SegmentWriter | None = None
        # Reentrant: in the midst of this the collector may end a stream that was let go, on this very thread.
        self._lock = threading.RLock()

    def __len__(self) -> int:
        """How many spans wait."""
        return len(self._raw) + len(self._put_off) + len(self._settled)

    def submit(self, span: EndedSpan) -> None:
        """Takes an ended span."""
        raw = self._raw
        raw.append(span)
        waiting = len(raw)
        if waiting >= JOURNAL_EVERY or self.is_durable:
            is_tenth = waiting % JOURNAL_EVERY == 0
            self._settle(waits=is_tenth)
            if is_tenth and waiting + len(self._settled) > _STARVING_SPANS:
                time.sleep(_STEP_ASIDE_S)

    def take(self) -> Taken:
        """Gives all that waits. For the delivery thread, or at exit."""
        with self._lock:
            begin = len(self._settled)
            self._sort()
            # Another thread is about to end such a span, and looks for it in vain from now on.
            if self.is_durable and len(self._settled) > begin:
                self._note_down(self._settled[begin:])
            while self._put_off:
                self._settle_one(self._put_off.popleft())
            spans, journal = self._settled, self._journal
            self._settled, self._bytes = [], 0
            self._journal, self._spare = self._spare, None
        # Not with the lock held, which the program's thread needs to note its spans down.
        return Taken(_encoded(spans), journal)

    def delivered(self, taken: Taken) -> None:
        """What was taken is delivered, or safe elsewhere: its journal may be used again."""
        if taken.journal is None:
            return
        with self._lock:
            try:
                taken.journal.clear()
                if self._journal is None:
                    self._journal = taken.journal
                elif self._spare is None:
                    self._spare = taken.journal
                else:
                    taken.journal.remove()
            except OSError as error:
                report_fault("emptying the journal", error)

    def close(self) -> None:
        """At exit, when nothing waits any more: takes the journal's files away."""
        with self._lock:
            for journal in (self._journal, self._spare):
                if journal is not None and journal.is_empty:
                    with contextlib.suppress(OSError):  # an empty file that stays harms nobody
                        journal.remove()
            self._journal = self._spare = self._open_journal = None

    def abandon(self) -> None:
        """In a forked child: what waits is the parent's to send, and so are its files."""
        for journal in (self._journal, self._spare):
            if journal is not None:
                journal.close()
        self._raw.clear()
        self._put_off.clear()
        self._settled, self._bytes = [], 0
        self._journal = self._spare = None
        self._lock = threading.RLock()

    def _settle(self, *, waits: bool) -> None:
        """Looks at what has ended and notes it down, unless another thread is at it and goes on for long."""
        # Who holds the lock encodes for the others too.
        if not self._lock.acquire(blocking=False) and not (
            self._lock.acquire() if self.is_durable else waits and self._lock.acquire(timeout=_PATIENCE_S)
        ):
            if len(self._raw) > MAX_SPANS:
                self._drop_newest()
            return
        try:
            begin = len(self._settled)
            self._sort()
            if len(self._settled) > begin:
                self._note_down(self._settled[begin:])
        finally:
            self._lock.release()

    def _sort(self) -> None:
        """Looks at what has ended, and puts aside what takes long; the lock is held."""
        raw = self._raw
        # Another thread may end spans meanwhile, and this one too, when the collector ends a stream.
        for _ in range(len(raw)):
            try:
                span = raw.popleft()
            except IndexError:
                break
            if not span.is_costly or self.is_durable:
                self._settle_one(span)
            elif len(self._put_off) < MAX_SPANS:
                self._put_off.append(span)
            else:
                self._on_drop(1, "the queue was full")

    def _settle_one(self, span: EndedSpan) -> None:
        try:
            settled = span.flat() or span.encode()
        except Exception as error:  # noqa: BLE001  # an odd span must not take its neighbours along
            report_fault("encoding a finished span", error)
            return
        waiting = self._bytes + settled.size
        if waiting > MAX_BYTES or len(self._settled) >= MAX_SPANS:
            self._on_drop(1, "the queue was full")
            return
        self._bytes = waiting
        self._settled.append(settled)

    def _note_down(self, spans: Sequence[SettledSpan]) -> None:
        """Appends spans to the journal; the lock is held."""
        if self._bytes > MAX_BYTES // 2 or len(self._settled) > MAX_SPANS // 2:
            self._on_full()
        if self._open_journal is None:
            return
        if sum([span.size for span in spans]) > _MAX_JOURNALLED_BYTES and not self.is_durable:
            self._on_full()
            return
        started = time.monotonic()
        try:
            if self._journal is None:
                self._journal = self._open_journal()
            self._journal.note(*_noted(spans, self._resource))
        except OSError as error:
            self._give_up_journal(f"{error}")
            return
        self._slow_writes = self._slow_writes + 1 if time.monotonic() - started > _SLOW_DISK_S else 0
        if self._slow_writes >= _SLOW_WRITES and not self.is_durable:
            self._give_up_journal("the disk is slow")

    def _give_up_journal(self, reason: str) -> None:
        level = logger.warning if self.is_durable else logger.debug
        level("outcrop: spans that wait are kept in memory alone from now on: %s.", reason)
        self._open_journal = None
        self.is_durable = False

    def _drop_newest(self) -> None:
        with contextlib.suppress(IndexError):
            self._raw.pop()
            self._on_drop(1, "the queue was full")


def _noted(spans: Sequence[SettledSpan], resource: Mapping[str, Any]) -> list[NotedRequest]:
    """Spans as they are noted down: calls of one group together, and the others."""
    calls: dict[SpanGroup, list[FlatSpan]] = {}
    others: list[EncodedSpan] = []
    group: SpanGroup | None = None
    neighbours: list[FlatSpan] = []
    for span in spans:
        if type(span) is not FlatSpan:
            others.append(cast("EncodedSpan", span))
            continue
        if span.group is not group:
            group = span.group
            neighbours = calls.setdefault(group, [])
        neighbours.append(span)
    found = [NotedRequest(*flat_request(alike, resource), len(alike), True) for alike in calls.values()]
    if others:
        found.append(NotedRequest(*request_pieces(others, resource), len(others)))
    return found


def _encoded(spans: Sequence[SettledSpan]) -> list[EncodedSpan]:
    found: list[EncodedSpan] = []
    for span in spans:
        try:
            found.append(span.encode() if isinstance(span, FlatSpan) else span)
        except Exception as error:  # noqa: BLE001  # an odd span must not take its neighbours along
            report_fault("encoding a finished span", error)
    return found
