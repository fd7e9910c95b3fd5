"""`POST /api/export`: any number of traces, written while they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from outcrop_server.api import judging_render, render
from outcrop_server.api.compression import accepted, compressed
from outcrop_server.api.dependencies import Export, Finder
from outcrop_server.api.problems import responses
from outcrop_server.api.schemas import ApiModel
from outcrop_server.api.traces import PROTOBUF
from outcrop_server.model.ids import parse_trace_id
from outcrop_server.query import parquet
from outcrop_server.query.export import Exporter, Selection
from outcrop_server.query.scope import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.model.annotations import Assessment
    from outcrop_server.model.rows import StoredTrace

router = APIRouter(tags=["traces"])

ExportFormat = Literal["jsonl", "otlp", "otlp-jsonl", "parquet"]
# Before the traces, which may be many: who reads them to their end knows what they may lack.
_WORDS_WAITING = "X-Outcrop-Words-Waiting"
_NDJSON = "application/x-ndjson"
_KINDS: dict[ExportFormat, tuple[str, str]] = {
    "jsonl": (_NDJSON, "jsonl"),
    "otlp": (PROTOBUF, "otlp"),
    "otlp-jsonl": (_NDJSON, "otlp.jsonl"),
    "parquet": ("application/vnd.apache.parquet", "parquet"),
}


class TraceExport(ApiModel):
    """What is to be exported, and how it is written."""

    format: ExportFormat = "jsonl"
    filter: str = Field("", description="In the filter language; empty for all.")
    experiments: list[str] = Field(default_factory=list[str], description="Names or ids; empty for all.")
    trace_ids: list[str] | None = Field(
        None, max_length=100_000, description="These traces, in this order, instead of those that fit."
    )


@router.post(
    "/api/export",
    operation_id="exportMany",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The traces in the format that was asked for; see docs/export.md.",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in dict.fromkeys(kind for kind, _ in _KINDS.values())
            },
            "headers": {
                _WORDS_WAITING: {
                    "description": "So many traces may fit besides: their payloads are not indexed yet. Left "
                    "out where there are none.",
                    "schema": {"type": "integer", "minimum": 1},
                }
            },
        },
        **responses(400, 403),
    },
)
def export_many(request: Request, exporter: Export, finder: Finder, asked: TraceExport) -> Response:
    """Every trace that fits, newest first, as large as it may be."""
    where, _ = parsed(asked.filter)
    names = finder.names(asked.experiments)
    ids = None if asked.trace_ids is None else tuple(parse_trace_id(each) for each in asked.trace_ids)
    if asked.experiments and not names:
        ids = ()
    if asked.format == "parquet":
        parquet.check_installed()
    encoding = accepted(request.headers.get("accept-encoding"))
    kind, ending = _KINDS[asked.format]
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="traces.{ending}"',
        "Vary": "Accept-Encoding",
    }
    selection = Selection(where, names, ids)
    if waiting := exporter.words_waiting(selection):
        headers[_WORDS_WAITING] = str(waiting)
    if encoding != "identity":
        headers["Content-Encoding"] = encoding
    parts = _parts(exporter, selection, asked.format)
    return StreamingResponse(compressed(parts, encoding), media_type=kind, headers=headers)


def _parts(exporter: Exporter, selection: Selection, form: ExportFormat) -> Iterator[bytes]:
    if form == "otlp":
        return exporter.otlp(selection)
    if form == "otlp-jsonl":
        return exporter.otlp_lines(selection)
    if form == "parquet":
        return parquet.written(exporter.rows(selection))
    return exporter.lines(selection, described)


def described(trace: StoredTrace, assessments: list[Assessment]) -> dict[str, Any]:
    """What stands before the spans of a trace in its line."""
    return {
        "info": render.trace_summary(trace).model_dump(mode="json"),
        "experiment_name": trace.row.experiment,
        "metadata": trace.row.metadata,
        "assessments": [judging_render.assessment(each).model_dump(mode="json") for each in assessments],
    }
