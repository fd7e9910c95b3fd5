"""Whether what a ClickHouse store sums up is what its rows say, and whether anything is left of what went."""

# ruff: noqa: S608 - put together from constants only.

from __future__ import annotations

from contextlib import closing
from typing import Any

from outcrop_server.storage.clickhouse.address import read_address
from outcrop_server.storage.clickhouse.client import Client
from outcrop_server.storage.clickhouse.lives import NOT_VOID
from outcrop_server.storage.clickhouse.table_parts import SUMS
from outcrop_server.storage.common.call_columns import CALL_COLUMNS, IS_CALL, TRACE_COLUMNS
from outcrop_server.storage.common.rollup_deltas import CallPart, Deltas, TracePart
from outcrop_server.storage.common.rollup_rows import LEVELS_S, of_every_call, together

# The spans that count, each with its trace's.
_LIVING = (
    "(SELECT span.* FROM span JOIN (SELECT * FROM trace FINAL) AS trace ON trace.trace_id = span.trace_id "
    f"WHERE span.number BETWEEN trace.born AND trace.version AND span.{NOT_VOID}) AS span"
)
# What must be empty.
_LEFT_BEHIND = {
    "traces that are there twice": "SELECT trace_id FROM trace FINAL GROUP BY trace_id HAVING count() > 1",
    "spans that are there twice": f"SELECT trace_id, span_id FROM {_LIVING} "
    "GROUP BY trace_id, span_id HAVING count() > 1",
    "traces without their home": "SELECT trace_id FROM trace FINAL WHERE (trace_id, day, experiment_id, "
    "start_time_ns, version, born) NOT IN (SELECT trace_id, day, experiment_id, start_time_ns, version, born "
    "FROM trace_home FINAL WHERE NOT gone)",
    "homes without their trace": "SELECT trace_id FROM trace_home FINAL WHERE NOT gone "
    "AND trace_id NOT IN (SELECT trace_id FROM trace FINAL)",
    "traces that count wrongly": "SELECT trace_id, span_count, counted FROM trace FINAL LEFT JOIN "
    f"(SELECT trace_id, count() AS counted FROM {_LIVING} GROUP BY trace_id) AS c USING (trace_id) "
    "WHERE span_count != counted",
    "spans without a frame": f"SELECT trace_id, span_id FROM {_LIVING} WHERE frame_id NOT IN "
    "(SELECT frame_id FROM frame)",
    "judgements without a trace": "SELECT trace_id FROM assessment FINAL WHERE NOT gone "
    "AND trace_id NOT IN (SELECT trace_id FROM trace FINAL)",
    "uses without a binary": "SELECT experiment_id, sha256 FROM blob_use FINAL WHERE NOT gone "
    f"AND (experiment_id, sha256) NOT IN (SELECT experiment_id, sha256 FROM blob WHERE {NOT_VOID})",
    "missing parents that are there": "SELECT trace_id, parent_id FROM missing_parent FINAL WHERE NOT gone "
    f"AND (trace_id, parent_id) IN (SELECT trace_id, span_id FROM {_LIVING})",
    "parents that are missing": f"SELECT trace_id, parent_id FROM {_LIVING} WHERE has_parent "
    f"AND (trace_id, parent_id) NOT IN (SELECT trace_id, span_id FROM {_LIVING}) AND (trace_id, parent_id) "
    "NOT IN (SELECT trace_id, parent_id FROM missing_parent FINAL WHERE NOT gone)",
    "commits that ended twice": "SELECT number FROM log WHERE kind IN ('done', 'void') GROUP BY number "
    "HAVING uniqExact(kind, writer) > 1",
    "commits that were not finished": "SELECT number FROM log WHERE kind = 'done' AND number NOT IN "
    "(SELECT number FROM log WHERE kind = 'applied')",
}
_CALL = CALL_COLUMNS
_ROLLUP = (
    "SELECT level_s, experiment_id, kind, bucket_s, model, operation, span_type, "
    + ", ".join(f"sum({name})" for name in SUMS)
    + ", sumMap(latency), sumMap(first_chunk) FROM rollup "
    "GROUP BY level_s, experiment_id, kind, bucket_s, model, operation, span_type"
)
_SESSION_SUMS = "trace_count, error_count, " + ", ".join(SUMS[2:])


def faults(uri: str) -> list[str]:
    """A sentence for everything that is wrong; traces and calls under `OTHER` are not looked at."""
    with closing(Client(read_address(uri))) as client:
        found = [
            f"{len(rows)} {what}, such as {rows[0]}"
            for what, statement in _LEFT_BEHIND.items()
            if (rows := client.query(statement))
        ]
        return found + _wrong_sums(client)


def spans_of(uri: str) -> list[tuple[bytes, bytes]]:
    """Trace and span ids of every span that counts."""
    with closing(Client(read_address(uri))) as client:
        return [(row[0], row[1]) for row in client.query(f"SELECT trace_id, span_id FROM {_LIVING}")]


def _wrong_sums(client: Client) -> list[str]:
    deltas = Deltas()
    places: dict[bytes, Any] = {}
    for trace_id, experiment_id, *values in client.query(
        f"SELECT trace_id, experiment_id, {TRACE_COLUMNS} FROM trace FINAL"
    ):
        part = TracePart(*values)
        places[trace_id] = part.place(experiment_id)
        deltas.add_trace(part, experiment_id)
    for trace_id, *values in client.query(f"SELECT trace_id, {_CALL} FROM {_LIVING} WHERE {IS_CALL}"):
        deltas.add_calls(places[trace_id], [CallPart(*values)])
    return _wrong_rollups(client, deltas) + _wrong_sessions(client, deltas)


def _wrong_rollups(client: Client, deltas: Deltas) -> list[str]:
    wanted: dict[Any, Any] = {}
    for (minute, *series), entry in (*deltas.entries.items(), *of_every_call(deltas).items()):
        for level_s in LEVELS_S:
            key = (level_s, minute * 60 // level_s * level_s, *series)
            wanted[key] = entry if key not in wanted else together(wanted[key], entry)
    kept: dict[Any, Any] = {}
    for level_s, experiment_id, kind, bucket_s, *rest in client.query(_ROLLUP):
        model, operation, span_type, *sums, latency, first_chunk = rest
        if any(sums):
            key = (level_s, bucket_s, experiment_id, kind, model, operation, span_type)
            kept[key] = (sums, _counted(latency), _counted(first_chunk))
    told = {
        key: (each.sums, _counted(each.latency), _counted(each.first_chunk)) for key, each in wanted.items()
    }
    return [f"rollup {key}: {kept.get(key)} instead of {told.get(key)}" for key in _unequal(kept, told)]


def _wrong_sessions(client: Client, deltas: Deltas) -> list[str]:
    kept = {
        (session_id, experiment_id): tuple(values)
        for session_id, experiment_id, *values in client.query(
            f"SELECT session_id, experiment_id, {_SESSION_SUMS}, first_start_ns, last_start_ns "
            "FROM session FINAL"
        )
    }
    told = {key: (*delta.sums, delta.first_ns, delta.last_ns) for key, delta in deltas.sessions.items()}
    return [f"session {key}: {kept.get(key)} instead of {told.get(key)}" for key in _unequal(kept, told)]


def _unequal(one: dict[Any, Any], other: dict[Any, Any]) -> list[Any]:
    return [key for key in {**one, **other} if one.get(key) != other.get(key)]


def _counted(bins: dict[int, int]) -> dict[int, int]:
    return {number: count for number, count in bins.items() if count}
