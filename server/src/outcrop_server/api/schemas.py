"""The shapes of the read API: what the page and `outcrop.get_trace` receive as JSON.

Moments since the epoch are nanoseconds in strings, since JSON numbers lose digits beyond 2**53;
durations and offsets are nanoseconds in numbers.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["OK", "ERROR", "UNSET"]
TraceState = Literal["IN_PROGRESS", "COMPLETE", "INCOMPLETE"]


class ApiModel(BaseModel):
    """Base of all answers: fields are fixed, so that a misspelt one fails in tests."""

    model_config = ConfigDict(extra="forbid")


class Experiment(ApiModel):
    """A named group of traces."""

    experiment_id: str
    name: str
    created_at_ns: str
    trace_count: int
    error_count: int
    last_trace_at_ns: str | None = Field(description="Start of the newest trace; null while there is none.")
    description: str
    archived_at_ns: str | None = Field(description="Since when it is put away; it takes traces all the same.")
    former_names: list[str] = Field(description="Under which programs may send to it, too.")


class ExperimentList(ApiModel):
    """Every experiment, the one used last first."""

    experiments: list[Experiment]


class Usage(ApiModel):
    """Tokens. `input_tokens` includes what was read from and written to the prompt cache; null is unknown."""

    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    cache_read_input_tokens: int | None
    cache_write_input_tokens: int | None


class Cost(ApiModel):
    """US dollars of one call, by kind of token; discounts and free tiers are not in it.

    The parts are null where another tracer stated a sum alone.
    """

    usd: float
    input: float | None = Field(
        description="Fresh input, without what was read from or written to the cache."
    )
    output: float | None
    cache_read: float | None
    cache_write: float | None
    source: str = Field(
        description="`outcrop-prices-file`, `genai-prices` and its version, or `sender`: as it was stated."
    )
    model: str = Field(description="The entry whose prices were used, or the model that was asked.")


class ErrorInfo(ApiModel):
    """Why a span or trace failed."""

    type: str = Field(description="AWS error code or exception class, such as ThrottlingException.")
    message: str


class TraceSummary(ApiModel):
    """One row of the trace list; holds no payload."""

    trace_id: str
    experiment_id: str
    name: str = Field(description="Name of the root span.")
    status: Status
    start_time_ns: str
    duration_ns: int
    span_count: int
    error: ErrorInfo | None
    models: list[str] = Field(description="Models asked, as they were requested, in order of first use.")
    usage: Usage = Field(description="Summed over the trace's model calls.")
    time_to_first_chunk_ns: int | None = Field(description="Of the first streamed call; null if none.")
    attempts: int = Field(description="Most HTTP attempts that one call of the trace took; 0 if unknown.")
    request_preview: str | None = Field(description="First words of what was asked, as text.")
    response_preview: str | None = Field(description="First words of the answer, as text.")
    tools: list[str] = Field(description="Names of the tools called, in order of first call.")
    session_id: str | None
    user_id: str | None
    tags: dict[str, str]
    cost_usd: float | None = Field(description="Sum of the calls whose cost is known; null if of none.")
    cost_is_partial: bool = Field(
        description="Calls were billed whose cost is not known, beside those summed."
    )
    cost_reason: str | None = Field(description="Why a cost is not known: a word such as `unknown-model`.")
    state: TraceState = Field(
        description="COMPLETE when its root has come. Until then IN_PROGRESS, and INCOMPLETE from ten "
        "minutes after the end of its last span."
    )


class TracePage(ApiModel):
    """A page of the list, newest first."""

    traces: list[TraceSummary]
    next_cursor: str | None = Field(
        description="Give it back as `cursor` for the next page; null at the end."
    )
    words_waiting: int = Field(
        0, description="So many traces may fit besides: their payloads are not indexed yet."
    )


class SpanSummary(ApiModel):
    """One span of a trace, without its payload: what the tree and the waterfall need."""

    span_id: str
    parent_id: str | None
    is_orphan: bool = Field(description="Names a parent that has not come: it stands at the top level.")
    name: str
    span_type: str
    status: Status
    error: ErrorInfo | None
    start_time_ns: str
    duration_ns: int
    model: str | None
    usage: Usage | None
    time_to_first_chunk_ns: int | None
    is_stream: bool
    finish_reason: str | None
    vendor: str | None = Field(description="Who made the model, such as anthropic; null if hidden.")
    response_model: str | None = Field(description="The model that answered, where that is known apart.")
    cost_usd: float | None = Field(description="As it was when the span came; null if unknown.")
    cost_reason: str | None = Field(description="Why it is not known; null for spans that asked no model.")


class TraceDetail(ApiModel):
    """A trace and its spans, without payloads; spans in order of start."""

    info: TraceSummary
    experiment_name: str
    resource: dict[str, Any] = Field(description="Resource attributes of the sender.")
    spans: list[SpanSummary]
    spans_are_cut: bool = Field(
        description="The trace has more spans: these are the 1,000 nearest to its roots. `listSpans` has all."
    )


class ChatMessage(ApiModel):
    """A message in the GenAI conventions' schema: a role and parts.

    A part has a `type`: text, reasoning, tool_call, tool_call_response, blob, uri, generic.
    What no codec knows is a `generic` part that holds the raw member under `value`.
    Instead of its `content`, a blob has `media`: `path`, where the server has its bytes, `size_bytes` and
    `content_type`; without it where they are not whole.
    """

    role: str
    parts: list[dict[str, Any]]
    finish_reason: str | None = None


class ToolDefinition(ApiModel):
    """A tool that the model was offered."""

    name: str
    description: str | None
    parameters: Any = None


class Chat(ApiModel):
    """A model call as a conversation."""

    system: list[dict[str, Any]] = Field(description="Parts of the system prompt.")
    messages: list[ChatMessage] = Field(description="What was sent, in order.")
    output: list[ChatMessage] = Field(description="What came back; empty if nothing did.")
    tools: list[ToolDefinition]
    parameters: dict[str, Any] = Field(description="Inference parameters as they were given.")


class SpanEvent(ApiModel):
    """Something that happened within a span: an attempt, an exception, a user's own event."""

    name: str
    time_ns: str
    attributes: dict[str, Any]


class StreamChunk(ApiModel):
    """One event of a stream as it came."""

    index: int
    offset_ns: int = Field(description="Arrival, counted from the start of the span.")
    type: str = Field(
        description="Event type, such as contentBlockDelta; `exception` types end in Exception."
    )
    block_index: int | None
    text: str | None = Field(description="The text, reasoning or tool input it carries, if any.")
    kind: Literal["text", "reasoning", "tool_input", "other"]
    size_bytes: int
    data: Any = Field(description="The event's payload as JSON.")


class Stream(ApiModel):
    """How a streamed answer arrived and ended."""

    outcome: str = Field(description="complete, cancelled, not_consumed, error")
    end_reason: str = Field(
        description="exhausted, error, closed, cancelled, garbage_collected, process_exit"
    )
    chunks: list[StreamChunk]


class PayloadPart(ApiModel):
    """A part of a span's payload that can be had by itself, in ranges if need be."""

    name: str = Field(description="request-body, response-body, stream, inputs, outputs, otlp")
    size_bytes: int
    content_type: str
    path: str = Field(description="Where this server has it.")
    is_derived: bool = Field(description="Put together by the server, instead of captured as it is.")


class SpanDetail(ApiModel):
    """One span with its payload, read from what was captured; each member up to about 1 MB."""

    span: SpanSummary
    trace_id: str
    inputs: Any
    outputs: Any
    chat: Chat | None = Field(description="Null for spans that are no conversation.")
    stream: Stream | None
    events: list[SpanEvent]
    attributes: dict[str, Any] = Field(description="Bytes are shown as {'$bytes': size}.")
    raw_usage: dict[str, Any] = Field(description="The provider's own token counts, verbatim.")
    usage_rule: str | None = Field(
        description="How input_tokens came from them: bedrock-exclusive, inclusive, headers, "
        "invocation-metrics, unknown."
    )
    cost: Cost | None = Field(description="At today's price table, at the prices of the call's day.")
    cost_reason: str | None = Field(description="Why `cost` is null, where a model was asked.")
    cut_members: list[str] = Field(
        description="Those of inputs, outputs, chat, stream, events and attributes of which a part is "
        "missing here. Texts say so at their end; lists and objects by {'$cut': how many members}."
    )
    payload_parts: list[PayloadPart]


class Health(ApiModel):
    """The server answers."""

    status: Literal["ok"]
    version: str


class NotReadyReason(ApiModel):
    """Why the server should be sent nothing now."""

    code: str = Field(
        description="draining, grpc_not_served, store_closed, writer_failing, disk_not_writable or disk_full."
    )
    detail: str


class Ready(ApiModel):
    """Whether the server should be sent anything now."""

    status: Literal["ready", "not_ready"]
    reasons: list[NotReadyReason] = Field(description="Every reason against it; empty if there is none.")


class FilterFault(ApiModel):
    """What is wrong with a filter, and where."""

    message: str
    column: int = Field(description="From 1.")
    suggestion: str | None = Field(description="The name that was probably meant.")
    excerpt: str = Field(description="The filter around the fault, and a caret under it.")


class Problem(ApiModel):
    """Every error answer (application/problem+json)."""

    title: str
    status: int
    detail: str = Field(description="What was wrong and what to do.")
    filter_fault: FilterFault | None = Field(None, description="Of a wrong filter alone.")
