"""The captured exchange of one Bedrock call: attributes as they travelled, made ready for codecs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from outcrop.bedrock.chunks import unpack_chunks
from outcrop.bedrock.frames import Frame, FrameError, FrameReader
from outcrop.json_reading import JsonObject, ParseJson, as_object, as_text, parse_json
from outcrop.semconv import gen_ai
from outcrop.semconv import outcrop_attributes as names


class StreamPiece(NamedTuple):
    """One event of a stream: type, payload as JSON, arrival since the span's start, bytes on the wire.

    A tuple, since an answer has hundreds.
    """

    type: str
    data: Any
    offset_ns: int
    size_bytes: int
    is_exception: bool = False


@dataclass(slots=True)  # frozen, making it would take three times as long, and one is made a span
class Exchange:
    """One call, before any codec has read it.

    Attributes:
        operation: botocore's operation name, such as `ConverseStream`.
        model_id: the identifier as the caller gave it.
        params: the arguments that the request body does not hold.
        request_member: the argument that the body is; None where it is all of them.
        response_member: the member of the answer that the body or stream is; None likewise.
        request: the request body as JSON (or text, if it is none).
        response: the response body likewise; None for streams and for calls without an answer.
        response_fields: members of the answer that came as headers.
        pieces: a stream's events; None for a call that is no stream.
        outcome: a stream's outcome, see `outcrop.genai.stream.Outcome`.
        end_reason: a stream's end, see `outcrop.genai.stream.EndReason`.
        problem: why some of it could not be read.
        has_request_body: whether there was a body; JSON's `null` is one, and reads as None too.
        has_response_body: likewise.
    """

    operation: str
    model_id: str | None
    params: JsonObject
    request_member: str | None
    response_member: str | None
    request: Any
    response: Any
    response_fields: JsonObject
    pieces: list[StreamPiece] | None = None
    outcome: str | None = None
    end_reason: str | None = None
    problem: str | None = None
    has_request_body: bool = False
    has_response_body: bool = False

    @property
    def visible_fields(self) -> JsonObject:
        """Members of the answer that came as headers; token counts are headers, not members."""
        return {name: v for name, v in self.response_fields.items() if not name.startswith("x-amzn-")}


def read_exchange(attributes: Mapping[str, Any], parse: ParseJson = parse_json) -> Exchange:
    """Reads the `outcrop.*` attributes of a Bedrock span by `parse`; never raises on odd data."""
    get = attributes.get
    packed = get(names.STREAM_CHUNKS)
    pieces: list[StreamPiece] | None = None
    problem: str | None = None
    if isinstance(packed, bytes):
        pieces, problem = _read_pieces(packed, parse)
    elif get(gen_ai.REQUEST_STREAM) is True and names.STREAM_OUTCOME in attributes:
        pieces = []
    request, response = get(names.REQUEST_BODY), get(names.RESPONSE_BODY)
    params, fields = as_text(get(names.REQUEST_PARAMS)), as_text(get(names.RESPONSE_FIELDS))
    return Exchange(
        operation=as_text(get(names.AWS_OPERATION)) or "",
        model_id=as_text(get(gen_ai.REQUEST_MODEL)),
        params=as_object(parse(params)) if params else {},
        request_member=as_text(get(names.REQUEST_MEMBER)),
        response_member=as_text(get(names.RESPONSE_MEMBER)),
        request=parse(_bytes_or_text(request)),
        response=parse(_bytes_or_text(response)),
        response_fields=as_object(parse(fields)) if fields else {},
        pieces=pieces,
        outcome=as_text(get(names.STREAM_OUTCOME)),
        end_reason=as_text(get(names.STREAM_END_REASON)),
        problem=problem,
        has_request_body=bool(request),
        has_response_body=bool(response),
    )


def _bytes_or_text(value: Any) -> bytes | str | None:
    return value if isinstance(value, bytes | str) else None


def _read_pieces(packed: bytes, parse: ParseJson) -> tuple[list[StreamPiece], str | None]:
    reader = FrameReader()
    pieces: list[StreamPiece] = []
    try:
        for offset_ns, data in unpack_chunks(packed):
            pieces.extend(_read_piece(frame, offset_ns, parse) for frame in reader.feed(data))
    except (FrameError, ValueError) as error:
        return pieces, str(error)
    if reader.pending_bytes:
        return pieces, f"The stream ended within a frame; {reader.pending_bytes} bytes of it had come."
    return pieces, None


def _read_piece(frame: Frame, offset_ns: int, parse: ParseJson) -> StreamPiece:
    data = parse(frame.payload)
    if isinstance(data, dict):
        payload = as_object(data)
        # Bedrock pads events with a member `p` against guessing by length; botocore drops it too.
        payload.pop("p", None)
        if frame.type == "chunk" and len(payload) == 1 and isinstance(payload.get("bytes"), str):
            data = _unwrap(payload["bytes"], parse)
    return StreamPiece(frame.type, data, offset_ns, frame.size_bytes, frame.is_exception)


def _unwrap(text: str, parse: ParseJson) -> Any:
    try:
        return parse(base64.b64decode(text, validate=True))
    except binascii.Error:
        return text
