"""Rows as they are copied into tables: their columns, types and values. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.common import columns
from outcrop_server.storage.postgresql.adapting import kept, kept_json

if TYPE_CHECKING:
    from outcrop_server.model.rows import SpanRow, TraceRow

_IDS = {"trace_id", "span_id", "parent_id", "frame", "sha256", "content"}
_INTEGERS = {"part", "frame_number", "frame_count", "payload_offset", "payload_length"}
_BIG = {
    "trace_key",
    "experiment_id",
    "start_time_ns",
    "end_time_ns",
    "duration_ns",
    "longest_span_ns",
    "shortest_span_ns",
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_write_input_tokens",
    "time_to_first_chunk_ns",
    "cost_nano_usd",
    "frame_bytes",
    "span_count",
    "attempts",
    "unpriced_calls",
}
_BOOLEANS = {"has_root", "is_stream"}
_JSON = ("models", "tools", "tags", "metadata")
_JSON_PLACES = tuple(columns.TRACE.split(", ").index(name) for name in _JSON)


class Copied(NamedTuple):
    """A table as rows are copied into it.

    Attributes:
        statement: that begins it.
        types: of its columns, by name.
    """

    statement: bytes
    types: tuple[str, ...]


def type_of(column: str) -> str:
    """The type of a column of the tables that traces lie in."""
    for type_name, names in (
        ("bytea", _IDS),
        ("int4", _INTEGERS),
        ("int8", _BIG),
        ("bool", _BOOLEANS),
        ("int4[]", {"terms"}),
    ):
        if column in names:
            return type_name
    return "text"


def _copied(table: str, names: str) -> Copied:
    return Copied(
        f"COPY {table} ({names}) FROM STDIN WITH (FORMAT BINARY)".encode(),
        tuple(map(type_of, names.split(", "))),
    )


# Behind a trace's own columns, in the order in which writers have them.
TRACE_BEHIND = "summary_keys, experiment_id, frame_count, frame_bytes, part, terms, trace_key"
WRITTEN_TRACE = f"{columns.TRACE}, {TRACE_BEHIND}"
TRACES = _copied("trace", WRITTEN_TRACE)
SPANS = _copied("span", f"{columns.SPAN}, payload_offset, payload_length, frame_number, trace_key, part")
PAYLOADS = _copied("payload", "trace_key, frame_number, frame, part")


def span_values(row: SpanRow) -> tuple[Any, ...]:
    """A span's values as the database takes them, in the order of `columns.SPAN`."""
    values = columns.from_span(row)
    # Nearly no text has one of the characters that are changed: one look at all of them together is enough.
    text = "".join([value for value in values if type(value) is str])
    if kept(text) is text:
        return values
    return tuple(kept(value) if type(value) is str else value for value in values)


def trace_values(row: TraceRow) -> list[Any]:
    """A trace's values as the database takes them, in the order of `columns.TRACE`."""
    values = list(columns.from_trace(row))
    for place in _JSON_PLACES:
        values[place] = kept_json(values[place])
    return [kept(value) if type(value) is str else value for value in values]
