"""Answers `search`: orders and pages of the traces that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.model.rows import StoredTrace
from outcrop_server.model.search import FoundTrace
from outcrop_server.storage.clickhouse.conditions import TRACE_COLUMNS
from outcrop_server.storage.clickhouse.matching import Matching, Scope
from outcrop_server.storage.clickhouse.rows import TRACE, TRACE_WIDTH, to_trace

if TYPE_CHECKING:
    from outcrop.filter.ast import OrderKey
    from outcrop_server.model.search import Position, TraceSearch
    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.looking import Looking
    from outcrop_server.storage.clickhouse.matching import Order

# Ordered as they are stored, which is finer than milliseconds.
_ORDER = {
    **{name: TRACE_COLUMNS[name] for name in ("name", "status", "span_count")},
    "timestamp": "trace.start_time_ns",
    "execution_time": "trace.duration_ns",
    "end_time": "(toInt128(trace.start_time_ns) + trace.duration_ns)",
    "total_tokens": "ifNull(toFloat64(trace.input_tokens) + toFloat64(trace.output_tokens), -1)",
    "cost": "ifNull(trace.cost_nano_usd / 1e9, -1)",
}
_STORED = ", ".join(f"trace.{name.strip()}" for name in (*TRACE.split(","), "experiment_id"))


def find(looking: Looking, search: TraceSearch) -> list[FoundTrace]:
    """The traces that fit, in their order; see `storage.api.KeptTraces.search`."""
    order = _sort_keys(search.order)
    after = None if search.after is None else _values(search.after)
    scope = Scope(search.where, search.experiments, search.among, after=after)
    columns = ", ".join((_STORED, *(key for key, _ in order)))
    rows = Matching(looking, scope).rows(columns, order, search.limit)
    return [FoundTrace(_stored(looking, row), tuple(map(_value, row[TRACE_WIDTH + 1 :]))) for row in rows]


def _stored(looking: Looking, row: Row) -> StoredTrace:
    experiment_id = row[TRACE_WIDTH]
    return StoredTrace(to_trace(row[:TRACE_WIDTH], looking.name_of(experiment_id)), str(experiment_id))


def _value(value: Any) -> str | int | float:
    """What a trace is ordered by, as a position has it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, float | int) else str(value)


def _values(position: Position) -> tuple[str | int | float | bytes, ...]:
    *before, trace_id = position
    return (*before, bytes.fromhex(str(trace_id)))


def _sort_keys(order: tuple[OrderKey, ...]) -> Order:
    keys = [(_ORDER[key.name], key.is_descending) for key in order if key.name != "trace_id"]
    by_id = next((key.is_descending for key in order if key.name == "trace_id"), order[-1].is_descending)
    return [*keys, ("trace.trace_id", by_id)]
