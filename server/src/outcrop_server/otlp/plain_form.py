"""A span as plain JSON that a person or a script reads, and back again. Pure.

Attributes are an object of names and values. What JSON has no form for is an object with one member:
`{"$text": …}` and `{"$base64": …}` are bytes (readable where they are UTF-8), `{"$float": "nan"}` a number,
`{"$object": …}` an object that itself has a name with `$`. Whoever reads back gets the same span; of an
attribute that a sender wrote twice, the last one.
"""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any, cast

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from outcrop_server.model.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable

_TEXT, _BASE64, _FLOAT, _OBJECT = "$text", "$base64", "$float", "$object"
_NUMBERS = (
    "kind",
    "flags",
    "dropped_attributes_count",
    "dropped_events_count",
    "dropped_links_count",
)
_LINK_NUMBERS = ("flags", "dropped_attributes_count")
_MAX_DEPTH = 60


def to_plain(payload: bytes) -> dict[str, Any]:
    """A span that a store keeps as plain JSON values; members that say nothing are left out."""
    resource_spans = ExportTraceServiceRequest.FromString(payload).resource_spans[0]
    scope_spans = resource_spans.scope_spans[0]
    (span,) = scope_spans.spans
    scope = scope_spans.scope
    return _said(
        {
            "trace_id": span.trace_id.hex(),
            "span_id": span.span_id.hex(),
            "parent_span_id": span.parent_span_id.hex(),
            "name": span.name,
            "start_time_ns": str(span.start_time_unix_nano),
            "end_time_ns": str(span.end_time_unix_nano),
            "trace_state": span.trace_state,
            **{name: getattr(span, name) for name in _NUMBERS},
            "status": _said({"code": span.status.code, "message": span.status.message}),
            "attributes": _attributes(span.attributes),
            "events": [_event(event) for event in span.events],
            "links": [_link(link) for link in span.links],
            "resource": _attributes(resource_spans.resource.attributes),
            "resource_schema_url": resource_spans.schema_url,
            "scope": _said(
                {
                    "name": scope.name,
                    "version": scope.version,
                    "attributes": _attributes(scope.attributes),
                    "schema_url": scope_spans.schema_url,
                }
            ),
        }
    )


def from_plain(given: Any) -> bytes:
    """The same span as an `ExportTraceServiceRequest` of its own; such requests joined are a request again.

    Raises:
        BadRequestError: it is not of this form; says what is wrong.
    """
    try:
        return _request(given).SerializeToString()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadRequestError(
            f"A span is not of the form that an export has: {type(error).__name__}: {str(error)[:200]}."
        ) from error


def _request(given: dict[str, Any]) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add(schema_url=given.get("resource_schema_url", ""))
    resource_spans.resource.attributes.extend(_pairs(given.get("resource", {})))
    scope: dict[str, Any] = given.get("scope", {})
    scope_spans = resource_spans.scope_spans.add(schema_url=scope.get("schema_url", ""))
    scope_spans.scope.name, scope_spans.scope.version = scope.get("name", ""), scope.get("version", "")
    scope_spans.scope.attributes.extend(_pairs(scope.get("attributes", {})))
    span = scope_spans.spans.add(
        trace_id=bytes.fromhex(given["trace_id"]),
        span_id=bytes.fromhex(given["span_id"]),
        parent_span_id=bytes.fromhex(given.get("parent_span_id", "")),
        name=given.get("name", ""),
        start_time_unix_nano=int(given["start_time_ns"]),
        end_time_unix_nano=int(given["end_time_ns"]),
        trace_state=given.get("trace_state", ""),
        attributes=_pairs(given.get("attributes", {})),
        **{name: given[name] for name in _NUMBERS if name in given},
    )
    status: dict[str, Any] = given.get("status", {})
    span.status.code, span.status.message = status.get("code", 0), status.get("message", "")
    for event in given.get("events", []):
        span.events.add(
            name=event.get("name", ""),
            time_unix_nano=int(event["time_ns"]),
            attributes=_pairs(event.get("attributes", {})),
            dropped_attributes_count=event.get("dropped_attributes_count", 0),
        )
    for link in given.get("links", []):
        span.links.add(
            trace_id=bytes.fromhex(link["trace_id"]),
            span_id=bytes.fromhex(link["span_id"]),
            trace_state=link.get("trace_state", ""),
            attributes=_pairs(link.get("attributes", {})),
            **{name: link[name] for name in _LINK_NUMBERS if name in link},
        )
    return request


def _event(event: Span.Event) -> dict[str, Any]:
    return _said(
        {
            "name": event.name,
            "time_ns": str(event.time_unix_nano),
            "attributes": _attributes(event.attributes),
            "dropped_attributes_count": event.dropped_attributes_count,
        }
    )


def _link(link: Span.Link) -> dict[str, Any]:
    return _said(
        {
            "trace_id": link.trace_id.hex(),
            "span_id": link.span_id.hex(),
            "trace_state": link.trace_state,
            "attributes": _attributes(link.attributes),
            **{name: getattr(link, name) for name in _LINK_NUMBERS},
        }
    )


def _said(members: dict[str, Any]) -> dict[str, Any]:
    # Ids of links may be empty, and are read back as they are.
    return {name: value for name, value in members.items() if value or name.endswith("_id")}


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "bytes_value":
        data = value.bytes_value
        try:
            return {_TEXT: data.decode()}
        except UnicodeDecodeError:
            return {_BASE64: base64.b64encode(data).decode()}
    if kind == "double_value" and not math.isfinite(value.double_value):
        return {_FLOAT: str(value.double_value)}
    if kind == "array_value":
        return [_plain(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        members = _attributes(value.kvlist_value.values)
        return {_OBJECT: members} if any(name.startswith("$") for name in members) else members
    return None if kind is None else getattr(value, kind)


def _pairs(members: Any) -> list[KeyValue]:
    if not isinstance(members, dict):
        raise TypeError("attributes must be an object")
    known = cast("dict[str, Any]", members)
    return [KeyValue(key=name, value=_any_value(value)) for name, value in known.items()]


def _any_value(value: Any, depth: int = _MAX_DEPTH) -> AnyValue:
    if depth == 0:
        raise ValueError("values are nested too deeply")
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return AnyValue(array_value=ArrayValue(values=[_any_value(each, depth - 1) for each in items]))
    if isinstance(value, dict):
        return _marked(cast("dict[str, Any]", value), depth)
    raise TypeError(f"a value is of the kind {type(value).__name__}")


def _marked(members: dict[str, Any], depth: int) -> AnyValue:
    if len(members) == 1:
        ((name, inner),) = members.items()
        if name == _TEXT:
            return AnyValue(bytes_value=inner.encode())
        if name == _BASE64:
            return AnyValue(bytes_value=base64.b64decode(inner, validate=True))
        if name == _FLOAT:
            return AnyValue(double_value=float(inner))
        if name == _OBJECT:
            members = inner
    pairs = [KeyValue(key=name, value=_any_value(value, depth - 1)) for name, value in members.items()]
    return AnyValue(kvlist_value=KeyValueList(values=pairs))
