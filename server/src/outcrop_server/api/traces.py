"""`GET /api/traces…`: the list, one trace, one span's payload, and a trace as OTLP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response, StreamingResponse

from outcrop_server.api import render
from outcrop_server.api.dependencies import Finder, Reader, json_answer
from outcrop_server.api.problems import responses
from outcrop_server.api.schemas import SpanDetail, TraceDetail, TracePage
from outcrop_server.api.span_render import span_detail
from outcrop_server.model.ids import parse_span_id, parse_trace_id

router = APIRouter(tags=["traces"])

_MOMENT = "^[0-9]{1,19}$"
TraceId = Annotated[str, Path(description="32 hex digits, with or without `tr-` in front.")]
SpanId = Annotated[str, Path(description="16 hex digits.")]
Experiment = Annotated[str | None, Query(description="Name of an experiment; all if left out.")]
Filter = Annotated[str, Query(description="Which traces, in the filter language; all if left out.")]
Since = Annotated[str | None, Query(pattern=_MOMENT, description="Traces that began then or later, in ns.")]
Until = Annotated[str | None, Query(pattern=_MOMENT, description="Traces that began before, in ns.")]
OrderBy = Annotated[str | None, Query(description="Such as `execution_time DESC`; newest first if left out.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Most traces on a page.")]

PROTOBUF = "application/x-protobuf"


@router.get("/api/traces", operation_id="listTraces", response_model=TracePage, responses=responses(400, 403))
def list_traces(  # noqa: PLR0917  # FastAPI gives them by name
    reader: Reader,
    finder: Finder,
    experiment: Experiment = None,
    filter: Filter = "",  # noqa: A002  # the parameter's name, as in a search
    since_ns: Since = None,
    until_ns: Until = None,
    order_by: OrderBy = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """A page of traces, newest first; an error in the filter names the column."""
    if filter.strip() or since_ns or until_ns or order_by:
        found = finder.search(
            () if experiment is None else (experiment,),
            filter,
            () if order_by is None else (order_by,),
            limit,
            cursor,
            None if since_ns is None else int(since_ns),
            None if until_ns is None else int(until_ns),
        )
        traces, following = [each.trace for each in found.traces], found.next_page_token
        waiting = found.words_waiting
    else:
        page = reader.traces(experiment, cursor, limit)
        traces, following, waiting = page.traces, page.next_cursor, 0
    summaries = list(map(render.trace_summary, traces))
    return json_answer(TracePage(traces=summaries, next_cursor=following, words_waiting=waiting))


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
