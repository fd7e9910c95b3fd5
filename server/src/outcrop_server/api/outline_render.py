"""From the rows of many spans to the columns of an outline. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.api.outline_schemas import SpanOutline
from outcrop_server.api.render import dollars
from outcrop_server.api.schemas import ErrorInfo

if TYPE_CHECKING:
    from outcrop_server.model.rows import SpanRow
    from outcrop_server.query.trees import OutlinePage

_NO_PARENT = bytes(8)
_MESSAGE_CHARACTERS = 300


def span_outline(page: OutlinePage) -> SpanOutline:
    """The columns of a page."""
    rows, base_ns = page.rows, page.base_time_ns
    words: dict[str, int] = {}
    failures: dict[tuple[str, str], int] = {}

    def word(text: str) -> int:
        return words.setdefault(text, len(words))

    def failure(row: SpanRow) -> int | None:
        if row.error is None:
            return None
        return failures.setdefault((row.error.type, row.error.message[:_MESSAGE_CHARACTERS]), len(failures))

    return SpanOutline(
        base_time_ns=str(base_ns),
        span_ids=b"".join(row.span_id for row in rows).hex(),
        parent_ids=b"".join(row.parent_id or _NO_PARENT for row in rows).hex(),
        start_offsets_ns=[row.start_time_ns - base_ns for row in rows],
        durations_ns=[row.duration_ns for row in rows],
        names=[word(row.name) for row in rows],
        types=[word(row.span_type) for row in rows],
        statuses=[word(row.status) for row in rows],
        models=[None if row.model is None else word(row.model) for row in rows],
        errors=[failure(row) for row in rows],
        first_chunks_ns=[row.time_to_first_chunk_ns for row in rows],
        input_tokens=[None if row.usage is None else row.usage.input_tokens for row in rows],
        output_tokens=[None if row.usage is None else row.usage.output_tokens for row in rows],
        costs_usd=[dollars(row.cost_nano_usd) for row in rows],
        words=list(words),
        failures=[ErrorInfo(type=kind, message=message) for kind, message in failures],
        next_after=None if page.next_after is None else page.next_after.hex(),
    )
