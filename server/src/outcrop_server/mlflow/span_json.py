"""Spans in MLflow's two forms: protobuf's JSON, and `traces.json` with JSON in every attribute. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from outcrop_server.mlflow.asked import as_dict, as_list
from outcrop_server.mlflow.ids import trace_id_text
from outcrop_server.mlflow.own_spans import in_mlflows_words, is_of_mlflow
from outcrop_server.model.errors import BadRequestError
from outcrop_server.otlp.values import attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REQUEST_ID = "mlflow.traceRequestId"
_CODES = {0: "STATUS_CODE_UNSET", 1: "STATUS_CODE_OK", 2: "STATUS_CODE_ERROR"}
_NUMBERS = {
    "STATUS_CODE_OK": Status.STATUS_CODE_OK,
    "STATUS_CODE_ERROR": Status.STATUS_CODE_ERROR,
    "OK": Status.STATUS_CODE_OK,
    "ERROR": Status.STATUS_CODE_ERROR,
}
_INT64 = 2**63
_MAX_DEPTH = 90


def spans_of(payloads: Iterable[bytes]) -> list[Span]:
    """The spans of stored payloads by start, each with attributes in MLflow's words."""
    found: list[Span] = []
    for payload in payloads:
        for group in ExportTraceServiceRequest.FromString(payload).resource_spans:
            for scope in group.scope_spans:
                found.extend(_translated(span) for span in scope.spans)
    return sorted(found, key=lambda span: (span.start_time_unix_nano, span.span_id))


def proto_json(span: Span) -> dict[str, Any]:
    """As clients read it from an answer."""
    told: dict[str, Any] = MessageToDict(span, preserving_proto_field_name=True)
    return told


def file_json(span: Span) -> dict[str, Any]:
    """As it stands in `traces.json`."""
    trace_id = trace_id_text(span.trace_id)
    given = attributes(span.attributes)
    told: dict[str, Any] = {
        "trace_id": _base64(span.trace_id),
        "span_id": _base64(span.span_id),
        "parent_span_id": _base64(span.parent_span_id) if span.parent_span_id else None,
        "name": span.name,
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.end_time_unix_nano,
        "events": [
            {
                "name": event.name,
                "time_unix_nano": event.time_unix_nano,
                "attributes": attributes(event.attributes),
            }
            for event in span.events
        ],
        "status": {"code": _CODES.get(span.status.code, _CODES[0]), "message": span.status.message},
        "attributes": {
            name: json.dumps(value, ensure_ascii=False, default=_text) for name, value in given.items()
        }
        | {REQUEST_ID: json.dumps(trace_id)},
    }
    if span.links:
        told["links"] = [
            {
                "trace_id": trace_id_text(link.trace_id),
                "span_id": link.span_id.hex(),
                "attributes": attributes(link.attributes),
            }
            for link in span.links
        ]
    return told


def request_of(document: bytes, trace_id: bytes) -> bytes:
    """The spans of a `traces.json` as an OTLP request, as the same client sends them by OTLP.

    Raises:
        BadRequestError: it is no such file, or of another trace.
    """
    try:
        told: Any = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"traces.json is no JSON: {str(error)[:200]}.") from error
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for each in as_list("spans", as_dict("traces.json", told).get("spans") or []):
        span = _read(as_dict("span", each))
        if span.trace_id != trace_id:
            raise BadRequestError(f"A span in traces.json is of trace {trace_id_text(span.trace_id)}.")
        spans.append(span)
    return request.SerializeToString() if spans else b""


def pair(name: str, value: Any) -> KeyValue:
    """An attribute."""
    return KeyValue(key=name, value=any_value(value))


def any_value(value: Any, depth: int = _MAX_DEPTH) -> AnyValue:
    """A JSON value as OTLP has it; what OTLP has no number for becomes text."""
    made = AnyValue()
    if depth == 0:
        made.string_value = json.dumps(value, default=_text)
    elif isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, str):
        made.string_value = value.encode("utf-8", "replace").decode()
    elif isinstance(value, int) and -_INT64 <= value < _INT64:
        made.int_value = value
    elif isinstance(value, float):
        made.double_value = value
    elif isinstance(value, dict):
        made.kvlist_value.SetInParent()
        for key, member in value.items():  # pyright: ignore[reportUnknownVariableType] - JSON of any kind
            made.kvlist_value.values.append(
                KeyValue(key=str(key), value=any_value(member, depth - 1))  # pyright: ignore[reportUnknownArgumentType]
            )
    elif isinstance(value, list):
        made.array_value.SetInParent()
        made.array_value.values.extend(any_value(item, depth - 1) for item in value)  # pyright: ignore[reportUnknownVariableType]
    elif value is not None:
        made.string_value = str(value)
    return made


def _translated(span: Span) -> Span:
    if is_of_mlflow(attributes(span.attributes)):
        return span
    words = in_mlflows_words(span)
    del span.attributes[:]
    span.attributes.extend(pair(name, value) for name, value in words.items())
    return span


def _read(told: Mapping[str, Any]) -> Span:
    status = as_dict("status", told.get("status") or {})
    parent = told.get("parent_span_id")
    try:
        span = Span(
            trace_id=_id(told.get("trace_id")),
            span_id=_id(told.get("span_id")),
            parent_span_id=_id(parent) if parent else b"",
            name=str(told.get("name") or ""),
            start_time_unix_nano=int(told.get("start_time_unix_nano") or 0),
            end_time_unix_nano=int(told.get("end_time_unix_nano") or 0),
        )
        span.status.code = _NUMBERS.get(str(status.get("code")), Status.STATUS_CODE_UNSET)
        span.status.message = str(status.get("message") or "")
        for event in as_list("events", told.get("events") or []):
            members = as_dict("event", event)
            made = span.events.add(
                name=str(members.get("name") or ""), time_unix_nano=int(members.get("time_unix_nano") or 0)
            )
            known = as_dict("attributes", members.get("attributes") or {})
            made.attributes.extend(pair(name, value) for name, value in known.items())
        for link in as_list("links", told.get("links") or []):
            members = as_dict("link", link)
            linked = span.links.add(
                trace_id=_id(members.get("trace_id")), span_id=_id(members.get("span_id"))
            )
            known = as_dict("attributes", members.get("attributes") or {})
            linked.attributes.extend(pair(name, value) for name, value in known.items())
    except (ValueError, TypeError) as error:
        raise BadRequestError(f"A span in traces.json cannot be read: {str(error)[:200]}.") from error
    for name, text in as_dict("attributes", told.get("attributes") or {}).items():
        span.attributes.append(pair(name, parsed(text)))
    return span


def parsed(text: Any) -> Any:
    """An attribute's value in `traces.json`, which is JSON in text."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        # Written by something that is no client of MLflow's.
        return text


def _id(given: Any) -> bytes:
    """An id in base64; some versions wrote hex, with MLflow's prefix."""
    text = str(given).removeprefix("tr-").removeprefix("0x")
    if len(text) in {16, 32}:
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"'{text[:80]}' is no id") from error


def _base64(given: bytes) -> str:
    return base64.b64encode(given).decode()


def _text(value: object) -> str:
    """What has no form in JSON."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
