"""A search as SQL: conditions and order become text made of constants, every value a parameter. Pure."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.conditions import TRACE_COLUMNS, Sql, condition_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop.filter.ast import OrderKey
    from outcrop_server.model.search import Position, TraceSearch

# Ordered as they are stored, which is finer than milliseconds and what the indices hold.
_ORDER = {
    **{name: TRACE_COLUMNS[name] for name in ("name", "status", "span_count")},
    "timestamp": "trace.start_time_ns",
    "execution_time": "trace.duration_ns",
    "end_time": "trace.start_time_ns + trace.duration_ns",
    "total_tokens": "coalesce(trace.input_tokens + trace.output_tokens, -1)",
    "cost": "coalesce(trace.cost_nano_usd / 1e9, -1)",
}


def search_sql(search: TraceSearch, candidates: Sequence[int] | None = None) -> Sql:
    """The statement whose rows are those of `sql.SELECT_TRACES`, with what they are ordered by behind.

    Args:
        search: what is asked.
        candidates: keys of the only traces that can fit; None where every trace may.
    """
    keys = _sort_keys(search.order)
    conditions = [_experiments(search.experiments), condition_sql(search.where)]
    if search.among is not None:
        conditions.insert(0, Sql(f"trace.trace_id IN ({', '.join('?' for _ in search.among)})", search.among))
    if candidates is not None:
        conditions.insert(0, keys_sql(candidates))
    if search.after is not None:
        conditions.append(_after(keys, search.after))
    given = [each for each in conditions if each.text]
    where = " WHERE " + " AND ".join(each.text for each in given) if given else ""
    values = tuple(value for each in given for value in each.values)
    # A plus keeps SQLite from an index in this order: a few traces are found by their keys.
    plus = "" if candidates is None and search.among is None else "+"
    order = ", ".join(f"{plus}{key} {'DESC' if is_descending else 'ASC'}" for key, is_descending in keys)
    columns = ", ".join(key for key, _ in keys)
    text = sql.select_traces_with(columns) + where + f" ORDER BY {order} LIMIT ?"
    return Sql(text, (*values, search.limit))


def keys_sql(keys: Sequence[int]) -> Sql:
    """That a trace's key is one of these, of which there may be more than a statement has parameters."""
    return Sql("trace.trace_key IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),))


def _experiments(names: tuple[str, ...]) -> Sql:
    if not names:
        return Sql("")
    if len(names) == 1:
        return Sql(f"trace.{sql.IN_EXPERIMENT}", names)
    marks = ", ".join("?" for _ in names)
    inner = f"SELECT experiment_id FROM experiment WHERE name IN ({marks})"
    return Sql(f"trace.experiment_id IN ({inner})", names)


def _sort_keys(order: tuple[OrderKey, ...]) -> list[tuple[str, bool]]:
    keys = [(_ORDER[key.name], key.is_descending) for key in order if key.name != "trace_id"]
    by_id = next((key.is_descending for key in order if key.name == "trace_id"), order[-1].is_descending)
    return [*keys, ("trace.trace_id", by_id)]


def _after(keys: list[tuple[str, bool]], position: Position) -> Sql:
    """What comes later in the order: equal in the first keys, and further on in the next."""
    *before, trace_id = position
    values = [*before, bytes.fromhex(str(trace_id))]
    directions = {is_descending for _, is_descending in keys}
    if len(directions) == 1:
        # As one row, which an index can be asked for.
        marks = ", ".join("?" for _ in keys)
        comparison = "<" if directions == {True} else ">"
        return Sql(f"({', '.join(key for key, _ in keys)}) {comparison} ({marks})", tuple(values))
    texts: list[str] = []
    used: list[Any] = []
    for place, (key, is_descending) in enumerate(keys):
        equal = "".join(f"{earlier} = ? AND " for earlier, _ in keys[:place])
        texts.append(f"({equal}{key} {'<' if is_descending else '>'} ?)")
        used += values[: place + 1]
    return Sql(f"({' OR '.join(texts)})", tuple(used))
