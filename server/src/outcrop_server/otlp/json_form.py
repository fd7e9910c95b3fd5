"""OTLP's JSON form to its protobuf form. Pure.

It is protobuf's own JSON mapping but for the ids, which are hexadecimal instead of base64
(https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
"""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from outcrop_server.model.errors import BadRequestError

_IDS = (("traceId", "trace_id"), ("spanId", "span_id"), ("parentSpanId", "parent_span_id"))


def to_protobuf(body: bytes) -> bytes:
    """The same request as protobuf; members that no OTLP of ours knows are left out.

    Raises:
        BadRequestError: it is no JSON, or no OTLP request in JSON.
    """
    try:
        request: Any = json.loads(body)
        if not isinstance(request, dict):
            raise TypeError("it must be an object")  # noqa: TRY301  # told like the library's own refusals
        _with_base64_ids(request)
        message = ParseDict(
            cast("dict[str, Any]", request), ExportTraceServiceRequest(), ignore_unknown_fields=True
        )
        return message.SerializeToString()
    # Beside its own error the library lets through what odd values raise in Python; a text may hold half a
    # surrogate pair, and lists may be nested beyond measure.
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadRequestError(
            f"The body is no OTLP ExportTraceServiceRequest in JSON ({len(body)} bytes: {str(error)[:200]})."
        ) from error


def _with_base64_ids(request: Any) -> None:
    for resource_spans in _members(request, "resourceSpans", "resource_spans"):
        for scope_spans in _members(resource_spans, "scopeSpans", "scope_spans"):
            for span in _members(scope_spans, "spans"):
                _encode_ids(span)
                for link in _members(span, "links"):
                    _encode_ids(link)


def _members(value: Any, *names: str) -> list[Any]:
    """The objects of a list within an object; what is something else is left to the library to refuse."""
    if not isinstance(value, dict):
        return []
    found = cast("dict[str, Any]", value)
    listed = next((found[name] for name in names if name in found), None)
    return cast("list[Any]", listed) if isinstance(listed, list) else []


def _encode_ids(value: Any) -> None:
    if isinstance(value, dict):
        known = cast("dict[str, Any]", value)
        for name in (name for names in _IDS for name in names if name in known):
            known[name] = _as_base64(known[name])


def _as_base64(given: Any) -> str:
    try:
        return base64.b64encode(bytes.fromhex(given)).decode()
    except (TypeError, ValueError):
        # An empty id is refused with its span alone; the others of the request are kept.
        return ""


def to_json(body: bytes) -> dict[str, Any]:
    """A request in protobuf as the JSON values of the same request; `to_protobuf` reads their text."""
    message = ExportTraceServiceRequest.FromString(body)
    request: dict[str, Any] = MessageToDict(message, use_integers_for_enums=True)
    for resource_spans in _members(request, "resourceSpans"):
        for scope_spans in _members(resource_spans, "scopeSpans"):
            for span in _members(scope_spans, "spans"):
                for known in (span, *_members(span, "links")):
                    for name, _ in _IDS:
                        if name in known:
                            known[name] = base64.b64decode(known[name]).hex()
    return request
