"""OTLP requests as OTLP's JSON, one a line: the form of OTLP files, which collectors read too.

Source: opentelemetry-proto's JSON mapping (ids in hexadecimal, 64-bit integers as text, bytes as base64).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from outcrop.delivery.otlp_decode import DecodedScope, decode_scopes
from outcrop.otlp.records import EventRecord, SpanRecord
from outcrop.semconv.outcrop_attributes import EXPERIMENT_NAME


def to_line(body: bytes) -> bytes:
    """A request's body (protobuf) as one line of JSON, its end included.

    Raises:
        ValueError: the bytes are no OTLP request.
    """
    request = {"resourceSpans": [_scope_to_json(scope) for scope in decode_scopes(body)]}
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def from_line(line: bytes) -> list[SpanRecord]:
    """The spans of a line.

    Raises:
        ValueError: it is no request in JSON.
    """
    try:
        return [
            _span_from_json(span, _attributes_from_json(resource["resource"]), scope["scope"]["name"])
            for resource in json.loads(line)["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError("This line is no OTLP trace request in JSON.") from error


def _scope_to_json(scope: DecodedScope) -> dict[str, Any]:
    return {
        "resource": {"attributes": _attributes_to_json(scope.resource)},
        "scopeSpans": [
            {
                "scope": {"name": scope.name, "version": scope.version},
                "spans": [_span_to_json(span) for span in scope.spans],
            }
        ],
    }


def _span_to_json(span: SpanRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": str(span.start_ns),
        "endTimeUnixNano": str(span.end_ns),
        "attributes": _attributes_to_json(span.attributes),
        "events": [
            {
                "timeUnixNano": str(event.time_ns),
                "name": event.name,
                "attributes": _attributes_to_json(event.attributes),
            }
            for event in span.events
        ],
        "status": {"code": span.status_code, "message": span.status_message},
    }
    if span.parent_id:
        found["parentSpanId"] = span.parent_id.hex()
    return found


def _attributes_to_json(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value_to_json(value)} for key, value in attributes.items()]


def _value_to_json(value: Any) -> dict[str, Any]:
    # bool before int: True is an int to Python.
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value if value - value == 0 else str(value)}
    if isinstance(value, bytes):
        return {"bytesValue": base64.b64encode(value).decode()}
    if isinstance(value, list):
        members: list[Any] = value  # pyright: ignore[reportUnknownVariableType]  # of whatever was encoded
        return {"arrayValue": {"values": [_value_to_json(member) for member in members]}}
    if isinstance(value, dict):
        pairs: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]  # as above
        return {"kvlistValue": {"values": _attributes_to_json(pairs)}}
    return {}


def _span_from_json(span: dict[str, Any], resource: dict[str, Any], scope: str) -> SpanRecord:
    return SpanRecord(
        trace_id=bytes.fromhex(span["traceId"]),
        span_id=bytes.fromhex(span["spanId"]),
        parent_id=bytes.fromhex(span.get("parentSpanId", "")),
        name=span["name"],
        kind=span["kind"],
        start_ns=int(span["startTimeUnixNano"]),
        end_ns=int(span["endTimeUnixNano"]),
        status_code=span["status"]["code"],
        status_message=span["status"]["message"],
        attributes=_attributes_from_json(span),
        events=[
            EventRecord(event["name"], int(event["timeUnixNano"]), _attributes_from_json(event))
            for event in span["events"]
        ],
        experiment=str(resource.get(EXPERIMENT_NAME, "")),
        scope=scope,
    )


def _attributes_from_json(holder: dict[str, Any]) -> dict[str, Any]:
    return {pair["key"]: _value_from_json(pair["value"]) for pair in holder["attributes"]}


def _value_from_json(value: dict[str, Any]) -> Any:
    if not value:
        return None
    ((kind, content),) = value.items()
    if kind == "intValue":
        return int(content)
    if kind == "doubleValue":
        return float(content)
    if kind == "bytesValue":
        return base64.b64decode(content)
    if kind == "arrayValue":
        return [_value_from_json(member) for member in content["values"]]
    if kind == "kvlistValue":
        return {pair["key"]: _value_from_json(pair["value"]) for pair in content["values"]}
    return content
