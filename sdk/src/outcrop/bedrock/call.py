"""One Bedrock call while it runs: what the wire showed of it, and its one end.

Made by `calls`, fed by `wire` (botocore's events) and the taps (what is read of the answer). While the
call runs references are kept and nothing more; at its end they become the members of one OTLP message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any, cast

from opentelemetry.trace import StatusCode

from outcrop.bedrock.attempts import NO_HEADERS, REQUEST_ID_HEADER, Attempt, attempt_events
from outcrop.bedrock.call_members import fixed_members, put_off, response_fields, stream_end
from outcrop.bedrock.chunks import NO_PIECES, Pieces
from outcrop.bedrock.operations import Meaning, Operation
from outcrop.capture.render import to_json
from outcrop.genai.stream import EndReason
from outcrop.json_reading import as_object, as_text
from outcrop.otlp.encode import span_attribute
from outcrop.otlp.flat import HAS_REQUEST_BODY, HAS_RESPONSE_BODY, FlatSpan
from outcrop.otlp.protobuf import BytesAttribute, TextAttribute
from outcrop.otlp.records import EncodedSpan
from outcrop.recording.span import LiveSpan
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names

# Headers of an answer that count tokens where its body may not; botocore lower-cases their names.
_COUNTED = ("input", "output", "cache-read-input", "cache-write-input")
_COUNT_HEADERS = tuple(f"x-amzn-bedrock-{counted}-token-count" for counted in _COUNTED)
_REQUEST_ID = TextAttribute(9, gen_ai.AWS_REQUEST_ID)
_REQUEST_BODY = BytesAttribute(9, names.REQUEST_BODY)
_RESPONSE_BODY = BytesAttribute(9, names.RESPONSE_BODY)
_STREAM_CHUNKS = BytesAttribute(9, names.STREAM_CHUNKS)
# Ends that are noticed some time after the last piece.
_LATE_ENDS = frozenset({EndReason.GARBAGE_COLLECTED, EndReason.PROCESS_EXIT})


class Call:
    """A traced call.

    Attributes:
        operation: how it travels.
        meaning: what it is, now that its model is known.
        span: its span.
        abandoned_ns: when the caller stopped reading a stream without closing it; 0 if it did not.
        url: where the request went; None while botocore has made none.
        request_body: its bytes.
        response_body: the bytes of the answer, where botocore reads it.
        attempts: the HTTP attempts so far.
        pieces: what was read of an answer that the caller reads itself.
    """

    is_costly = False  # to encode; see EndedSpan
    # What most calls never change stands here once: this object is made within each traced call.
    abandoned_ns = 0
    url: str | None = None
    request_body: bytes | None = None
    response_body: bytes | None = None
    _stream = b""
    _end_reason: EndReason | None = None
    _outside: tuple[tuple[str, Any], ...] = ()
    _request_params = ""
    _request_id: str | None = None
    _fields: dict[str, Any] | None = None

    def __init__(
        self, operation: Operation, meaning: Meaning, span: LiveSpan, region: str | None, model: Any
    ) -> None:
        """`model` is the argument `modelId`, whatever the caller gave."""
        self.operation = operation
        self.meaning = meaning
        self.span = span
        self.attempts: list[Attempt] = []
        self.pieces = NO_PIECES if operation.response_member is None else Pieces()
        # Deleted by whoever ends the call first: deleting is atomic, so nobody else can.
        self._is_open = True
        self._region = region
        self._model = model

    # What the wire shows; `wire` sets most of it.

    def on_transport_error(self, error: BaseException) -> None:
        """An attempt that got no answer: no connection, no time."""
        if not self.attempts or self.attempts[-1].ended:
            self.attempts.append(Attempt(0))
        attempt = self.attempts[-1]
        attempt.ended = self.span.counter_ns()
        attempt.error = error

    @property
    def has_response(self) -> bool:
        """Whether an answer came over the wire; a stubbed client gives one without."""
        for attempt in self.attempts:  # noqa: SIM110  # any() would be a generator more in each call
            if attempt.status:
                return True
        return False

    @staticmethod
    def copied(body: Any) -> bytes | None:
        """The bytes of a request's body that is no bytes: the caller's own object may change meanwhile."""
        return _copied(body)

    def keep_arguments(self, arguments: Mapping[str, Any]) -> None:
        """Keeps the arguments that the request's body does not hold; all, where there was no request."""
        if self.url is None:
            self._request_params = to_json(arguments)
        elif not self.operation.outside_names.isdisjoint(arguments):
            outside = [(name, arguments[name]) for name in self.operation.outside_body if name in arguments]
            self._outside = tuple([(name, _frozen(value)) for name, value in outside])

    def keep_head(self, response: Mapping[str, Any]) -> None:
        """Keeps what an answer's headers say: request id, members such as `contentType`, token counts."""
        operation = self.operation
        metadata: Mapping[str, Any] = response.get("ResponseMetadata") or NO_HEADERS
        headers: Mapping[str, str] = metadata.get("HTTPHeaders") or NO_HEADERS
        self._request_id = self.attempts[-1].request_id = headers.get(REQUEST_ID_HEADER)
        if operation.head_members or operation.response_member is not None:
            fields = {name: response[name] for name in operation.head_members if name in response}
            for name in _COUNT_HEADERS:
                if name in headers:
                    fields[name] = headers[name]
            self._fields = fields or None

    def keep_answer(self, response: Mapping[str, Any]) -> None:
        """Keeps an answer that came without a wire, as it is now."""
        left_out = {"ResponseMetadata", self.operation.response_member}
        body = {name: value for name, value in response.items() if name not in left_out}
        self.response_body = to_json(body).encode()

    # The end.

    @property
    def is_local_root(self) -> bool:
        """See EndedSpan."""
        return self.span.is_local_root

    @property
    def is_over(self) -> bool:
        """Whether the span has ended."""
        return not hasattr(self, "_is_open")

    def finish(self) -> None:
        """Ends a call whose answer is whole."""
        try:
            del self._is_open
        except AttributeError:
            return
        if self.pieces.kept:
            self._seal()
        self.span.mark_ok()
        self.span.end_as(self)

    def fail(self, error: BaseException) -> None:
        """Ends a call that an exception ended, in making it or in reading its answer."""
        if self._begin_end():
            if self._seal() or (self.operation.response_member and self.has_response):
                self._end_reason = EndReason.ERROR
            if self.attempts and not self._request_id:
                self._request_id = self.attempts[-1].request_id
            code, message = _describe(error)
            self.span.fail(error, code)
            if message:
                self.span.set_status(StatusCode.ERROR, message)
            self.span.end_as(self)

    def fail_in_stream(self, code: str, message: str) -> None:
        """Ends a stream in which the service sent an exception."""
        if self._begin_end():
            self._seal()
            self._end_reason = EndReason.ERROR
            self.span.set_attribute(gen_ai.ERROR_TYPE, code)
            self.span.add_event(
                gen_ai.EXCEPTION_EVENT, {gen_ai.EXCEPTION_TYPE: code, gen_ai.EXCEPTION_MESSAGE: message}
            )
            self.span.set_status(StatusCode.ERROR, message)
            self.span.end_as(self)

    def end_stream(self, reason: EndReason) -> None:
        """Ends a stream for any reason but an error; whatever came is kept."""
        if not self._begin_end():
            return
        last = self._seal()
        if self.abandoned_ns:
            reason = EndReason.CANCELLED
        self._end_reason = reason
        self.span.mark_ok()
        # A stream that was let go ended when its last piece came, not when the collector found it.
        end_ns = self.abandoned_ns
        if reason is not EndReason.EXHAUSTED and not end_ns and last and reason in _LATE_ENDS:
            end_ns = self.span.epoch_ns(round(last * 1e9))
        self.span.end_as(self, end_ns or None)

    def _begin_end(self) -> bool:
        try:
            del self._is_open
        except AttributeError:
            return False
        return True

    def _seal(self) -> float:
        """Makes one object of the pieces, on the thread that made them and can free them cheaply.

        Returns:
            The clock at the last piece's arrival, in seconds; 0 if none came.
        """
        pieces = self.pieces
        if not pieces.kept:
            return 0
        self.pieces = Pieces()
        if self.operation.is_stream:
            self._stream = pieces.packed(self.span.start_counter_ns / 1e9)
        else:
            self.response_body = pieces.joined()
        return pieces.last_arrival

    # On whatever thread delivers it.

    def flat(self) -> FlatSpan | None:
        """See EndedSpan: nearly every call has such a form."""
        attempts, model, request_id = self.attempts, self._model, self._request_id
        if len(attempts) != 1 or self._request_params:
            return None
        attempt, body, answer = attempts[0], self.request_body, self.response_body
        if not attempt.is_answer or request_id != attempt.request_id:
            return None
        # Only an ARN can be that of a profile whose model is to be asked for.
        if type(model) is str and model.startswith("arn:"):
            return None
        told = response_fields(self._fields) if self._fields else b""
        if self._end_reason is not None:
            told += stream_end(self._end_reason, has_part=bool(self._stream or answer))
        fixed = fixed_members(self.operation, self.meaning, self._region, model, self.url, self._outside)
        return self.span.flat_as(
            attempt.ended,
            attempt.ended - attempt.sent,
            attempt.status,
            (body is not None and HAS_REQUEST_BODY) | (answer is not None and HAS_RESPONSE_BODY),
            (
                fixed,
                body or b"",
                request_id.encode("utf-8", "replace") if request_id else b"",
                told,
                self._stream,
                answer or b"",
            ),
        )

    def encode(self) -> EncodedSpan:
        """The ended call in bytes."""
        flat = self.flat()
        return self.encoded_by_members() if flat is None else flat.encode()

    def encoded_by_members(self) -> EncodedSpan:
        """The ended call in bytes, whatever happened to it."""
        span, model = self.span, self._model
        pieces = [
            span.encoded_head(),
            fixed_members(self.operation, self.meaning, self._region, model, self.url, self._outside),
        ]
        if self._request_params:
            pieces.append(span_attribute(names.REQUEST_PARAMS, self._request_params))
        body = self.request_body
        if body is not None:
            pieces += _REQUEST_BODY.head(len(body)), body
        if self._request_id:
            pieces.append(_REQUEST_ID.encode(self._request_id))
        if self._fields:
            pieces.append(response_fields(self._fields))
        if self._end_reason is not None:
            has_part = bool(self._stream or self.response_body)
            pieces.append(stream_end(self._end_reason, has_part=has_part))
        if self._stream:
            pieces += _STREAM_CHUNKS.head(len(self._stream)), self._stream
        body = self.response_body
        if body is not None:
            pieces += _RESPONSE_BODY.head(len(body)), body
        return span.encoded_as(pieces, attempt_events(self.attempts, span), put_off(model))


def _frozen(value: Any) -> Any:
    """A value that the caller cannot change any more."""
    return value if isinstance(value, str | int | float) else json.loads(to_json(value))


def _copied(body: Any) -> bytes | None:
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "replace")
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


def _describe(error: BaseException) -> tuple[str | None, str | None]:
    """AWS's own code and message, where the exception carries them (botocore's ClientError)."""
    details = as_object(as_object(cast("Any", getattr(error, "response", None))).get("Error"))
    return as_text(details.get("Code")), as_text(details.get("Message"))
