"""Searching, exporting and deleting several traces over HTTP."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from outcrop_server.access import audit
from outcrop_server.api import judging_render as render
from outcrop_server.api.dependencies import CallerOf, Finder, JudgeOf, Reader, json_answer
from outcrop_server.api.judging_schemas import Deleted, FoundTraces, TraceDeletion, TraceIds, TraceSearch
from outcrop_server.api.problems import responses
from outcrop_server.api.traces import PROTOBUF
from outcrop_server.model.errors import BadRequestError
from outcrop_server.model.ids import parse_trace_id

router = APIRouter(tags=["traces"])


@router.post(
    "/api/traces/search",
    operation_id="searchTraces",
    response_model=FoundTraces,
    responses=responses(400, 403),
)
def search_traces(finder: Finder, judge: JudgeOf, search: TraceSearch) -> Response:
    """A page of the traces that fit a filter; an error in it names the column."""
    page = finder.search(
        search.experiments, search.filter, search.order_by, search.max_results, search.page_token
    )
    judged = judge.assessments_of([each.trace.row.trace_id for each in page.traces])
    traces = [render.found_trace(each, judged.get(each.trace.row.trace_id, [])) for each in page.traces]
    return json_answer(
        FoundTraces(traces=traces, next_page_token=page.next_page_token, words_waiting=page.words_waiting)
    )


@router.post(
    "/api/traces/export",
    operation_id="exportTraces",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "An OTLP `ExportTraceServiceRequest`.",
            "content": {PROTOBUF: {"schema": {"type": "string", "format": "binary"}}},
        },
        **responses(400, 403),
    },
)
def export_traces(reader: Reader, asked: TraceIds) -> Response:
    """All spans of several traces as they were received, as OTLP protobuf; unknown ids are passed over."""
    keys = [parse_trace_id(each) for each in asked.trace_ids]
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(reader.export_many(keys), media_type=PROTOBUF, headers=headers)


@router.post(
    "/api/traces/delete",
    operation_id="deleteTraces",
    response_model=Deleted,
    responses=responses(400, 403, 503),
)
def delete_traces(caller: CallerOf, finder: Finder, asked: TraceDeletion) -> Response:
    """Deletes traces with all that is known of them, by their ids or the oldest of an experiment."""
    has_limit = asked.max_timestamp_ms is not None or asked.max_traces is not None
    if asked.trace_ids is not None and not has_limit:
        keys = [parse_trace_id(each) for each in asked.trace_ids]
        deleted = finder.delete(keys)
        named = audit.shown_ids([key.hex() for key in keys])
        audit.record_by(caller, "traces.deleted", deleted=deleted, **named)
        return json_answer(Deleted(deleted=deleted))
    if asked.trace_ids is None and asked.experiment is not None and has_limit:
        deleted = finder.delete_oldest(asked.experiment, asked.max_timestamp_ms, asked.max_traces)
        limits = {"max_timestamp_ms": asked.max_timestamp_ms, "max_traces": asked.max_traces}
        audit.record_by(caller, "traces.deleted", deleted=deleted, experiment=asked.experiment, **limits)
        return json_answer(Deleted(deleted=deleted))
    raise BadRequestError(
        "Give either trace_ids, or experiment with max_timestamp_ms, max_traces or both: nothing was deleted."
    )
