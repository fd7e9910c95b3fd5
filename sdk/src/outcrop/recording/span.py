"""A span while it runs. It is an OpenTelemetry span, so it can be current and be a parent.

Made by `outcrop.runtime`; when it ends it goes to the sink it was made with.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from opentelemetry import trace as otel

from outcrop.capture.faults import report_fault, warn_once
from outcrop.capture.render import cut_text, to_json
from outcrop.otlp.encode import (
    STATUS_ALONE,
    TimedEvent,
    label_of,
    span_attribute,
    span_event,
    span_head,
    span_status,
)
from outcrop.otlp.flat import CallParts, FlatSpan, flat_span
from outcrop.otlp.records import (
    KIND_INTERNAL,
    STATUS_ERROR,
    STATUS_OK,
    STATUS_UNSET,
    EncodedSpan,
    EndedSpan,
    EventRecord,
    SpanGroup,
)
from outcrop.recording.attribute_values import (
    attribute_key,
    attribute_value,
    exception_attributes,
    message_of,
)
from outcrop.recording.ids import SpanIds
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names
from outcrop.semconv.span_types import SpanType

_SAMPLED = otel.TraceFlags(otel.TraceFlags.SAMPLED)
_STATUS_NUMBERS = {
    otel.StatusCode.UNSET: STATUS_UNSET,
    otel.StatusCode.OK: STATUS_OK,
    otel.StatusCode.ERROR: STATUS_ERROR,
}


class SpanSink(Protocol):
    """Where ended spans go."""

    def on_end(self, span: LiveSpan, ended: EndedSpan) -> None:
        """Takes a span that has just ended; must return at once and never raise."""
        ...


class LiveSpan(otel.Span):
    """A span that has begun; every method is safe to call at any time, from any thread.

    Attributes:
        name: what it is called in the tree.
        ids: of the trace, of the span, and of its parent, as bytes.
        local_root: the first span of the trace in this process; None where this is it, and its parent,
            if any, belongs to another process or library.
        is_recorded: whether anything of it is kept.
        trace_flags: what it says to other processes and libraries of whether its trace is kept.
        content_mode: what is kept of what it holds; None for what holds in the process.
    """

    is_costly = False  # to encode; see EndedSpan
    # What most spans never change stands here once: a span is made and ended within each traced call.
    _context: otel.SpanContext | None = None
    _events: list[TimedEvent] | None = None
    _status = STATUS_UNSET
    _status_message = ""
    _end_ns = 0
    is_recorded = True
    trace_flags = _SAMPLED
    content_mode: str | None = None

    def __init__(  # noqa: PLR0917  # by keyword each call would pay more
        self,
        sink: SpanSink,
        name: str,
        ids: SpanIds,
        group: SpanGroup,
        kind: int = KIND_INTERNAL,
        local_root: LiveSpan | None = None,
    ) -> None:
        """Made by `outcrop.runtime`."""
        self.name = name
        self.ids = ids
        self.local_root = local_root
        self._sink = sink
        self._group = group
        self._kind = kind
        self._attributes: dict[str, Any] = {}
        # Deleted by the first `end`: deleting is atomic, so no second one can.
        self._is_open = True
        self._start_ns = time.time_ns()
        self._start_counter = time.perf_counter_ns()

    # What users read and set.

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return self.ids[0].hex()

    @property
    def span_id(self) -> str:
        """16 hexadecimal digits."""
        return self.ids[1].hex()

    @property
    def is_local_root(self) -> bool:
        """Whether its parent, if any, belongs to another process or library."""
        return self.local_root is None

    @property
    def parent_id(self) -> str | None:
        """16 hexadecimal digits; None for the first span of a trace."""
        return self.ids[2].hex() or None

    @property
    def span_type(self) -> str:
        """The kind of span; `UNKNOWN` where none was set."""
        return str(self._attributes.get(names.SPAN_TYPE, SpanType.UNKNOWN))

    @property
    def start_time_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return self._start_ns

    @property
    def duration_ns(self) -> int:
        """Nanoseconds from start to end; 0 while it runs."""
        return self._end_ns - self._start_ns if self._end_ns else 0

    @property
    def has_failed(self) -> bool:
        """Whether its status is ERROR."""
        return self._status == STATUS_ERROR

    @property
    def sink(self) -> SpanSink:
        """Where it goes when it ends."""
        return self._sink

    def set_inputs(self, inputs: Any) -> None:
        """Records what goes in, as it is now: later changes to the object are not seen."""
        self._set(names.INPUTS, to_json(inputs))

    def set_outputs(self, outputs: Any) -> None:
        """Records what comes out, as it is now."""
        self._set(names.OUTPUTS, to_json(outputs))

    def set_span_type(self, span_type: str) -> None:
        """Sets the kind of span, a value of `outcrop.entities.SpanType` or any other text."""
        self._set(names.SPAN_TYPE, span_type)

    def set_attribute(self, key: str, value: Any) -> None:
        """Sets an attribute; a value that OpenTelemetry has no type for is kept as JSON text."""
        self._set(key if type(key) is str else attribute_key(key), attribute_value(value))

    def set_json(self, key: str, text: str) -> None:
        """Sets an attribute that is JSON text already, as `capture.render` makes it."""
        self._set(key, text)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Sets several attributes."""
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def set_status(self, status: otel.Status | otel.StatusCode | str, description: str | None = None) -> None:
        """Sets the status: OpenTelemetry's, or `"OK"` / `"ERROR"` / `"UNSET"`.

        Any other word leaves the status as it is, and the log says so, once.
        """
        if isinstance(status, otel.Status):
            code, description = status.status_code, status.description
        elif isinstance(status, otel.StatusCode):
            code = status
        else:
            named = otel.StatusCode.__members__.get(str(status).upper())
            if named is None:
                valid = ", ".join(otel.StatusCode.__members__)
                warn_once("%.100r is no status of a span, and is left out: give one of %s.", status, valid)
                return
            code = named
        if self._end_ns == 0:
            self._status = _STATUS_NUMBERS[code]
            self._status_message = cut_text(str(description)) if description else ""

    def add_event(
        self, name: str, attributes: Mapping[str, Any] | None = None, timestamp: int | None = None
    ) -> None:
        """Adds an event; `timestamp` is nanoseconds since the epoch, now by default."""
        if self._end_ns == 0:
            values = {attribute_key(key): attribute_value(value) for key, value in (attributes or {}).items()}
            event = span_event(EventRecord(name, timestamp or self.now_ns(), values))
            # In one step: two threads may each add the first one.
            vars(self).setdefault("_events", []).append(event)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Mapping[str, Any] | None = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: ARG002  # OpenTelemetry's signature; deprecated there
    ) -> None:
        """Adds an `exception` event with type, message and stack trace."""
        found = exception_attributes(exception)
        self.add_event(gen_ai.EXCEPTION_EVENT, {**found, **(attributes or {})}, timestamp)

    def fail(self, exception: BaseException, error_type: str | None = None) -> None:
        """Marks the span as failed by an exception; `error_type` names it, its class by default."""
        self.set_attribute(gen_ai.ERROR_TYPE, error_type or type(exception).__name__)
        self.record_exception(exception)
        self.set_status(otel.StatusCode.ERROR, message_of(exception))

    # OpenTelemetry's interface.

    def get_span_context(self) -> otel.SpanContext:
        """The span's identity."""
        if self._context is None:
            trace_id, span_id, _ = self.ids
            self._context = otel.SpanContext(
                int.from_bytes(trace_id, "big"), int.from_bytes(span_id, "big"), False, self.trace_flags
            )
        return self._context

    def is_recording(self) -> bool:
        """Whether the span still runs."""
        return self._end_ns == 0

    def update_name(self, name: str) -> None:
        """Renames the span."""
        if self._end_ns == 0:
            self.name = name

    def end(
        self,
        end_time: int | None = None,
        *,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: otel.Status | otel.StatusCode | str | None = None,
    ) -> None:
        """Ends the span; a second call does nothing. The status becomes OK unless one was set.

        Args:
            end_time: nanoseconds since the epoch; now by default.
            outputs: as `set_outputs` takes them; None leaves them as they are.
            attributes: as `set_attributes` takes them.
            status: as `set_status` takes it.
        """
        if outputs is not None:
            self.set_outputs(outputs)
        if attributes:
            self.set_attributes(attributes)
        if status is not None:
            self.set_status(status)
        self.mark_ok()
        self.end_as(self, end_time)

    def end_as(self, ended: EndedSpan, end_time: int | None = None) -> None:
        """Ends the span; `ended` is what will be asked for its bytes, by `encode`."""
        try:
            del self._is_open
        except AttributeError:
            return
        try:
            now = self._start_ns + time.perf_counter_ns() - self._start_counter
            self._end_ns = max(end_time or now, self._start_ns)
            self._sink.on_end(self, ended)
        except Exception as error:  # noqa: BLE001  # the traced program must not see it
            report_fault("ending a span", error)

    def flat(self) -> None:
        """See EndedSpan: what a user sets is encoded at once."""
        return

    def flat_as(
        self, answered: int, took_ns: int, http_status: int, has: int, parts: CallParts
    ) -> FlatSpan | None:
        """The ended span with what its instrumentation knows of it, not encoded yet.

        Args:
            answered: what the counter read when its only attempt was answered.
            took_ns: nanoseconds that the answer took.
            http_status: the answer's.
            has: see `flat_span`.
            parts: likewise.

        Returns:
            None where something was set on the span, or an event was added: it must be encoded.
        """
        if self._attributes or self._events or self._status_message:
            return None
        start = self._start_ns
        times = start, self._end_ns, start + answered - self._start_counter, took_ns
        label = label_of(self.name, self._kind)
        return flat_span(self._group, self.ids, times, http_status, self._status, has, label, parts)

    def encode(self) -> EncodedSpan:
        """The ended span in bytes."""
        return self.encoded_as([self.encoded_head()], ())

    def encoded_head(self) -> bytes:
        """What the ended span's message begins with: ids, name, kind and times."""
        return span_head(self.ids, self.name, self._kind, self._start_ns, self._end_ns)

    def encoded_as(
        self,
        pieces: list[bytes],
        events: Sequence[TimedEvent],
        later: Callable[[], bytes] | None = None,
    ) -> EncodedSpan:
        """The ended span in bytes, with what its instrumentation knows of it.

        Args:
            pieces: `encoded_head`, and further members of OTLP's Span message; the list is taken over. What
                was set on the span itself comes after them, and so has the last word.
            events: further events.
            later: see `EncodedSpan`.
        """
        if self._attributes:
            pieces.extend([span_attribute(key, value) for key, value in self._attributes.items()])
        if self._events:
            events = sorted((*events, *self._events))
        for _, event in events:
            pieces.append(event)  # most often there is one: a list of it costs more
        status = self._status
        if status:
            message = self._status_message
            pieces.append(span_status(status, message) if message else STATUS_ALONE[status])
        size = 0
        for piece in pieces:
            size += len(piece)
        return EncodedSpan(self._group, pieces, size, later)

    def now_ns(self) -> int:
        """Now, by the span's own clock, which never runs backwards."""
        return self._start_ns + time.perf_counter_ns() - self._start_counter

    # Reading the counter alone is cheaper; what it gave is turned into times later.
    counter_ns = staticmethod(time.perf_counter_ns)

    def epoch_ns(self, counter_ns: int) -> int:
        """A reading of the counter as nanoseconds since the epoch."""
        return self._start_ns + counter_ns - self._start_counter

    @property
    def start_counter_ns(self) -> int:
        """What the counter read when the span began."""
        return self._start_counter

    def mark_ok(self) -> None:
        """Sets the status to OK unless it has one."""
        if self._status == STATUS_UNSET and self._end_ns == 0:
            self._status = STATUS_OK

    def _set(self, key: str, value: Any) -> None:
        if self._end_ns == 0:
            self._attributes[key] = value
