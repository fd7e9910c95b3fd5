"""Whether what a PostgreSQL store sums up is what its rows say, and whether anything is left of what went."""

from __future__ import annotations

from typing import Any

import psycopg

from outcrop_server.storage.common.call_columns import CALL_COLUMNS, IS_CALL, TRACE_COLUMNS
from outcrop_server.storage.common.rollup_deltas import CallPart, Deltas, TracePart
from outcrop_server.storage.common.rollup_rows import folded, row_of
from outcrop_server.storage.common.series import Series, number_among
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.finishing import SPAN_BYTES

_SUMS = (
    "level_s, bucket_s, series_id, count, errors, input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens, cost_nano_usd, unpriced_calls, latency_first, latency, first_chunk_first, "
    "first_chunk"
)
_SESSION = (
    "session_id, experiment_id, trace_count, error_count, input_tokens, output_tokens, "
    "cache_read_input_tokens, cache_write_input_tokens, cost_nano_usd, unpriced_calls, first_start_ns, "
    "last_start_ns"
)
# What must be empty.
_LEFT_BEHIND = {
    "spans without a trace": "SELECT count(*) FROM span LEFT JOIN trace USING (trace_key, part) "
    "WHERE trace_id IS NULL",
    "traces without their home": "SELECT count(*) FROM trace LEFT JOIN trace_home AS home "
    "USING (trace_key, part, trace_id) WHERE home.trace_key IS NULL",
    "homes without their trace": "SELECT count(*) FROM trace_home AS home LEFT JOIN trace "
    "USING (trace_key, part, trace_id) WHERE trace.name IS NULL AND home.trace_id NOT IN "
    "(SELECT trace_id FROM trace_note)",
    "frames without a span": "SELECT count(*) FROM payload WHERE NOT EXISTS (SELECT 1 FROM span "
    "WHERE (span.trace_key, span.part, span.frame_number) = "
    "(payload.trace_key, payload.part, payload.frame_number))",
    "spans without a frame": "SELECT count(*) FROM span LEFT JOIN payload "
    "USING (trace_key, part, frame_number) WHERE frame IS NULL",
    "judgements without a trace": "SELECT count(*) FROM assessment LEFT JOIN trace USING (trace_key) "
    "WHERE trace_id IS NULL",
    "binaries without a use": "SELECT count(*) FROM blob WHERE blob_id NOT IN (SELECT blob_id FROM blob_use)",
    "uses without a binary": "SELECT count(*) FROM blob_use LEFT JOIN blob USING (blob_id) "
    "WHERE content IS NULL",
    "uses without a frame": "SELECT count(*) FROM blob_use LEFT JOIN payload USING (trace_key, frame_number) "
    "WHERE frame IS NULL",
    "changes without a trace": "SELECT count(*) FROM trace_change LEFT JOIN trace USING (trace_key, part) "
    "WHERE trace_id IS NULL",
    "counts of spans": "SELECT count(*) FROM trace WHERE span_count <> (SELECT count(*) FROM span "
    "WHERE span.trace_key = trace.trace_key)",
    "counts of frames": "SELECT count(*) FROM trace WHERE (frame_count, frame_bytes) <> "
    "(SELECT count(*), coalesce(sum(octet_length(frame)), 0) FROM payload "
    "WHERE payload.trace_key = trace.trace_key)",
    "counts of experiments": "SELECT count(*) FROM experiment WHERE (trace_count, error_count) <> "
    "(SELECT count(*), count(*) FILTER (WHERE status = 'ERROR') FROM trace "
    "WHERE trace.experiment_id = experiment.experiment_id)",
    "missing parents that are there": "SELECT count(*) FROM missing_parent JOIN span "
    "ON span.trace_key = missing_parent.trace_key AND span.span_id = missing_parent.parent_id",
    "parents that are missing": "SELECT count(*) FROM span WHERE parent_id IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM span AS parent WHERE (parent.trace_key, parent.span_id) = "
    "(span.trace_key, span.parent_id)) AND NOT EXISTS (SELECT 1 FROM missing_parent WHERE "
    "(missing_parent.trace_key, missing_parent.parent_id) = (span.trace_key, span.parent_id))",
}


def faults(uri: str) -> list[str]:
    """A sentence for everything that is wrong."""
    with open_writer(uri) as connection:
        found = [
            f"{count} {what}"
            for what, statement in _LEFT_BEHIND.items()
            if (count := _one(connection, statement))
        ]
        return found + _wrong_sums(connection) + _wrong_use(connection)


def _wrong_sums(connection: psycopg.Connection[Any]) -> list[str]:
    deltas = Deltas()
    for *values, experiment_id, key in _rows(
        connection, f"{TRACE_COLUMNS}, experiment_id, trace_key", "trace"
    ):
        part = TracePart(*values)
        deltas.add_trace(part, experiment_id)
        calls = _rows(connection, CALL_COLUMNS, f"span WHERE trace_key = {key} AND {IS_CALL}")
        deltas.add_calls(part.place(experiment_id), [CallPart(*row) for row in calls])
    known: dict[Series, int] = {
        tuple(series): number
        for number, *series in _rows(
            connection, "series_id, experiment_id, kind, model, operation, span_type", "rollup_series"
        )
    }

    def number_of(series: Series) -> int:
        found = number_among(known, series)
        return -1 if found is None else found

    expected = {(*key, *row_of(entry).values()) for key, entry in folded(deltas, number_of).items()}
    sessions = {(*key, *each.sums, each.first_ns, each.last_ns) for key, each in deltas.sessions.items()}
    return [
        f"{what}: {sorted(there ^ wanted)[:4]}"
        for what, there, wanted in (
            ("rollups", set(_rows(connection, _SUMS, "rollup")), expected),
            ("sessions", set(_rows(connection, _SESSION, "session")), sessions),
        )
        if there != wanted
    ]


def _wrong_use(connection: psycopg.Connection[Any]) -> list[str]:
    wanted = set(
        _rows(
            connection,
            f"part, count(*), sum(span_count * {SPAN_BYTES} + frame_bytes)::bigint",
            "trace GROUP BY part",
        )
    )
    there = set(_rows(connection, "part, trace_count, kept_bytes", "part_use WHERE trace_count > 0"))
    empty = _rows(
        connection, "part", "part_use WHERE trace_count <= 0 AND (trace_count, kept_bytes) <> (0, 0)"
    )
    return [f"use of parts: {there ^ wanted} {empty}"] if there != wanted or empty else []


def _rows(connection: psycopg.Connection[Any], columns: str, source: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT {columns} FROM {source}".encode()).fetchall()  # noqa: S608 - our own words


def _one(connection: psycopg.Connection[Any], statement: str) -> Any:
    found = connection.execute(statement.encode()).fetchone()
    return None if found is None else found[0]
