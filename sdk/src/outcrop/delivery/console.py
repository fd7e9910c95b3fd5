"""Prints each finished trace on standard error (tracking URI `console`): to look without any server.

The program's thread only queues a span; one background thread reads it and, when the topmost span of this
process has ended, prints the tree below it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import OrderedDict
from queue import SimpleQueue
from typing import TYPE_CHECKING, TextIO

from outcrop.capture.faults import logger, report_fault
from outcrop.delivery.otlp_decode import decode_span
from outcrop.delivery.stats import DeliveryStats
from outcrop.delivery.unasked import Unasked
from outcrop.otlp.records import EndedSpan, SpanRecord
from outcrop.recording.forks import no_fork_meanwhile

if TYPE_CHECKING:
    from outcrop.delivery.console_tree import SpanLine

# Spans that wait for their root, and printed ones that a late child may still name.
MAX_WAITING = 10_000
_MAX_PRINTED = 10_000


class ConsoleDestination(Unasked):
    """Prints traces and keeps none."""

    what_it_is = "The console"

    def __init__(self, stream: TextIO | None = None) -> None:
        """Its thread starts with the first span and is a daemon.

        Args:
            stream: where to print; None: standard error, as it is when a trace is printed.
        """
        self._lock = threading.Lock()
        self._stream = stream
        self._begin()

    def _begin(self) -> None:
        # A span, or the event that somebody waits for until all before it is printed.
        self._queue: SimpleQueue[EndedSpan | threading.Event] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._printer = _Printer(self._stream)

    def submit(self, span: EndedSpan) -> None:
        """Queues the span."""
        if self._thread is None:
            self._start()
        self._queue.put(span)

    def flush(self, timeout_s: float) -> bool:
        """Prints what has ended, also spans whose root is still running."""
        done = threading.Event()
        self._queue.put(done)
        if self._thread is None:
            self._work_until(done)
        return done.wait(timeout_s)

    def shutdown(self, timeout_s: float) -> None:
        """Prints what has ended."""
        self.flush(timeout_s)

    def read_trace(self, trace_id: str) -> list[SpanRecord]:  # noqa: ARG002  # the contract's
        """There is nothing to read.

        Raises:
            OutcropError: always; says what would serve.
        """
        self._refuse("give traces back")

    def stats(self) -> DeliveryStats:
        """What is printed counts as sent."""
        return DeliveryStats(sent=self._printer.count, waiting=self._queue.qsize())

    def after_fork_in_child(self) -> None:
        """A child has neither the thread nor its spans: those are the parent's to print."""
        self._lock = threading.Lock()
        self._begin()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = threading.Thread(target=self._work_until, name="outcrop-console", daemon=True)
                # A process that is ending starts no thread any more; its last flush prints then.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def _work_until(self, last: threading.Event | None = None) -> None:
        queue, printer = self._queue, self._printer
        while last is None or not last.is_set():
            _work_on(queue.get(), printer)


def _work_on(item: EndedSpan | threading.Event, printer: _Printer) -> None:
    try:
        if isinstance(item, threading.Event):
            printer.print_all()
        else:
            printer.take(item)
    except Exception as error:  # noqa: BLE001  # the thread must outlive any fault of ours
        try:
            report_fault("printing a trace", error)
        except Exception:  # noqa: BLE001  # raised in Outcrop's own tests; still go on
            logger.exception("outcrop: fault in the console thread")
    finally:
        if isinstance(item, threading.Event):
            item.set()


class _Printer:
    """Lines that wait for their root. Used by one thread alone.

    Attributes:
        count: how many spans were printed.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.count = 0
        self._waiting: OrderedDict[bytes, SpanLine] = OrderedDict()
        self._printed: OrderedDict[bytes, None] = OrderedDict()

    def take(self, ended: EndedSpan) -> None:
        """Takes a span; prints the tree below it if nothing above it is to come."""
        # Loads the readers, off the program's thread and for those who print alone.
        with no_fork_meanwhile():
            from outcrop.delivery.console_tree import read_line  # noqa: PLC0415

        line = read_line(decode_span(ended.encode()))
        if ended.is_local_root or not line.parent_id or line.parent_id in self._printed:
            self._print(line)
            return
        self._waiting[line.span_id] = line
        if len(self._waiting) > MAX_WAITING:
            self._print(self._waiting.popitem(last=False)[1])

    def print_all(self) -> None:
        """Prints what waits, each tree from the topmost span that has ended."""
        while self._waiting:
            tops = [line for line in self._waiting.values() if line.parent_id not in self._waiting]
            # Parents in a circle have no top; the oldest then serves.
            for top in tops or list(self._waiting.values())[:1]:
                self._waiting.pop(top.span_id, None)
                self._print(top)

    def _print(self, root: SpanLine) -> None:
        from outcrop.delivery.console_tree import draw_tree  # noqa: PLC0415  # as above

        below = self._take_below(root)
        self.count += 1 + len(below)
        for line in (root, *below):
            self._printed[line.span_id] = None
        while len(self._printed) > _MAX_PRINTED:
            self._printed.popitem(last=False)
        stream = self._stream or sys.stderr
        if stream is None:  # pyright: ignore[reportUnnecessaryComparison]  # a program without a console
            return
        has_colour = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        text = draw_tree(root, below, has_colour=has_colour)
        # An old console may not know the tree's lines: question marks are better than an exception.
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()

    def _take_below(self, root: SpanLine) -> list[SpanLine]:
        """The waiting descendants of a span, which wait no longer."""
        children: dict[bytes, list[SpanLine]] = {}
        for line in self._waiting.values():
            if line.trace_id == root.trace_id:
                children.setdefault(line.parent_id, []).append(line)
        found: list[SpanLine] = []
        above = [root]
        while above:
            for line in children.pop(above.pop().span_id, []):
                if self._waiting.pop(line.span_id, None) is not None:
                    found.append(line)
                    above.append(line)
        return found
