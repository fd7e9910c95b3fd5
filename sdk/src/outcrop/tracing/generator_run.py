"""A traced generator, synchronous or not: one span, from the call to the last item or to the end of interest.

The user's generator is driven by one of ours, which passes on all that is sent and thrown. The span is
current while the user's code runs and never while it waits at a `yield`: there, the context is the caller's.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextvars import Token
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import trace as otel
from opentelemetry.context import Context

from outcrop.capture.faults import report_fault
from outcrop.capture.render import to_json
from outcrop.genai.stream import EndReason, Outcome
from outcrop.recording.current import leave
from outcrop.recording.span import LiveSpan
from outcrop.semconv import outcrop_attributes as names
from outcrop.tracing.gathering import Gathering


class GeneratorRun:
    """The span of one generator. Whatever ends it, it ends once: at the latest when it is collected."""

    def __init__(self, span: LiveSpan, gathering: Gathering) -> None:
        """Takes the context of the call; the generator's body runs in it, wherever it is read."""
        self._span = span
        self._gathering = gathering
        self._context = otel.set_span_in_context(span)
        self._last_ns = span.start_time_ns
        self._is_open = True

    def resume(self) -> Token[Context]:
        """Makes current what was so when the body last waited."""
        return otel_context.attach(self._context)

    def pause(self, token: Token[Context]) -> None:
        """Gives the caller its context back, and keeps the body's: a block of its own may be open in it."""
        self._context = otel_context.get_current()
        leave(token, self._span)

    def add(self, item: Any) -> None:
        """Takes what was yielded."""
        try:
            self._last_ns = self._span.now_ns()
            self._gathering.add(item)
        except Exception as error:  # noqa: BLE001  # the caller must get its item
            report_fault("keeping a generator's item", error)

    def returned(self, value: Any, reason: EndReason) -> None:
        """Ends the span of a generator that came to its end by itself."""
        if value is not None:
            self._span.set_json(names.RETURN_VALUE, to_json(value))
        self.end(reason)

    def fail(self, error: BaseException) -> None:
        """Ends the span of a generator that an exception ended."""
        if self._is_open:
            self._span.fail(error)
            self.end(EndReason.ERROR)

    def end(self, reason: EndReason, end_ns: int | None = None) -> None:
        """Ends the span, unless it has ended."""
        if not self._is_open:
            return
        self._is_open = False
        span, gathering = self._span, self._gathering
        end_ns = end_ns or span.now_ns()
        try:
            span.set_attribute(names.STREAM_OUTCOME, _outcome(reason, gathering.count).value)
            span.set_attribute(names.STREAM_END_REASON, reason.value)
            span.set_attribute(names.STREAM_ITEMS, gathering.count)
            span.set_json(names.OUTPUTS, gathering.render())
        except Exception as error:  # noqa: BLE001  # the program must not see it
            report_fault("recording what a generator yielded", error)
        span.end(end_ns)

    def __del__(self) -> None:
        # Whoever drives a generator ends its span, unless it was never begun, or is of an event loop's that
        # has gone. It ended, then, when something last happened.
        if self._is_open:
            self.end(EndReason.GARBAGE_COLLECTED, self._last_ns)


def _outcome(reason: EndReason, count: int) -> Outcome:
    if reason is EndReason.EXHAUSTED:
        return Outcome.COMPLETE
    if reason is EndReason.ERROR:
        return Outcome.ERROR
    return Outcome.CANCELLED if count else Outcome.NOT_CONSUMED


# The items and exceptions on their way are kept in lists of one, and taken out: while a generator waits, or
# a traceback lives, its frame's variables would keep them alive.


def drive(run: GeneratorRun, body: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Gives what the body yields, and the body what it is sent."""
    sent: Any = None
    thrown: list[BaseException] = []
    is_closed = False
    while True:
        try:
            items = [_step(run, body, sent, thrown)]
        except StopIteration as stop:
            run.returned(stop.value, EndReason.CANCELLED if is_closed else EndReason.EXHAUSTED)
            return stop.value
        except GeneratorExit:
            run.end(EndReason.CANCELLED)
            raise
        except BaseException as error:
            run.fail(error)
            raise
        run.add(items[0])
        sent = None
        try:
            sent = yield items.pop()
        except BaseException as error:  # noqa: BLE001  # it is the body's to see
            is_closed = isinstance(error, GeneratorExit)
            thrown.append(error)


def _step(run: GeneratorRun, body: Generator[Any, Any, Any], sent: Any, thrown: list[BaseException]) -> Any:
    token = run.resume()
    try:
        return body.throw(thrown.pop()) if thrown else body.send(sent)
    finally:
        run.pause(token)


async def drive_async(run: GeneratorRun, body: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    """The same for an asynchronous generator."""
    sent: Any = None
    thrown: list[BaseException] = []
    is_closed = False
    while True:
        try:
            items = [await _step_async(run, body, sent, thrown)]
        except StopAsyncIteration:
            run.returned(None, EndReason.CANCELLED if is_closed else EndReason.EXHAUSTED)
            return
        except GeneratorExit:
            run.end(EndReason.CANCELLED)
            raise
        except BaseException as error:
            run.fail(error)
            raise
        run.add(items[0])
        sent = None
        try:
            sent = yield items.pop()
        except BaseException as error:  # noqa: BLE001  # as above
            is_closed = isinstance(error, GeneratorExit)
            thrown.append(error)


async def _step_async(
    run: GeneratorRun, body: AsyncGenerator[Any, Any], sent: Any, thrown: list[BaseException]
) -> Any:
    token = run.resume()
    try:
        return await (body.athrow(thrown.pop()) if thrown else _unwatched(body, sent))
    finally:
        run.pause(token)


def _unwatched(body: AsyncGenerator[Any, Any], sent: Any) -> Any:
    """The next step, without the event loop's knowledge.

    A loop closes the generators it knows, all at the same time. It knows ours, which closes the body; that it
    closed the body too would be an error to one of both.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return body.asend(sent)
    finally:
        sys.set_asyncgen_hooks(*hooks)
