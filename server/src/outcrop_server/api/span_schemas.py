"""The shapes of a trace read by pages of its tree; `schemas` says how moments and durations are written."""

from __future__ import annotations

from pydantic import Field

from outcrop_server.api.schemas import ApiModel, SpanSummary, Usage


class Subtree(ApiModel):
    """Sums over the spans below one, itself left out."""

    span_count: int
    error_count: int
    usage: Usage
    cost_usd: float | None = Field(description="Sum of the calls whose cost is known; null if of none.")
    is_partial: bool = Field(
        description="There are more spans than were summed: every number here and `child_count` is a least."
    )


class SpanNode(SpanSummary):
    """A span, how many are right below it, and sums over all below."""

    child_count: int
    below: Subtree


class SpanPage(ApiModel):
    """A page of siblings in order of start; at the top level roots first, then orphans."""

    spans: list[SpanNode]
    next_cursor: str | None = Field(
        description="Give it back as `cursor` for the next page; null at the end."
    )
