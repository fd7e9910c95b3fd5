"""What of a filter MLflow can be asked first. Pure.

MLflow's grammar is smaller and means some fields otherwise. So it is asked for what surely holds all traces
that fit, and each trace that comes is looked at here again: nothing is missing and nothing too much.
"""

from __future__ import annotations

import re

from outcrop.delivery.mlflow import words
from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Field, Operator, OrderKey

_COMPARED = frozenset(
    {
        Operator.EQUAL,
        Operator.LESS,
        Operator.LESS_OR_EQUAL,
        Operator.GREATER,
        Operator.GREATER_OR_EQUAL,
    }
)
# Values that no quoting can be got wrong with, nor a store's collation.
_PLAIN = re.compile(r"[A-Za-z0-9_./: @+=-]{1,200}")
_SESSION, _USER = ("session_id", words.TRACE_SESSION), ("user_id", words.TRACE_USER)
_METADATA = dict((_SESSION, _USER))
_STATUSES = frozenset({"OK", "ERROR"})
_ORDERS = {"timestamp": "timestamp_ms", "execution_time": "execution_time_ms"}


def first_question(condition: Condition, *, knows_trace_ids: bool = True) -> str:
    """A filter in MLflow's grammar that all traces fit which fit `condition`; empty where there is none.

    `knows_trace_ids` is whether the other side's are `tr-` and our digits.
    """
    terms = condition.terms if isinstance(condition, And) else (condition,)
    if not knows_trace_ids:
        terms = tuple(term for term in terms if not _is_of_trace_id(term))
    return " AND ".join(asked for term in terms if (asked := _asked(term)))


def order_in_mlflow(order: tuple[OrderKey, ...]) -> list[str] | None:
    """The order in MLflow's words; None where it has none for it."""
    if len(order) != 1 or order[0].name not in _ORDERS:
        return None
    return [f"{_ORDERS[order[0].name]} {'DESC' if order[0].is_descending else 'ASC'}"]


def _is_of_trace_id(term: Condition) -> bool:
    return isinstance(term, Comparison) and (term.field.entity, term.field.name) == ("trace", "trace_id")


def _asked(term: Condition) -> str | None:
    if isinstance(term, AnySpan) and isinstance(term.term, Comparison):
        return _of_span(term.term)
    if not isinstance(term, Comparison):
        return None
    if term.field == Field("trace", "timestamp", "number"):
        is_asked = term.operator in _COMPARED and isinstance(term.value, int)
        return f"trace.timestamp_ms {term.operator.value} {term.value}" if is_asked else None
    text = _plain_text(term)
    return None if text is None else _of_trace(term.field, text)


def _of_trace(field: Field, text: str) -> str | None:
    name = field.name
    if field.entity in {"tag", "metadata"}:
        is_plain = _PLAIN.fullmatch(name) is not None and not name.startswith(("mlflow.", "outcrop."))
        return f"{field.entity}.`{name}` = '{text}'" if is_plain else None
    if field.entity != "trace":
        return None
    if name == "status":
        return f"trace.status = '{text}'" if text in _STATUSES else None
    if name == "trace_id":
        whole = text if text.startswith(words.TRACE_ID_PREFIX) else words.TRACE_ID_PREFIX + text
        return f"trace.request_id = '{whole}'"
    if name == "name":
        return f"trace.name = '{text}'"
    if name in _METADATA:
        return f"metadata.`{_METADATA[name]}` = '{text}'"
    return None


def _of_span(term: Comparison) -> str | None:
    text = _plain_text(term)
    return f"span.name = '{text}'" if text is not None and term.field.name == "name" else None


def _plain_text(term: Comparison) -> str | None:
    value = term.value
    is_asked = term.operator is Operator.EQUAL and isinstance(value, str) and _PLAIN.fullmatch(value)
    return value if is_asked and isinstance(value, str) else None
