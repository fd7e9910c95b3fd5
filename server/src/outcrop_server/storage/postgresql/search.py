"""Answers `search`: orders and pages of the traces that fit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from outcrop_server.model.search import FoundTrace
from outcrop_server.storage.common.columns import TRACE
from outcrop_server.storage.common.sql import ALWAYS, Sql, joined
from outcrop_server.storage.postgresql.conditions import EXPERIMENT, TRACE_COLUMNS
from outcrop_server.storage.postgresql.matching import Matching, Scope
from outcrop_server.storage.postgresql.reading import stored
from outcrop_server.storage.postgresql.windows import Order

if TYPE_CHECKING:
    from outcrop.filter.ast import OrderKey
    from outcrop_server.model.search import Position, TraceSearch
    from outcrop_server.storage.postgresql.fitting import Looking

# Ordered as they are stored, which is finer than milliseconds and what the indices hold.
_ORDER = {
    **{name: TRACE_COLUMNS[name] for name in ("name", "status", "span_count")},
    "timestamp": "trace.start_time_ns",
    "execution_time": "trace.duration_ns",
    "end_time": "(trace.start_time_ns::numeric + trace.duration_ns)",
    "total_tokens": "coalesce(trace.input_tokens::float8 + trace.output_tokens::float8, -1)",
    "cost": "coalesce(trace.cost_nano_usd::float8 / 1e9, -1)",
}
_COLUMNS = ", ".join(f"trace.{name.strip()}" for name in TRACE.split(","))
# What `reading.stored` takes.
STORED = f"{_COLUMNS}, {EXPERIMENT}, trace.experiment_id"
_WIDTH = TRACE.count(",") + 3


def find(looking: Looking, search: TraceSearch) -> list[FoundTrace]:
    """The traces that fit, in their order; see `storage.api.KeptTraces.search`."""
    order = _sort_keys(search.order)
    after = ALWAYS if search.after is None else _after(order, search.after)
    scope = Scope(search.where, search.experiments, search.among, more=after)
    columns = ", ".join((STORED, *(key for key, _ in order)))
    rows = Matching(looking, scope).rows(columns, order, search.limit)
    return [FoundTrace(stored(row[:_WIDTH]), tuple(map(_value, row[_WIDTH:]))) for row in rows]


def _value(value: Any) -> str | int | float:
    """What a trace is ordered by, as a position has it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return value if isinstance(value, float | int) else str(value)


def _sort_keys(order: tuple[OrderKey, ...]) -> Order:
    keys = [(_ORDER[key.name], key.is_descending) for key in order if key.name != "trace_id"]
    by_id = next((key.is_descending for key in order if key.name == "trace_id"), order[-1].is_descending)
    return [*keys, ("trace.trace_id", by_id)]


def _after(keys: Order, position: Position) -> Sql:
    """What comes later in the order: equal in the first keys, and further on in the next."""
    *before, trace_id = position
    values = [*before, bytes.fromhex(str(trace_id))]
    directions = {is_descending for _, is_descending in keys}
    if len(directions) == 1:
        # As one row, which an index can be asked for.
        marks = ", ".join("%s" for _ in keys)
        comparison = "<" if directions == {True} else ">"
        return Sql(f"({', '.join(key for key, _ in keys)}) {comparison} ({marks})", tuple(values))
    alternatives: list[Sql] = []
    for place, (key, is_descending) in enumerate(keys):
        equal = "".join(f"{earlier} = %s AND " for earlier, _ in keys[:place])
        text = f"{equal}{key} {'<' if is_descending else '>'} %s"
        alternatives.append(Sql(text, tuple(values[: place + 1])))
    return joined("OR", alternatives)
