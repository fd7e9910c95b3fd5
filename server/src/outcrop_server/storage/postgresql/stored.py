"""Reads what is stored of traces that are about to be changed, those of one part together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.common import columns
from outcrop_server.storage.common.call_columns import CALL_COLUMNS, IS_CALL
from outcrop_server.storage.common.rollup_deltas import CallPart
from outcrop_server.storage.postgresql.arrays import byteas, integers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.model.rows import TraceRow
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.homes import Home

_TRACE = ", ".join(f"trace.{name}" for name in columns.TRACE.split(", "))
_FIND = (
    f"SELECT {_TRACE}, summary_keys, trace_key, experiment_id, experiment.name, frame_count, frame_bytes, "  # noqa: S608 - made of constants
    "terms FROM trace JOIN experiment USING (experiment_id) WHERE part = %s AND trace_key = ANY(%s::bigint[])"
)
_FIND_SPANS = """
    SELECT trace_key, span_id FROM span
    WHERE part = %s AND trace_key = ANY(%s::bigint[]) AND span_id = ANY(%s::bytea[])
"""
_CALLS = (
    f"SELECT trace_key, {CALL_COLUMNS} FROM span "  # noqa: S608 - made of constants
    f"WHERE part = %s AND trace_key = ANY(%s::bigint[]) AND {IS_CALL}"
)


class StoredRow(NamedTuple):
    """A trace's row as it is.

    Attributes:
        row: the summary.
        keys: what it was made from; see `model.summary.restored`.
        trace_key: its key.
        experiment_id: of its experiment.
        frame_count: how many frames it has.
        frame_bytes: how many bytes these have.
        terms: the numbers of its terms.
    """

    row: TraceRow
    keys: str
    trace_key: int
    experiment_id: int
    frame_count: int
    frame_bytes: int
    terms: list[int]


def by_part(homes: Iterable[Home]) -> dict[int, list[int]]:
    """The keys of traces by the parts in which they lie."""
    parts: dict[int, list[int]] = {}
    for home in homes:
        parts.setdefault(home.part, []).append(home.key)
    return parts


def find_rows(connection: Connection, homes: Iterable[Home]) -> dict[int, StoredRow]:
    """The rows of traces, by their keys."""
    found: dict[int, StoredRow] = {}
    for part, keys in by_part(homes).items():
        for row in connection.execute(_FIND, (part, integers(keys))):
            *values, kept, key, experiment_id, name, frame_count, frame_bytes, terms = row
            summary = columns.to_trace(tuple(values), name)
            found[key] = StoredRow(summary, kept, key, experiment_id, frame_count, frame_bytes, terms)
    return found


def find_spans(
    connection: Connection, homes: Sequence[Home], span_ids: Iterable[bytes]
) -> set[tuple[int, bytes]]:
    """Those of some spans that are there, with their traces' keys."""
    wanted = byteas(span_ids)
    found: set[tuple[int, bytes]] = set()
    for part, keys in by_part(homes).items():
        rows: list[tuple[Any, ...]] = connection.execute(
            _FIND_SPANS, (part, integers(keys), wanted)
        ).fetchall()
        found.update((key, span_id) for key, span_id in rows)
    return found


def find_calls(connection: Connection, homes: Iterable[Home]) -> dict[int, list[CallPart]]:
    """The calls of traces, by their keys."""
    found: dict[int, list[CallPart]] = {}
    for part, keys in by_part(homes).items():
        for key, *values in connection.execute(_CALLS.encode(), (part, integers(keys))):
            found.setdefault(key, []).append(CallPart(*values))
    return found
