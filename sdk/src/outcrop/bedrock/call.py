"""One Bedrock call while it runs: what the wire showed of it, and its one end.

Made by `instrumentation`, fed by `wire` (botocore's events) and `taps` (what is read of the answer).
The span ends here exactly once; its attributes are put together on the delivery thread.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from opentelemetry.trace import StatusCode

from outcrop.bedrock.chunks import pack_chunks
from outcrop.bedrock.operations import SERVICE, Operation
from outcrop.capture.render import to_json
from outcrop.genai.stream import EndReason, Outcome
from outcrop.json_reading import as_object, as_text, parse_json
from outcrop.recording.span import LiveSpan
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

_COUNT_HEADERS = "x-amzn-bedrock-"
_REQUEST_ID_HEADER = "x-amzn-requestid"
_ERROR_STATUS = 300
_MAX_ERROR_BODY = 4096  # bytes


class Call:
    """A traced call.

    Attributes:
        operation: the row of the table.
        span: its span.
        abandoned_ns: when the caller stopped reading a stream without closing it; 0 if it did not.
        is_reading: whether the connection is being read now, and so may close itself.
    """

    def __init__(self, operation: Operation, span: LiveSpan, arguments: Mapping[str, Any]) -> None:
        """`arguments` are the call's own; none of them is kept that the caller could still change."""
        self.operation = operation
        self.span = span
        self.abandoned_ns = 0
        self.is_reading = False
        self._params = {name: arguments[name] for name in operation.outside_body if name in arguments}
        self._request_body: bytes | str | None = None
        self._url = ""
        self._response_body: Any = None
        self._response_headers: Mapping[str, str] = {}
        self._response_members: Mapping[str, Any] = {}
        self._pieces: list[tuple[int, bytes]] = []
        self._last_piece_ns = 0
        self._attempts = 0
        self._is_over = False
        self._lock = threading.Lock()
        span.deferred = self._attributes

    # What the wire shows.

    def on_request(self, url: str, body: Any) -> None:
        """The request as botocore made it, before it is signed."""
        self._url = url
        if isinstance(body, bytes | str):
            self._request_body = body
        elif isinstance(body, bytearray):
            # The caller may change it while the call runs.
            self._request_body = bytes(body)

    def on_response(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        """One attempt's answer; retries come here once each."""
        self._attempts += 1
        self._response_headers = headers
        attributes: dict[str, Any] = {
            names.ATTEMPT_NUMBER: self._attempts,
            gen_ai.HTTP_STATUS_CODE: status,
        }
        request_id = headers.get(_REQUEST_ID_HEADER)
        if request_id:
            attributes[gen_ai.AWS_REQUEST_ID] = request_id
        if status >= _ERROR_STATUS:
            code = headers.get("x-amzn-errortype", "")
            attributes[gen_ai.ERROR_TYPE] = code.split(":")[0] or str(status)
            # What AWS says beside code and message, such as a model's original error.
            attributes[names.ATTEMPT_BODY] = _as_text(body)
        elif isinstance(body, bytes):
            self._response_body = body
        self.span.add_event(names.ATTEMPT_EVENT, attributes)

    def serialise_arguments(self, arguments: Mapping[str, Any]) -> None:
        """Keeps the arguments themselves: for a call that never became a request."""
        self._params = {}
        self._request_body = None
        self.span.set_attribute(names.REQUEST_PARAMS, to_json(arguments))

    @property
    def has_request(self) -> bool:
        """Whether a request was made."""
        return self._url != ""

    @property
    def has_response(self) -> bool:
        """Whether an answer came over the wire; a stubbed client gives one without."""
        return self._attempts > 0

    def keep_members(self, response: Mapping[str, Any]) -> None:
        """Keeps the members of the answer that came as headers, such as `contentType`."""
        left_out = {"ResponseMetadata", self.operation.answer_body}
        self._response_members = {
            name: value for name, value in response.items() if name not in left_out and _is_plain(value)
        }

    def keep_answer(self, response: Mapping[str, Any]) -> None:
        """Keeps an answer that came without a wire, as it is now."""
        body = {name: value for name, value in response.items() if name != "ResponseMetadata"}
        self._response_body = to_json(body).encode()

    def on_piece(self, data: bytes) -> None:
        """Bytes of the answer, as the caller read them."""
        now_ns = self.span.now_ns()
        self._last_piece_ns = now_ns
        self._pieces.append((now_ns - self.span.start_time_ns, data))

    # The end.

    @property
    def is_over(self) -> bool:
        """Whether the span has ended."""
        return self._is_over

    def finish(self) -> None:
        """Ends a call whose answer is whole."""
        if self._begin_end():
            self.span.mark_ok()
            self.span.end()

    def fail(self, error: BaseException) -> None:
        """Ends a call that an exception ended, in making it or in reading its answer."""
        if self._begin_end():
            if self._pieces or self._response_members:
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
        is_late = reason in {EndReason.GARBAGE_COLLECTED, EndReason.PROCESS_EXIT}
        end_ns = self.abandoned_ns or (self._last_piece_ns if is_late else 0)
        self.span.end(end_ns or None)

    def _begin_end(self) -> bool:
        with self._lock:
            is_first = not self._is_over
            self._is_over = True
            return is_first

    def _set_stream_end(self, reason: EndReason) -> None:
        if reason is EndReason.EXHAUSTED:
            outcome = Outcome.COMPLETE
        elif reason is EndReason.ERROR:
            outcome = Outcome.ERROR
        else:
            outcome = Outcome.CANCELLED if self._pieces else Outcome.NOT_CONSUMED
        self.span.set_attribute(names.STREAM_OUTCOME, outcome.value)
        self.span.set_attribute(names.STREAM_END_REASON, reason.value)

    # On the delivery thread.

    def _attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {names.AWS_SERVICE: SERVICE, names.AWS_OPERATION: self.operation.name}
        if self._params:
            found[names.REQUEST_PARAMS] = to_json(self._params)
        if self._request_body is not None:
            found[names.REQUEST_BODY] = _as_bytes(self._request_body)
            if self.operation.body_argument is None:
                found.update(_request_attributes(self._request_body))
        if self._url:
            parts = urlsplit(self._url)
            found[gen_ai.SERVER_ADDRESS] = parts.hostname or ""
            found[gen_ai.SERVER_PORT] = parts.port or (443 if parts.scheme == "https" else 80)
        found.update(self._response_attributes())
        return found

    def _response_attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        request_id = self._response_headers.get(_REQUEST_ID_HEADER)
        if request_id:
            found[gen_ai.AWS_REQUEST_ID] = request_id
        counts = {
            name.lower(): value
            for name, value in self._response_headers.items()
            if name.lower().startswith(_COUNT_HEADERS) and name.lower().endswith("-count")
        }
        fields = {**self._response_members, **counts}
        if fields:
            found[names.RESPONSE_FIELDS] = to_json(fields)
        if self.operation.is_stream and self._pieces:
            found[names.STREAM_CHUNKS] = pack_chunks(self._pieces)
        elif self._pieces:
            found[names.RESPONSE_BODY] = b"".join(data for _, data in self._pieces)
        elif isinstance(self._response_body, bytes):
            found[names.RESPONSE_BODY] = self._response_body
        return found


def _request_attributes(body: bytes | str) -> dict[str, Any]:
    """The conventions' request attributes, out of a Converse body."""
    request = as_object(parse_json(body))
    inference = as_object(request.get("inferenceConfig"))
    found = {
        gen_ai.REQUEST_MAX_TOKENS: inference.get("maxTokens"),
        gen_ai.REQUEST_TEMPERATURE: inference.get("temperature"),
        gen_ai.REQUEST_TOP_P: inference.get("topP"),
        gen_ai.REQUEST_STOP_SEQUENCES: inference.get("stopSequences"),
        gen_ai.GUARDRAIL_ID: as_object(request.get("guardrailConfig")).get("guardrailIdentifier"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _as_bytes(body: bytes | str) -> bytes:
    return body if isinstance(body, bytes) else body.encode("utf-8", "replace")


def _as_text(body: Any) -> str:
    return body[:_MAX_ERROR_BODY].decode("utf-8", "replace") if isinstance(body, bytes) else ""


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _describe(error: BaseException) -> tuple[str | None, str | None]:
    """AWS's own code and message, where the exception carries them (botocore's ClientError)."""
    details = as_object(as_object(cast("Any", getattr(error, "response", None))).get("Error"))
    return as_text(details.get("Code")), as_text(details.get("Message"))
