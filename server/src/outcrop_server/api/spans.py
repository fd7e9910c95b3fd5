"""`GET /api/traces/{trace_id}/spans…` and `/outline`: large traces by pages, parts of a payload, media."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from outcrop_server.api import render
from outcrop_server.api.dependencies import Reader, Trees, json_answer
from outcrop_server.api.outline_render import span_outline
from outcrop_server.api.outline_schemas import SpanOutline
from outcrop_server.api.problems import responses
from outcrop_server.api.ranges import ranged
from outcrop_server.api.span_schemas import SpanPage
from outcrop_server.api.traces import Cursor, SpanId, TraceId
from outcrop_server.model.ids import parse_span_id, parse_trace_id
from outcrop_server.query.payload_parts import PartName

router = APIRouter(tags=["traces"])

Parent = Annotated[
    str | None, Query(description="16 hex digits; the top level (roots, and orphans) if left out.")
]
Limit = Annotated[int, Query(ge=1, le=500, description="Most spans on a page.")]
After = Annotated[str | None, Query(description="`next_after` of the page before: 16 hex digits.")]
OutlineLimit = Annotated[int, Query(ge=1, le=20_000, description="Most spans on a page.")]
Part = Annotated[PartName, Path(description="Which part; a span's `payload_parts` names those that it has.")]

MediaNumber = Annotated[
    int, Path(ge=0, le=1_000_000, description="Which of them; a part of the chat names the path.")
]


@router.get(
    "/api/traces/{trace_id}/spans",
    operation_id="listSpans",
    response_model=SpanPage,
    responses=responses(400, 403, 404),
)
def list_spans(
    trees: Trees, trace_id: TraceId, parent: Parent = None, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """A page of the spans right below one, each with sums over what lies below it."""
    parent_id = None if parent is None else parse_span_id(parent)
    page = trees.page(parse_trace_id(trace_id), parent_id, cursor, limit)
    nodes = [render.span_node(node) for node in page.nodes]
    return json_answer(SpanPage(spans=nodes, next_cursor=page.next_cursor))


@router.get(
    "/api/traces/{trace_id}/outline",
    operation_id="outlineTrace",
    response_model=SpanOutline,
    responses=responses(400, 403, 404),
)
def outline_trace(
    trees: Trees, trace_id: TraceId, after: After = None, limit: OutlineLimit = 10_000
) -> Response:
    """A page of all spans of a trace in columns: what a tree and a waterfall of 50,000 spans need."""
    behind = None if after is None else parse_span_id(after)
    return json_answer(span_outline(trees.outline(parse_trace_id(trace_id), behind, limit)))


_BYTES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes as they were captured; with `Range` a part of them (206).",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The part that `Range` asks for."},
    304: {"description": "The same as `If-None-Match` names."},
    **responses(400, 403, 404, 416),
}
# Kept by the one who asked alone, who must ask each time whether it is still there. What was captured is
# never opened in a window of its own.
_CAPTURED = {"Cache-Control": "private, no-cache", "Content-Disposition": "attachment"}


@router.get(
    "/api/traces/{trace_id}/spans/{span_id}/payload/{part}",
    operation_id="getPayload",
    response_class=Response,
    responses=_BYTES,
)
def get_payload(request: Request, reader: Reader, trace_id: TraceId, span_id: SpanId, part: Part) -> Response:
    """A part of a span's payload by itself, whole or in ranges."""
    found = reader.part(parse_trace_id(trace_id), parse_span_id(span_id), part)
    return ranged(found.data, found.content_type, request.headers, _CAPTURED)


@router.get(
    "/api/traces/{trace_id}/spans/{span_id}/media/{number}",
    operation_id="getMedia",
    response_class=Response,
    responses=_BYTES,
)
def get_media(
    request: Request, reader: Reader, trace_id: TraceId, span_id: SpanId, number: MediaNumber
) -> Response:
    """A picture, a sound, a video or a document of a span's conversation, whole or in ranges.

    Its type is one that browsers show or play; `application/octet-stream` for every other.
    """
    found = reader.media(parse_trace_id(trace_id), parse_span_id(span_id), number)
    return ranged(found.data, found.content_type, request.headers, _CAPTURED)
