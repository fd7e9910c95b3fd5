"""Wraps one span's bytes, with its resource and scope, as an `ExportTraceServiceRequest` of its own.

Written by hand on the wire format, since copying messages would cost more than parsing them did. The
gain is that requests joined end to end are again one request: a trace is exported without being read.
Fields: opentelemetry/proto/trace/v1/trace.proto and collector/trace/v1/trace_service.proto.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans

_FIRST = b"\x0a"  # field 1: the resource of ResourceSpans, the scope of ScopeSpans, the list of the request
_SECOND = b"\x12"  # field 2: the scope_spans of ResourceSpans, the spans of ScopeSpans
_THIRD = b"\x1a"  # field 3: the schema_url of both


class Envelope:
    """What surrounds the spans of one scope of one resource.

    Args:
        resource_spans: their resource.
        scope_spans: their scope.
    """

    def __init__(self, resource_spans: ResourceSpans, scope_spans: ScopeSpans) -> None:
        resource = resource_spans.resource.SerializeToString() if resource_spans.HasField("resource") else b""
        scope = scope_spans.scope.SerializeToString() if scope_spans.HasField("scope") else b""
        self._resource = _field(_FIRST, resource)
        self._resource_schema = _field(_THIRD, resource_spans.schema_url.encode())
        self._scope = _field(_FIRST, scope)
        self._scope_schema = _field(_THIRD, scope_spans.schema_url.encode())

    def wrap(self, span: bytes) -> bytes:
        """A request that holds this serialised span alone."""
        scope_spans = self._scope + _SECOND + _varint(len(span)) + span + self._scope_schema
        resource_spans = self._resource + _field(_SECOND, scope_spans) + self._resource_schema
        return _FIRST + _varint(len(resource_spans)) + resource_spans


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content if content else b""


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits to a byte, as protobuf has it
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    digits.append(number)
    return bytes(digits)
