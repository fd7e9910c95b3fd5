"""`GET /api/traces…`: the list, one trace, one span's payload, and a trace as OTLP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response, StreamingResponse

from outcrop_server.api import render
from outcrop_server.api.dependencies import Reader, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.api.schemas import SpanDetail, TraceDetail, TracePage
from outcrop_server.api.span_render import span_detail
from outcrop_server.model.ids import parse_span_id, parse_trace_id

router = APIRouter(tags=["traces"])

TraceId = Annotated[str, Path(description="32 hex digits, with or without `tr-` in front.")]
SpanId = Annotated[str, Path(description="16 hex digits.")]
Experiment = Annotated[str | None, Query(description="Name of an experiment; all if left out.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most traces on a page.")]

PROTOBUF = "application/x-protobuf"


@router.get("/api/traces", operation_id="listTraces", response_model=TracePage, responses=responses(400, 403))
def list_traces(
    reader: Reader, experiment: Experiment = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """A page of traces, newest first."""
    page = reader.traces(experiment, cursor, limit)
    traces = [render.trace_summary(trace) for trace in page.traces]
    return json_answer(TracePage(traces=traces, next_cursor=page.next_cursor))


@router.get(
    "/api/traces/{trace_id}",
    operation_id="getTrace",
    response_model=TraceDetail,
    responses=responses(400, 403, 404),
)
def get_trace(reader: Reader, trace_id: TraceId) -> Response:
    """A trace and all its spans, without payloads."""
    return json_answer(render.trace_detail(reader.trace(parse_trace_id(trace_id))))


@router.get(
    "/api/traces/{trace_id}/spans/{span_id}",
    operation_id="getSpan",
    response_model=SpanDetail,
    responses=responses(400, 403, 404),
)
def get_span(reader: Reader, trace_id: TraceId, span_id: SpanId) -> Response:
    """One span with its payload."""
    return json_answer(span_detail(reader.span(parse_trace_id(trace_id), parse_span_id(span_id))))


@router.get(
    "/api/traces/{trace_id}/export",
    operation_id="exportTrace",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "An OTLP `ExportTraceServiceRequest`.",
            "content": {PROTOBUF: {"schema": {"type": "string", "format": "binary"}}},
        },
        **responses(400, 403, 404),
    },
)
def export_trace(reader: Reader, trace_id: TraceId) -> Response:
    """All spans of a trace as they were received, as OTLP protobuf."""
    key = parse_trace_id(trace_id)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{key.hex()}.otlp"',
    }
    return StreamingResponse(reader.export(key), media_type=PROTOBUF, headers=headers)
