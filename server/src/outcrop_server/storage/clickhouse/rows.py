"""Between rows of the model and of the tables. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop.genai.usage import Usage
from outcrop_server.model.latency_bins import bin_of
from outcrop_server.model.rows import Failure, SpanRow, TraceRow

if TYPE_CHECKING:
    from outcrop_server.storage.common.trace_terms import Term

# What a trace's row is read from, as `to_trace` takes it.
TRACE = (
    "trace_id, name, status, start_time_ns, duration_ns, span_count, error_type, error_message, models, "
    "input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, time_to_first_chunk_ns, "
    "attempts, request_preview, response_preview, tools, session_id, user_id, tags, cost_nano_usd, "
    "unpriced_calls, cost_reason, metadata, has_root, longest_span_ns, shortest_span_ns"
)
# How many columns that are.
TRACE_WIDTH = TRACE.count(",") + 1
# What a span's row is read from, as `to_span` takes it.
SPAN = (
    "span_id, has_parent, parent_id, name, span_type, status, start_time_ns, end_time_ns, error_type, "
    "error_message, model, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, "
    "time_to_first_chunk_ns, is_stream, finish_reason, vendor, response_model, cost_nano_usd, cost_reason"
)
NO_PARENT = bytes(8)


def trace_values(row: TraceRow) -> tuple[Any, ...]:
    """A trace's values from `name` to `shortest_span_ns`, in the order of the table, its start left out."""
    usage, error = row.usage, row.error
    return (
        row.name,
        row.status,
        row.duration_ns,
        row.span_count,
        error.type if error else None,
        error.message if error else None,
        row.models,
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
        row.time_to_first_chunk_ns,
        row.attempts,
        row.request_preview,
        row.response_preview,
        row.tools,
        row.session_id,
        row.user_id,
        row.tags,
        row.cost_nano_usd,
        row.unpriced_calls,
        row.cost_reason,
        row.metadata,
        row.has_root,
        row.longest_span_ns,
        row.shortest_span_ns,
    )


def to_trace(values: tuple[Any, ...], experiment: str) -> TraceRow:
    """The row of values in the order of TRACE."""
    (
        trace_id,
        name,
        status,
        start_time_ns,
        duration_ns,
        span_count,
        error_type,
        error_message,
        models,
        input_tokens,
        output_tokens,
        cache_read,
        cache_write,
        first_chunk,
        attempts,
        request_preview,
        response_preview,
        tools,
        session_id,
        user_id,
        tags,
        cost,
        unpriced_calls,
        cost_reason,
        metadata,
        has_root,
        longest,
        shortest,
    ) = values
    return TraceRow(
        trace_id=trace_id,
        experiment=experiment,
        name=name,
        status=status,
        start_time_ns=start_time_ns,
        duration_ns=duration_ns,
        span_count=span_count,
        error=_failure(error_type, error_message),
        models=tuple(models),
        usage=Usage(input_tokens, output_tokens, cache_read, cache_write),
        time_to_first_chunk_ns=first_chunk,
        attempts=attempts,
        request_preview=request_preview,
        response_preview=response_preview,
        tools=tuple(tools),
        session_id=session_id,
        user_id=user_id,
        tags=dict(tags),
        metadata=dict(metadata),
        cost_nano_usd=cost,
        unpriced_calls=unpriced_calls,
        cost_reason=cost_reason,
        has_root=bool(has_root),
        longest_span_ns=longest,
        shortest_span_ns=shortest,
    )


# What `span_values` gives before a commit's number, and behind it before where the payload lies.
BEFORE_NUMBER = 4


def span_values(row: SpanRow) -> tuple[Any, ...]:
    """A span's values from `has_parent` to `first_chunk_bin`, as the table has them, its number left out."""
    usage, error, first_chunk_ns = row.usage, row.error, row.time_to_first_chunk_ns
    return (
        row.parent_id is not None,
        row.parent_id or NO_PARENT,
        row.start_time_ns,
        row.span_id,
        row.end_time_ns,
        row.name,
        row.span_type,
        row.status,
        error.type if error else None,
        error.message if error else None,
        row.model,
        *(
            (None, None, None, None)
            if usage is None
            else (
                usage.input_tokens,
                usage.output_tokens,
                usage.cache_read_input_tokens,
                usage.cache_write_input_tokens,
            )
        ),
        first_chunk_ns,
        row.is_stream,
        row.finish_reason,
        row.vendor,
        row.response_model,
        row.cost_nano_usd,
        row.cost_reason,
        row.has_unknown_cost,
        bin_of(row.end_time_ns - row.start_time_ns),
        None if first_chunk_ns is None else bin_of(first_chunk_ns),
    )


def to_span(values: tuple[Any, ...]) -> SpanRow:
    """The row of values in the order of SPAN."""
    (
        span_id,
        has_parent,
        parent_id,
        name,
        span_type,
        status,
        start_time_ns,
        end_time_ns,
        error_type,
        error_message,
        model,
        input_tokens,
        output_tokens,
        cache_read,
        cache_write,
        first_chunk,
        is_stream,
        finish_reason,
        vendor,
        response_model,
        cost,
        cost_reason,
    ) = values
    usage = Usage(input_tokens, output_tokens, cache_read, cache_write)
    return SpanRow(
        span_id=span_id,
        parent_id=parent_id if has_parent else None,
        name=name,
        span_type=span_type,
        status=status,
        start_time_ns=start_time_ns,
        end_time_ns=end_time_ns,
        error=_failure(error_type, error_message),
        model=model,
        usage=None if usage == Usage() else usage,
        time_to_first_chunk_ns=first_chunk,
        is_stream=bool(is_stream),
        finish_reason=finish_reason,
        vendor=vendor,
        response_model=response_model,
        cost_nano_usd=cost,
        cost_reason=cost_reason,
    )


def _failure(error_type: str | None, message: str | None) -> Failure | None:
    return None if error_type is None else Failure(error_type, message or "")


def term_text(term: Term) -> str:
    """A term as it stands in a trace's `terms`. Kinds of what spans say hold no equals sign."""
    return f"{term.kind}={term.value}"
