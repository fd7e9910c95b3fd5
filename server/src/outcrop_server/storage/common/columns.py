"""Between rows and SQL: which columns there are, and tuples in their order. Pure."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from outcrop.genai.usage import Usage
from outcrop_server.model.rows import Failure, SpanRow, TraceRow

TRACE = (
    "trace_id, name, status, start_time_ns, duration_ns, span_count, error_type, error_message, models, "
    "input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, time_to_first_chunk_ns, "
    "attempts, request_preview, response_preview, tools, session_id, user_id, tags, cost_nano_usd, "
    "unpriced_calls, cost_reason, metadata, has_root, longest_span_ns, shortest_span_ns"
)
SPAN = (
    "span_id, parent_id, name, span_type, status, start_time_ns, end_time_ns, error_type, error_message, "
    "model, input_tokens, output_tokens, cache_read_input_tokens, cache_write_input_tokens, "
    "time_to_first_chunk_ns, is_stream, finish_reason, vendor, response_model, cost_nano_usd, cost_reason"
)

# An engine may keep a character that JSON escapes as it is.
_loaded = json.JSONDecoder(strict=False).decode
_NO_ERROR = (None, None)
_NO_TOKENS = (None, None, None, None)


class _TraceColumns(NamedTuple):
    """The columns named in TRACE."""

    trace_id: bytes
    name: str
    status: Any
    start_time_ns: int
    duration_ns: int
    span_count: int
    error_type: str | None
    error_message: str | None
    models: str
    input_tokens: int | None
    output_tokens: int | None
    cache_read_input_tokens: int | None
    cache_write_input_tokens: int | None
    time_to_first_chunk_ns: int | None
    attempts: int
    request_preview: str | None
    response_preview: str | None
    tools: str
    session_id: str | None
    user_id: str | None
    tags: str
    cost_nano_usd: int | None
    unpriced_calls: int
    cost_reason: str | None
    metadata: str
    has_root: int
    longest_span_ns: int
    shortest_span_ns: int


class _SpanColumns(NamedTuple):
    """The columns named in SPAN."""

    span_id: bytes
    parent_id: bytes | None
    name: str
    span_type: str
    status: Any
    start_time_ns: int
    end_time_ns: int
    error_type: str | None
    error_message: str | None
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    cache_read_input_tokens: int | None
    cache_write_input_tokens: int | None
    time_to_first_chunk_ns: int | None
    is_stream: int
    finish_reason: str | None
    vendor: str | None
    response_model: str | None
    cost_nano_usd: int | None
    cost_reason: str | None


def from_trace(row: TraceRow) -> tuple[Any, ...]:
    """A trace's values in the order of TRACE."""
    usage, error = row.usage, row.error
    return (
        row.trace_id,
        row.name,
        row.status,
        row.start_time_ns,
        row.duration_ns,
        row.span_count,
        error.type if error else None,
        error.message if error else None,
        _dumped(row.models),
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
        row.time_to_first_chunk_ns,
        row.attempts,
        row.request_preview,
        row.response_preview,
        _dumped(row.tools),
        row.session_id,
        row.user_id,
        _dumped(row.tags),
        row.cost_nano_usd,
        row.unpriced_calls,
        row.cost_reason,
        _dumped(row.metadata),
        row.has_root,
        row.longest_span_ns,
        row.shortest_span_ns,
    )


def to_trace(values: tuple[Any, ...], experiment: str) -> TraceRow:
    """The row of values in the order of TRACE."""
    columns = _TraceColumns(*values)
    return TraceRow(
        trace_id=columns.trace_id,
        experiment=experiment,
        name=columns.name,
        status=columns.status,
        start_time_ns=columns.start_time_ns,
        duration_ns=columns.duration_ns,
        span_count=columns.span_count,
        error=_failure(columns),
        models=tuple(_loaded(columns.models)),
        usage=_usage(columns),
        time_to_first_chunk_ns=columns.time_to_first_chunk_ns,
        attempts=columns.attempts,
        request_preview=columns.request_preview,
        response_preview=columns.response_preview,
        tools=tuple(_loaded(columns.tools)),
        session_id=columns.session_id,
        user_id=columns.user_id,
        tags=_loaded(columns.tags),
        metadata=_loaded(columns.metadata),
        cost_nano_usd=columns.cost_nano_usd,
        unpriced_calls=columns.unpriced_calls,
        cost_reason=columns.cost_reason,
        has_root=bool(columns.has_root),
        longest_span_ns=columns.longest_span_ns,
        shortest_span_ns=columns.shortest_span_ns,
    )


def from_span(row: SpanRow) -> tuple[Any, ...]:
    """A span's values in the order of SPAN."""
    # Both are in one order, but for what takes several columns.
    *first, error, model, usage, first_chunk_ns, is_stream, finish_reason, vendor, answered, cost, reason = (
        row
    )
    return (
        *first,
        *(_NO_ERROR if error is None else (error.type, error.message)),
        model,
        *(_NO_TOKENS if usage is None else _tokens(usage)),
        first_chunk_ns,
        is_stream,
        finish_reason,
        vendor,
        answered,
        cost,
        reason,
    )


def _tokens(usage: Usage) -> tuple[int | None, ...]:
    return (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_write_input_tokens,
    )


def to_span(values: tuple[Any, ...]) -> SpanRow:
    """The row of values in the order of SPAN."""
    columns = _SpanColumns(*values)
    usage = _usage(columns)
    return SpanRow(
        span_id=columns.span_id,
        parent_id=columns.parent_id,
        name=columns.name,
        span_type=columns.span_type,
        status=columns.status,
        start_time_ns=columns.start_time_ns,
        end_time_ns=columns.end_time_ns,
        error=_failure(columns),
        model=columns.model,
        usage=None if usage == Usage() else usage,
        time_to_first_chunk_ns=columns.time_to_first_chunk_ns,
        is_stream=bool(columns.is_stream),
        finish_reason=columns.finish_reason,
        vendor=columns.vendor,
        response_model=columns.response_model,
        cost_nano_usd=columns.cost_nano_usd,
        cost_reason=columns.cost_reason,
    )


def _failure(columns: _TraceColumns | _SpanColumns) -> Failure | None:
    return None if columns.error_type is None else Failure(columns.error_type, columns.error_message or "")


def _usage(columns: _TraceColumns | _SpanColumns) -> Usage:
    return Usage(
        columns.input_tokens,
        columns.output_tokens,
        columns.cache_read_input_tokens,
        columns.cache_write_input_tokens,
    )


def _dumped(value: tuple[str, ...] | dict[str, str]) -> str:
    # Most rows have none of these; text as it is keeps searches over the column simple.
    return json.dumps(value, ensure_ascii=False) if value else ("{}" if isinstance(value, dict) else "[]")
