"""The parts of a span's payload that can be had by themselves: captured bytes, and what was read. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from outcrop.bedrock.chunks import unpack_chunks
from outcrop.semconv import outcrop_attributes as names
from outcrop_server.query.jsonable import jsonable
from outcrop_server.query.said import inputs_of, outputs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from outcrop.genai.view import SpanView

PartName = Literal["request-body", "response-body", "stream", "inputs", "outputs", "otlp"]

_JSON = "application/json"
_BINARY = "application/octet-stream"
_EVENT_STREAM = "application/vnd.amazon.eventstream"
_OTLP = "application/x-protobuf"
_ATTRIBUTES: dict[PartName, str] = {
    "request-body": names.REQUEST_BODY,
    "response-body": names.RESPONSE_BODY,
    "inputs": names.INPUTS,
    "outputs": names.OUTPUTS,
}


class PayloadPart(NamedTuple):
    """A part: its bytes, what they are, and whether they were put together here instead of captured so."""

    name: PartName
    data: bytes
    content_type: str
    is_derived: bool = False


def payload_parts(
    attributes: Mapping[str, Any], payload: bytes, read: Callable[[], SpanView]
) -> Iterator[PayloadPart]:
    """All parts that a span has, each made when it is asked for.

    Args:
        attributes: the span's.
        payload: the span as it came, which is the part `otlp`.
        read: reads the span. What went in or came out and was captured in no one piece (a stream's answer,
            messages among other senders' attributes) is made from that.
    """
    there: set[PartName] = set()
    for name, attribute in _ATTRIBUTES.items():
        value = attributes.get(attribute)
        if isinstance(value, str):
            # Half a surrogate pair, which protobuf lets nobody send, would not be UTF-8.
            yield PayloadPart(name, value.encode("utf-8", "replace"), _JSON)
        elif isinstance(value, bytes):
            yield PayloadPart(name, value, _kind(value))
        else:
            continue
        there.add(name)
    packed = attributes.get(names.STREAM_CHUNKS)
    if isinstance(packed, bytes):
        yield _stream(packed)
    if there.isdisjoint({"request-body", "inputs"}):
        yield from _derived("inputs", inputs_of(read()))
    if there.isdisjoint({"response-body", "outputs"}):
        yield from _derived("outputs", outputs_of(read()))
    yield PayloadPart("otlp", payload, _OTLP)


def _derived(name: PartName, value: Any) -> Iterator[PayloadPart]:
    if value is not None:
        data = json.dumps(jsonable(value), ensure_ascii=False).encode()
        yield PayloadPart(name, data, _JSON, is_derived=True)


def _stream(packed: bytes) -> PayloadPart:
    try:
        return PayloadPart("stream", b"".join(data for _, data in unpack_chunks(packed)), _EVENT_STREAM)
    except ValueError:
        # Written by another program under our name: as it is.
        return PayloadPart("stream", packed, _BINARY)


def _kind(data: bytes) -> str:
    """JSON where it looks like it: a browser must take nothing that was captured for a page or a script."""
    return _JSON if data.lstrip()[:1] in {b"{", b"[", b'"'} else _BINARY
