"""The parts of a span's payload that can be had by themselves, as the bytes that were captured. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from outcrop.bedrock.chunks import unpack_chunks
from outcrop.semconv import outcrop_attributes as names

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """A part: its bytes, and what they are."""

    name: PartName
    data: bytes
    content_type: str


def payload_parts(attributes: Mapping[str, Any], payload: bytes) -> list[PayloadPart]:
    """All parts that a span has.

    Args:
        attributes: the span's.
        payload: the span as it came, which is the part `otlp`.
    """
    found: list[PayloadPart] = []
    for name, attribute in _ATTRIBUTES.items():
        value = attributes.get(attribute)
        if isinstance(value, str):
            # Half a surrogate pair, which protobuf lets nobody send, would not be UTF-8.
            found.append(PayloadPart(name, value.encode("utf-8", "replace"), _JSON))
        elif isinstance(value, bytes):
            found.append(PayloadPart(name, value, _kind(value)))
    packed = attributes.get(names.STREAM_CHUNKS)
    if isinstance(packed, bytes):
        found.append(_stream(packed))
    return [*found, PayloadPart("otlp", payload, _OTLP)]


def _stream(packed: bytes) -> PayloadPart:
    try:
        return PayloadPart("stream", b"".join(data for _, data in unpack_chunks(packed)), _EVENT_STREAM)
    except ValueError:
        # Written by another program under our name: as it is.
        return PayloadPart("stream", packed, _BINARY)


def _kind(data: bytes) -> str:
    """JSON where it looks like it: a browser must take nothing that was captured for a page or a script."""
    return _JSON if data.lstrip()[:1] in {b"{", b"[", b'"'} else _BINARY
