"""The shape of a trace's outline: many spans in columns, so that 50,000 of them are a few megabytes."""

from __future__ import annotations

from pydantic import Field

from outcrop_server.api.schemas import ApiModel, ErrorInfo


class SpanOutline(ApiModel):
    """Spans in the order of their ids. Each list has one member a span, at the same place in each.

    Names, types, statuses and models are places in `words`, errors are places in `failures`.
    """

    base_time_ns: str = Field(description="Nanoseconds since the epoch, from which `start_offsets_ns` count.")
    span_ids: str = Field(description="16 hex digits a span, one behind the other.")
    parent_ids: str = Field(description="As `span_ids`; sixteen zeros for a span without a parent.")
    start_offsets_ns: list[int]
    durations_ns: list[int]
    words: list[str]
    names: list[int]
    types: list[int]
    statuses: list[int]
    models: list[int | None]
    failures: list[ErrorInfo] = Field(description="With the first 300 characters of each message.")
    errors: list[int | None]
    first_chunks_ns: list[int | None] = Field(description="From the span's start to its first chunk.")
    input_tokens: list[int | None]
    output_tokens: list[int | None]
    costs_usd: list[float | None]
    next_after: str | None = Field(description="Give it back as `after` for the next page; null at the end.")
