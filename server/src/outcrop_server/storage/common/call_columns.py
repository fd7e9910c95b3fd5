"""The columns of calls and traces that rollups sum up, as SQL that every engine reads. Pure."""

from __future__ import annotations

from outcrop_server.model.aggregates import CALL_TYPES
from outcrop_server.storage.common.rollup_deltas import CallPart, TracePart

# Named, not all of a table: a migration reads tables as they were at its version.
CALL_COLUMNS = ", ".join(f"span.{name}" for name in CallPart._fields)
TRACE_COLUMNS = ", ".join(f"trace.{name}" for name in TracePart._fields)
# The same question as `Deltas.add_spans` asks of a row.
IS_CALL = "(span.span_type IN ({types}) OR {known})".format(
    types=", ".join(f"'{name}'" for name in sorted(CALL_TYPES)),
    known=" OR ".join(
        f"span.{name} IS NOT NULL"
        for name in (
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_write_input_tokens",
            "cost_nano_usd",
            "cost_reason",
        )
    ),
)
