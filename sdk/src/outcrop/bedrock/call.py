"""One Bedrock call while it runs: what the wire showed of it, and its one end.

Made by `instrumentation`, fed by `wire` (botocore's events) and the taps (what is read of the answer).
On the caller's thread references are kept and nothing more; attributes and events are put together on
the delivery thread (`_finish_later`).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from opentelemetry.trace import StatusCode

from outcrop.bedrock.chunks import pack_chunks
from outcrop.bedrock.operations import Meaning, Operation
from outcrop.capture.render import to_json
from outcrop.genai.stream import EndReason, Outcome
from outcrop.json_reading import as_object, as_text
from outcrop.recording.record import EventRecord
from outcrop.recording.span import LiveSpan
from outcrop.runtime import get_runtime
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

if TYPE_CHECKING:
    from outcrop.bedrock.profiles import ProfileResolver

_COUNT_HEADERS = "x-amzn-bedrock-"
_REQUEST_ID_HEADER = "x-amzn-requestid"
_ERROR_STATUS = 300
_MAX_ERROR_BODY = 4096  # bytes

_resolver: ProfileResolver | None = None


class Attempt:
    """One HTTP attempt: when it went out and ended, and with what."""

    __slots__ = ("body", "ended_ns", "error", "headers", "sent_ns", "status")

    def __init__(self, sent_ns: int) -> None:
        """`sent_ns` is nanoseconds since the epoch; 0 if botocore never said."""
        self.sent_ns = sent_ns
        self.ended_ns = 0
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.body: Any = None
        self.error: BaseException | None = None


class Call:
    """A traced call.

    Attributes:
        operation: how it travels.
        span: its span.
        abandoned_ns: when the caller stopped reading a stream without closing it; 0 if it did not.
        has_request: whether botocore made a request of it.
        arrivals: when each piece of the answer came, by the counter that `LiveSpan.counter_ns` reads.
        lengths: the bytes of each piece.
        received: the pieces, one after the other. Arrays and one buffer, so that hundreds of small
            objects need not be kept, and freed on another thread, for a stream.
    """

    __slots__ = (
        "__weakref__",
        "_attempts",
        "_headers",
        "_members",
        "_model",
        "_open",
        "_params",
        "_region",
        "_request_body",
        "_response_body",
        "_url",
        "abandoned_ns",
        "arrivals",
        "has_request",
        "lengths",
        "meaning",
        "operation",
        "received",
        "span",
    )

    def __init__(
        self,
        operation: Operation,
        meaning: Meaning,
        span: LiveSpan,
        arguments: Mapping[str, Any],
        region: str,
    ) -> None:
        """`arguments` are the call's own; none of them is kept that the caller could still change."""
        self.operation = operation
        self.meaning = meaning
        self.span = span
        self.abandoned_ns = 0
        self.has_request = False
        self.arrivals = array("Q")
        self.lengths = array("I")
        self.received = bytearray()
        # Taken by whoever ends the call first: list.pop is atomic, so nobody else can.
        self._open = [True]
        self._region = region
        self._model = arguments.get("modelId")
        self._params: dict[str, Any] = {
            name: arguments[name] for name in operation.outside_body if name in arguments
        }
        self._url = ""
        self._request_body: bytes | str | None = None
        self._response_body: bytes | None = None
        self._headers: Mapping[str, str] = {}
        self._members: dict[str, Any] = {}
        self._attempts: list[Attempt] = []
        span.deferred = self._finish_later

    # What the wire shows.

    def on_request(self, url: str, body: Any) -> None:
        """The request as botocore made it, before it is signed."""
        self.has_request = True
        self._url = url
        self._request_body = body if isinstance(body, bytes | str) else _copied(body)

    def on_send(self) -> None:
        """An attempt goes out."""
        self._attempts.append(Attempt(self.span.now_ns()))

    def on_response(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        """An attempt's answer."""
        attempt = self._current_attempt()
        attempt.ended_ns = self.span.now_ns()
        attempt.status = status
        attempt.headers = self._headers = headers
        if isinstance(body, bytes):
            if status < _ERROR_STATUS:
                self._response_body = body
            else:
                attempt.body = body

    def on_transport_error(self, error: BaseException) -> None:
        """An attempt that got no answer: no connection, no time, no credentials."""
        attempt = self._current_attempt()
        attempt.ended_ns = self.span.now_ns()
        attempt.error = error

    def _current_attempt(self) -> Attempt:
        if not self._attempts or self._attempts[-1].ended_ns:
            self._attempts.append(Attempt(0))
        return self._attempts[-1]

    @property
    def has_response(self) -> bool:
        """Whether an answer came over the wire; a stubbed client gives one without."""
        return any(attempt.status for attempt in self._attempts)

    def serialise_arguments(self, arguments: Mapping[str, Any]) -> None:
        """Keeps the arguments themselves: for a call that never became a request."""
        self._params = {}
        self._request_body = None
        self.span.set_attribute(names.REQUEST_PARAMS, to_json(arguments))

    def keep_members(self, response: Mapping[str, Any]) -> None:
        """Keeps the members of the answer that came as headers, such as `contentType`."""
        left_out = {"ResponseMetadata", self.operation.response_member}
        self._members = {
            name: value for name, value in response.items() if name not in left_out and _is_plain(value)
        }

    def keep_answer(self, response: Mapping[str, Any]) -> None:
        """Keeps an answer that came without a wire, as it is now."""
        left_out = {"ResponseMetadata", self.operation.response_member}
        body = {name: value for name, value in response.items() if name not in left_out}
        self._response_body = to_json(body).encode()

    def on_piece(self, data: bytes) -> None:
        """Bytes of the answer, as the caller read them."""
        self.arrivals.append(self.span.counter_ns())
        self.lengths.append(len(data))
        self.received += data

    # The end.

    @property
    def is_over(self) -> bool:
        """Whether the span has ended."""
        return not self._open

    def finish(self) -> None:
        """Ends a call whose answer is whole."""
        if self._begin_end():
            self.span.mark_ok()
            self.span.end()

    def fail(self, error: BaseException) -> None:
        """Ends a call that an exception ended, in making it or in reading its answer."""
        if self._begin_end():
            if self.lengths or (self.operation.response_member and self.has_response):
                self._set_stream_end(EndReason.ERROR)
            code, message = _describe(error)
            self.span.fail(error, code)
            if message:
                self.span.set_status(StatusCode.ERROR, message)
            self.span.end()

    def fail_in_stream(self, code: str, message: str) -> None:
        """Ends a stream in which the service sent an exception."""
        if self._begin_end():
            self._set_stream_end(EndReason.ERROR)
            self.span.set_attribute(gen_ai.ERROR_TYPE, code)
            self.span.add_event(
                gen_ai.EXCEPTION_EVENT, {gen_ai.EXCEPTION_TYPE: code, gen_ai.EXCEPTION_MESSAGE: message}
            )
            self.span.set_status(StatusCode.ERROR, message)
            self.span.end()

    def end_stream(self, reason: EndReason) -> None:
        """Ends a stream for any reason but an error; whatever came is kept."""
        if not self._begin_end():
            return
        if self.abandoned_ns:
            reason = EndReason.CANCELLED
        self._set_stream_end(reason)
        self.span.mark_ok()
        # A stream that was let go ended when its last piece came, not when the collector found it.
        end_ns = self.abandoned_ns
        if not end_ns and self.arrivals and reason in {EndReason.GARBAGE_COLLECTED, EndReason.PROCESS_EXIT}:
            end_ns = self.span.epoch_ns(self.arrivals[-1])
        self.span.end(end_ns or None)

    def _begin_end(self) -> bool:
        try:
            return self._open.pop()
        except IndexError:
            return False

    def _set_stream_end(self, reason: EndReason) -> None:
        if reason is EndReason.EXHAUSTED:
            outcome = Outcome.COMPLETE
        elif reason is EndReason.ERROR:
            outcome = Outcome.ERROR
        else:
            outcome = Outcome.CANCELLED if self.lengths else Outcome.NOT_CONSUMED
        self.span.set_attribute(names.STREAM_OUTCOME, outcome.value)
        self.span.set_attribute(names.STREAM_END_REASON, reason.value)

    # On the delivery thread.

    def _finish_later(self) -> tuple[dict[str, Any], list[EventRecord]]:
        attributes = self._identity()
        if self._params:
            attributes[names.REQUEST_PARAMS] = to_json(self._params)
        body = self._request_body
        if isinstance(body, bytes):
            attributes[names.REQUEST_BODY] = body
        elif isinstance(body, str):
            attributes[names.REQUEST_BODY] = body.encode("utf-8", "replace")
        attributes.update(self._response_attributes())
        return attributes, attempt_events(self._attempts)

    def _identity(self) -> dict[str, Any]:
        operation, meaning = self.operation, self.meaning
        found: dict[str, Any] = {
            gen_ai.PROVIDER_NAME: gen_ai.PROVIDER_BEDROCK,
            gen_ai.CLOUD_REGION: self._region,
            names.SPAN_TYPE: meaning.span_type,
            names.AWS_SERVICE: operation.service,
            names.AWS_OPERATION: operation.name,
        }
        optional: dict[str, Any] = {
            gen_ai.OPERATION_NAME: meaning.genai_operation,
            gen_ai.REQUEST_MODEL: self._model if isinstance(self._model, str) else None,
            gen_ai.REQUEST_STREAM: operation.is_stream or None,
            names.MODEL_RESOLVED: _resolved(self._model),
            names.REQUEST_MEMBER: operation.request_member,
            names.RESPONSE_MEMBER: operation.response_member or operation.body_member,
        }
        found.update({name: value for name, value in optional.items() if value is not None})
        if self._url:
            parts = urlsplit(self._url)
            found[gen_ai.SERVER_ADDRESS] = parts.hostname or ""
            found[gen_ai.SERVER_PORT] = parts.port or (443 if parts.scheme == "https" else 80)
        return found

    def _response_attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        request_id = self._headers.get(_REQUEST_ID_HEADER)
        if request_id:
            found[gen_ai.AWS_REQUEST_ID] = request_id
        fields = {**self._members, **_counts(self._headers)}
        if fields:
            found[names.RESPONSE_FIELDS] = to_json(fields)
        if self.lengths and self.operation.is_stream:
            found[names.STREAM_CHUNKS] = pack_chunks(
                self.span.start_counter_ns, self.arrivals, self.lengths, self.received
            )
        elif self.lengths:
            found[names.RESPONSE_BODY] = bytes(self.received)
        elif self._response_body is not None:
            found[names.RESPONSE_BODY] = self._response_body
        return found


def attempt_events(attempts: list[Attempt]) -> list[EventRecord]:
    """An event an attempt, at its end, with status, code, request id, duration and the wait before it."""
    events: list[EventRecord] = []
    for number, attempt in enumerate(attempts, start=1):
        found: dict[str, Any] = {names.ATTEMPT_NUMBER: number}
        if attempt.status:
            found[gen_ai.HTTP_STATUS_CODE] = attempt.status
        if attempt.sent_ns:
            found[names.ATTEMPT_DURATION_NS] = attempt.ended_ns - attempt.sent_ns
            if number > 1:
                found[names.ATTEMPT_DELAY_NS] = attempt.sent_ns - attempts[number - 2].ended_ns
        request_id = attempt.headers.get(_REQUEST_ID_HEADER)
        if request_id:
            found[gen_ai.AWS_REQUEST_ID] = request_id
        if attempt.error is not None:
            found[gen_ai.ERROR_TYPE] = type(attempt.error).__name__
        elif attempt.status >= _ERROR_STATUS:
            code = attempt.headers.get("x-amzn-errortype", "")
            found[gen_ai.ERROR_TYPE] = code.partition(":")[0] or str(attempt.status)
            # What AWS says beside code and message, such as a model's original error.
            found[names.ATTEMPT_BODY] = (attempt.body or b"")[:_MAX_ERROR_BODY].decode("utf-8", "replace")
        events.append(EventRecord(names.ATTEMPT_EVENT, attempt.ended_ns or attempt.sent_ns, found))
    return events


def _copied(body: Any) -> bytes | None:
    """The bytes of a body that is the caller's own object: it may change, or move on, while the call runs."""
    if isinstance(body, bytearray):
        return bytes(body)
    if isinstance(body, memoryview):
        return body.tobytes()
    if isinstance(body, BytesIO):
        return body.getvalue()[body.tell() :]
    if getattr(body, "seekable", None) and body.seekable():
        place = body.tell()
        data = body.read()
        body.seek(place)
        return data if isinstance(data, bytes) else None
    # A stream that can be read but once is the request's alone.
    return None


def _resolved(model: Any) -> str | None:
    """The model behind an application profile, where the user has asked for that; may ask AWS."""
    if not isinstance(model, str) or not get_runtime().settings.resolves_profiles:
        return None
    from outcrop.bedrock.profiles import ProfileResolver  # noqa: PLC0415  # loaded by those who want it

    global _resolver  # noqa: PLW0603  # one a process, since it remembers
    if _resolver is None:
        _resolver = ProfileResolver()
    return _resolver.resolve(model)


def _counts(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name.lower(): value
        for name, value in headers.items()
        if name.lower().startswith(_COUNT_HEADERS) and name.lower().endswith("-count")
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _describe(error: BaseException) -> tuple[str | None, str | None]:
    """AWS's own code and message, where the exception carries them (botocore's ClientError)."""
    details = as_object(as_object(cast("Any", getattr(error, "response", None))).get("Error"))
    return as_text(details.get("Code")), as_text(details.get("Message"))
