"""From rows and views to the shapes of the API. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.api import schemas
from outcrop_server.query.jsonable import jsonable, mended

if TYPE_CHECKING:
    from outcrop.genai.messages import Chat, Message
    from outcrop.genai.stream import Stream
    from outcrop.genai.usage import Usage
    from outcrop.pricing.cost import Cost
    from outcrop_server.model.records import EventRecord
    from outcrop_server.model.rows import ExperimentRow, Failure, SpanRow, StoredTrace
    from outcrop_server.query.reader import WholeSpan, WholeTrace


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
    )


def trace_detail(whole: WholeTrace) -> schemas.TraceDetail:
    """A trace and its spans."""
    return schemas.TraceDetail(
        info=trace_summary(whole.trace),
        experiment_name=whole.trace.row.experiment,
        resource=jsonable(whole.resource),
        spans=[span_summary(span) for span in whole.spans],
    )


def span_summary(row: SpanRow) -> schemas.SpanSummary:
    """One node of the span tree."""
    return schemas.SpanSummary(
        span_id=row.span_id.hex(),
        parent_id=None if row.parent_id is None else row.parent_id.hex(),
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


def span_detail(whole: WholeSpan) -> schemas.SpanDetail:
    """One span with its payload."""
    view, usage, cost = whole.view, whole.view.usage, whole.quote.cost
    return schemas.SpanDetail(
        span=span_summary(whole.row),
        trace_id=whole.trace_id.hex(),
        inputs=jsonable(view.inputs),
        outputs=jsonable(view.outputs),
        chat=None if view.chat is None else _chat(view.chat),
        stream=None if view.stream is None else _stream(view.stream),
        events=[_event(event) for event in whole.events],
        attributes=jsonable(whole.attributes),
        raw_usage={} if usage is None else jsonable(usage.raw),
        usage_rule=None if usage is None else usage.rule,
        cost=None if cost is None else _cost(cost),
        cost_reason=whole.quote.reason,
    )


def _cost(cost: Cost) -> schemas.Cost:
    parts = None if cost.is_sum_alone else cost.parts
    return schemas.Cost(
        usd=float(cost.usd),
        input=None if parts is None else float(parts.input),
        output=None if parts is None else float(parts.output),
        cache_read=None if parts is None else float(parts.cache_read),
        cache_write=None if parts is None else float(parts.cache_write),
        source=cost.source,
        model=cost.model,
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


def _chat(chat: Chat) -> schemas.Chat:
    return schemas.Chat(
        system=jsonable(chat.system),
        messages=[_message(message) for message in chat.messages],
        output=[_message(message) for message in chat.output],
        tools=[
            schemas.ToolDefinition(
                name=mended(tool.name),
                description=_text(tool.description),
                parameters=jsonable(tool.parameters),
            )
            for tool in chat.tools
        ],
        parameters=jsonable(chat.parameters),
    )


def _message(message: Message) -> schemas.ChatMessage:
    parts: list[dict[str, Any]] = jsonable(message.parts)
    return schemas.ChatMessage(
        role=mended(message.role), parts=parts, finish_reason=_text(message.finish_reason)
    )


def _stream(stream: Stream) -> schemas.Stream:
    chunks = [
        schemas.StreamChunk(
            index=chunk.index,
            offset_ns=chunk.offset_ns,
            type=mended(chunk.type),
            block_index=chunk.block_index,
            text=_text(chunk.text),
            kind=chunk.kind,
            size_bytes=chunk.size_bytes,
            data=jsonable(chunk.data),
        )
        for chunk in stream.chunks
    ]
    return schemas.Stream(outcome=stream.outcome, end_reason=stream.end_reason, chunks=chunks)


def _event(event: EventRecord) -> schemas.SpanEvent:
    return schemas.SpanEvent(
        name=event.name, time_ns=str(event.time_ns), attributes=jsonable(event.attributes)
    )


def _text(value: str | None) -> str | None:
    return None if value is None else mended(value)
