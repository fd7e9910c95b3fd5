"""Places in a trace's tree, and what lies below one of its spans."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from outcrop.genai.usage import Usage

if TYPE_CHECKING:
    from outcrop_server.model.rows import SpanRow


class SpanPosition(NamedTuple):
    """Where a page of spans ended: below which parent (None for roots), and behind which span."""

    parent_id: bytes | None
    start_time_ns: int
    span_id: bytes

    @classmethod
    def of(cls, row: SpanRow) -> SpanPosition:
        """The place of a span."""
        return cls(row.parent_id, row.start_time_ns, row.span_id)


@dataclass(frozen=True, slots=True)
class SubtreeTotals:
    """Sums over the spans below one; `child_count` are those right below it.

    With `is_partial` there are more than were looked at, and every number is "at least".
    """

    child_count: int = 0
    span_count: int = 0
    error_count: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_nano_usd: int | None = None
    is_partial: bool = False
