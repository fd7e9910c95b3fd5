"""From rows to the shapes of the API. Pure, but for the clock that says whether a trace still runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop_server.api import schemas, span_schemas
from outcrop_server.model.progress import trace_state
from outcrop_server.query.jsonable import jsonable

if TYPE_CHECKING:
    from outcrop.genai.usage import Usage
    from outcrop_server.model.rows import ExperimentRow, Failure, SpanRow, StoredTrace
    from outcrop_server.query.reader import WholeTrace
    from outcrop_server.query.trees import Node


def experiment(row: ExperimentRow) -> schemas.Experiment:
    """One line of the experiment list."""
    last = row.last_trace_at_ns
    return schemas.Experiment(
        experiment_id=row.experiment_id,
        name=row.name,
        created_at_ns=str(row.created_at_ns),
        trace_count=row.trace_count,
        error_count=row.error_count,
        last_trace_at_ns=None if last is None else str(last),
        description=row.description,
        archived_at_ns=None if row.archived_at_ns is None else str(row.archived_at_ns),
        former_names=list(row.former_names),
    )


def trace_summary(trace: StoredTrace) -> schemas.TraceSummary:
    """One line of the trace list."""
    row = trace.row
    return schemas.TraceSummary(
        trace_id=row.trace_id.hex(),
        experiment_id=trace.experiment_id,
        name=row.name,
        status=row.status,
        start_time_ns=str(row.start_time_ns),
        duration_ns=row.duration_ns,
        span_count=row.span_count,
        error=_error(row.error),
        models=list(row.models),
        usage=usage(row.usage),
        time_to_first_chunk_ns=row.time_to_first_chunk_ns,
        attempts=row.attempts,
        request_preview=row.request_preview,
        response_preview=row.response_preview,
        tools=list(row.tools),
        session_id=row.session_id,
        user_id=row.user_id,
        tags=row.tags,
        cost_usd=dollars(row.cost_nano_usd),
        cost_is_partial=row.cost_nano_usd is not None and row.unpriced_calls > 0,
        cost_reason=row.cost_reason,
        state=trace_state(row, time.time_ns()),
    )


def trace_detail(whole: WholeTrace) -> schemas.TraceDetail:
    """A trace and its spans."""
    return schemas.TraceDetail(
        info=trace_summary(whole.trace),
        experiment_name=whole.trace.row.experiment,
        resource=jsonable(whole.resource),
        spans=[span_summary(span, is_orphan=span.span_id in whole.orphans) for span in whole.spans],
        spans_are_cut=whole.is_cut,
    )


def span_node(node: Node) -> span_schemas.SpanNode:
    """One node of a page of the tree."""
    below = node.below
    return span_schemas.SpanNode(
        **dict(span_summary(node.row, is_orphan=node.is_orphan)),
        child_count=below.child_count,
        below=span_schemas.Subtree(
            span_count=below.span_count,
            error_count=below.error_count,
            usage=usage(below.usage),
            cost_usd=dollars(below.cost_nano_usd),
            is_partial=below.is_partial,
        ),
    )


def span_summary(row: SpanRow, *, is_orphan: bool) -> schemas.SpanSummary:
    """One node of the span tree."""
    return schemas.SpanSummary(
        span_id=row.span_id.hex(),
        parent_id=None if row.parent_id is None else row.parent_id.hex(),
        is_orphan=is_orphan,
        name=row.name,
        span_type=row.span_type,
        status=row.status,
        error=_error(row.error),
        start_time_ns=str(row.start_time_ns),
        duration_ns=row.duration_ns,
        model=row.model,
        usage=None if row.usage is None else usage(row.usage),
        time_to_first_chunk_ns=row.time_to_first_chunk_ns,
        is_stream=row.is_stream,
        finish_reason=row.finish_reason,
        vendor=row.vendor,
        response_model=row.response_model,
        cost_usd=dollars(row.cost_nano_usd),
        cost_reason=row.cost_reason,
    )


def dollars(nano_usd: int | None) -> float | None:
    """US dollars of billionths; None if it is not known."""
    return None if nano_usd is None else nano_usd / 1e9


def _error(failure: Failure | None) -> schemas.ErrorInfo | None:
    return None if failure is None else schemas.ErrorInfo(type=failure.type, message=failure.message)


def usage(tokens: Usage) -> schemas.Usage:
    """Counts of tokens."""
    return schemas.Usage(
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        total_tokens=tokens.total_tokens,
        cache_read_input_tokens=tokens.cache_read_input_tokens,
        cache_write_input_tokens=tokens.cache_write_input_tokens,
    )
