"""A search as SQL: conditions and order become text made of constants, every value a parameter. Pure."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop.filter.ast import And, Comparison, Condition, Field, Operator, OrderKey
from outcrop_server.storage.sqlite import statements as sql

if TYPE_CHECKING:
    from outcrop_server.model.search import Position, TraceSearch

_NS_IN_MS = 1_000_000

# What a field of `outcrop.filter.fields` is here. A trace that nobody marked as failed is OK.
_TRACE = {
    "trace_id": "lower(hex(trace.trace_id))",
    "name": "trace.name",
    "status": "CASE trace.status WHEN 'ERROR' THEN 'ERROR' ELSE 'OK' END",
    "timestamp": f"trace.start_time_ns / {_NS_IN_MS}",
    "execution_time": f"trace.duration_ns / {_NS_IN_MS}",
    "end_time": f"trace.start_time_ns / {_NS_IN_MS} + trace.duration_ns / {_NS_IN_MS}",
    "session_id": "trace.session_id",
    "user_id": "trace.user_id",
    "error_type": "trace.error_type",
    "error_message": "trace.error_message",
    "prompt": "trace.request_preview",
    "response": "trace.response_preview",
    "span_count": "trace.span_count",
    "input_tokens": "trace.input_tokens",
    "output_tokens": "trace.output_tokens",
    "total_tokens": "trace.input_tokens + trace.output_tokens",
    "cost": "trace.cost_nano_usd / 1e9",
}
_SPAN = {
    "name": "span.name",
    "type": "span.span_type",
    "status": "span.status",
    "model": "span.model",
    "error_type": "span.error_type",
    "execution_time": f"(span.end_time_ns - span.start_time_ns) / {_NS_IN_MS}",
    "input_tokens": "span.input_tokens",
    "output_tokens": "span.output_tokens",
}
# Each gives the rows of which one must fit, with the value under the name `value`.
_MANY = {
    "model": "SELECT value FROM json_each(trace.models)",
    "tool": "SELECT value FROM json_each(trace.tools)",
    "text": "SELECT trace.request_preview AS value UNION ALL SELECT trace.response_preview",
}
_TEXTS = {"tag": "trace.tags", "metadata": "trace.metadata"}
# The value of an assessment as text: what is no text is there as its JSON.
_ASSESSMENT = (
    "SELECT {value} AS value FROM assessment "
    "WHERE assessment.trace_key = trace.trace_key AND assessment.kind = ? AND assessment.name = ?"
)
_AS_TEXT = (
    "CASE json_type(assessment.value) WHEN 'text' THEN json_extract(assessment.value, '$') "
    "WHEN 'null' THEN NULL ELSE assessment.value END"
)
_AS_NUMBER = (
    "CASE WHEN json_type(assessment.value) IN ('integer', 'real') "
    "THEN json_extract(assessment.value, '$') END"
)
# Ordered as they are stored, which is finer than milliseconds and what the indices hold.
_ORDER = {
    **{name: _TRACE[name] for name in ("name", "status", "span_count")},
    "timestamp": "trace.start_time_ns",
    "execution_time": "trace.duration_ns",
    "end_time": "trace.start_time_ns + trace.duration_ns",
    "total_tokens": "coalesce(trace.input_tokens + trace.output_tokens, -1)",
    "cost": "coalesce(trace.cost_nano_usd / 1e9, -1)",
}


class Sql(NamedTuple):
    """A piece of a statement and the parameters for its marks."""

    text: str
    values: tuple[Any, ...] = ()


def search_sql(search: TraceSearch) -> Sql:
    """The statement whose rows are those of `sql.SELECT_TRACES`, with what they are ordered by behind."""
    keys = _sort_keys(search.order)
    conditions = [_experiments(search.experiments), condition_sql(search.where)]
    if search.after is not None:
        conditions.append(_after(keys, search.after))
    given = [each for each in conditions if each.text]
    where = " WHERE " + " AND ".join(each.text for each in given) if given else ""
    values = tuple(value for each in given for value in each.values)
    order = ", ".join(f"{key} {'DESC' if is_descending else 'ASC'}" for key, is_descending in keys)
    columns = ", ".join(key for key, _ in keys)
    text = sql.select_traces_with(columns) + where + f" ORDER BY {order} LIMIT ?"
    return Sql(text, (*values, search.limit))


def condition_sql(condition: Condition) -> Sql:
    """A condition over the row of `trace`; empty text where it holds for all of them."""
    if isinstance(condition, And):
        terms = [condition_sql(term) for term in condition.terms]
        return Sql(
            " AND ".join(f"({term.text})" for term in terms if term.text),
            tuple(value for term in terms for value in term.values),
        )
    found = _positive(condition)
    return Sql(f"NOT ({found.text})", found.values) if condition.operator.is_negative else found


def _positive(comparison: Comparison) -> Sql:
    """The comparison without its negation; true or false, never NULL."""
    field = comparison.field
    single = _TRACE.get(field.name) if field.entity == "trace" else None
    if single is not None:
        test = _test(comparison, f"({single})")
        return Sql(f"coalesce({test.text}, 0)", test.values)
    rows, test = _rows(field, comparison), _test(comparison, "value")
    return Sql(f"EXISTS (SELECT 1 FROM ({rows.text}) WHERE {test.text})", rows.values + test.values)


def _rows(field: Field, comparison: Comparison) -> Sql:
    if field.entity == "trace":
        return Sql(_MANY[field.name])
    if field.entity == "span":
        return Sql(f"SELECT {_SPAN[field.name]} AS value FROM span WHERE span.trace_key = trace.trace_key")
    if field.entity in _TEXTS:
        return Sql(f"SELECT value FROM json_each({_TEXTS[field.entity]}) WHERE key = ?", (field.name,))
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    # A list holds texts or numbers, never both.
    is_number = isinstance(values[0], (int, float))
    text = _ASSESSMENT.format(value=_AS_NUMBER if is_number else _AS_TEXT)
    return Sql(text, (field.entity, field.name))


def _test(comparison: Comparison, value: str) -> Sql:
    operator, expected = comparison.operator.positive, comparison.value
    if operator is Operator.IS_NOT_NULL:
        return Sql(f"{value} IS NOT NULL")
    if isinstance(expected, tuple):
        return Sql(f"{value} IN ({', '.join('?' for _ in expected)})", expected)
    if operator is Operator.LIKE:
        return Sql(f"{value} GLOB ?", (_glob(str(expected)),))
    return Sql(f"{value} {operator.value.replace('ILIKE', 'LIKE')} ?", (expected,))


def _glob(pattern: str) -> str:
    """LIKE's pattern as GLOB's: SQLite's own LIKE does not tell capitals from small letters."""
    special = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(special.get(character, character) for character in pattern)


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
