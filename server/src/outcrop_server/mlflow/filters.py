"""MLflow's filters and orders of traces as conditions of ours; `outcrop.filter.ast` has these. Pure.

Two things differ between the languages and are bridged here: of what is not there MLflow's `!=` and `NOT IN`
do not hold, and what MLflow keeps in metadata and tags (session, user, name) has fields of its own with us.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from outcrop.filter.ast import And, Comparison, Condition, Field, Operator, Or, OrderKey
from outcrop.filter.fields import ATTRIBUTE
from outcrop.filter.patterns.pattern import compiled
from outcrop.filter.patterns.syntax import PatternError
from outcrop.filter.scope import scoped
from outcrop_server.mlflow.clauses import parse_clauses
from outcrop_server.mlflow.info import CLIENT_REQUEST_ID, LINKED_RUN, SESSION, SOURCE_RUN, TRACE_NAME, USER
from outcrop_server.model.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.mlflow.clauses import Clause

_MAX_CLAUSES = 50
_NAME = Field("trace", "name", "text")
_TRACE_ID = Field("trace", "trace_id", "text")
_RUN = Field("metadata", SOURCE_RUN, "text")
_TEXT = Field("span", "content", "text")
_NUMBERS = {
    "timestamp": "timestamp",
    "timestamp_ms": "timestamp",
    "execution_time": "execution_time",
    "execution_time_ms": "execution_time",
    "end_time": "end_time",
    "end_time_ms": "end_time",
}
_OF_TRACE = {
    "request_id": _TRACE_ID,
    "trace_id": _TRACE_ID,
    "status": Field("trace", "status", "text"),
    "client_request_id": Field("metadata", CLIENT_REQUEST_ID, "text"),
    "name": _NAME,
    "run_id": _RUN,
    **{name: Field("trace", ours, "number") for name, ours in _NUMBERS.items()},
}
_OF_METADATA = {SESSION: Field("trace", "session_id", "text"), USER: Field("trace", "user_id", "text")}
_EQUAL = frozenset({"=", "!="})
_ORDERED = frozenset({"<", "<=", ">", ">="})
_WORDS = frozenset({"LIKE", "ILIKE", "RLIKE"})
_LISTS = frozenset({"IN", "NOT IN"})
_NULLS = frozenset({"IS NULL", "IS NOT NULL"})
_OF_SPAN = ("name", "type", "status")
# Of these each trace has exactly one value.
_ALWAYS = frozenset({"trace_id", "status", "name", *_NUMBERS.values()})
_ORDERS = {**_NUMBERS, "status": "status", "request_id": "trace_id", "trace_id": "trace_id", "name": "name"}
_ORDER = re.compile(r"(?:(?:trace|attributes?)\.)?[`\"]?(\w+)[`\"]?(?:\s+(ASC|DESC))?", re.IGNORECASE)


def condition_of(text: str) -> Condition:
    """A filter as a condition.

    Raises:
        BadRequestError: it is none, or asks for what is not kept here; says which part.
    """
    clauses = parse_clauses(text)
    if len(clauses) > _MAX_CLAUSES:
        raise BadRequestError(f"A filter has at most {_MAX_CLAUSES} conditions here.")
    return scoped(And(tuple(_condition(clause) for clause in clauses))) if clauses else And()


def order_of(keys: Sequence[str]) -> tuple[OrderKey, ...]:
    """An order, completed as MLflow does: the newest first, then by id.

    Raises:
        BadRequestError: a key cannot be ordered by.
    """
    found: list[OrderKey] = []
    for key in keys:
        read = _ORDER.fullmatch(key.strip())
        name = read[1].lower() if read is not None else ""
        if read is None or name not in {*_ORDERS, "experiment_id"}:
            raise BadRequestError(f"Invalid order_by '{key[:80]}'. Outcrop orders by {', '.join(_ORDERS)}.")
        if name != "experiment_id":
            found.append(OrderKey(_ORDERS[name], (read[2] or "").upper() == "DESC"))
    if all(key.name != "timestamp" for key in found):
        found.append(OrderKey("timestamp", is_descending=True))
    if all(key.name != "trace_id" for key in found):
        found.append(OrderKey("trace_id"))
    return tuple(found)


def _condition(clause: Clause) -> Condition:
    entity = clause.entity
    if entity in {"", "trace", "attribute", "attributes"}:
        return _of_trace(clause)
    if entity in {"tag", "tags"}:
        field = _NAME if clause.key == TRACE_NAME else Field("tag", clause.key, "text")
        return _checked(clause, field, _EQUAL | _WORDS | _NULLS)
    if entity in {"metadata", "request_metadata"}:
        if clause.key == SOURCE_RUN and clause.comparator == "=":
            return _of_run(clause)
        field = _OF_METADATA.get(clause.key) or Field("metadata", clause.key, "text")
        return _checked(clause, field, _EQUAL | _WORDS | _NULLS)
    if entity == "span":
        return _of_span(clause)
    if entity in {"feedback", "expectation"}:
        kind = Field("feedback" if entity == "feedback" else "expectation", clause.key, "any")
        if clause.comparator in _ORDERED and isinstance(clause.value, str):
            raise _refusal(clause, "it is compared with a number")
        if clause.comparator in _EQUAL | _WORDS and not isinstance(clause.value, str):
            raise _refusal(clause, "expected a quoted string value")
        return _checked(clause, kind, _EQUAL | _ORDERED | _WORDS | _NULLS)
    raise _refusal(clause, f"Invalid entity type '{entity[:80]}'")


def _of_trace(clause: Clause) -> Condition:
    key = clause.key.lower()
    if key == "text":
        return _checked(clause, _TEXT, frozenset({"LIKE", "ILIKE"}))
    if key == "run_id" and clause.comparator == "=":
        return _of_run(clause)
    field = _OF_TRACE.get(key)
    if field is None:
        why = "Outcrop keeps no prompts" if key == "prompt" else "Invalid attribute key"
        raise _refusal(clause, why)
    if field.kind == "number":
        return _checked(clause, field, _EQUAL | _ORDERED)
    return _checked(clause, field, _EQUAL | _WORDS | _LISTS)


def _of_run(clause: Clause) -> Condition:
    """Traces that ran within a run, and those that were linked to it."""
    run = str(clause.value)
    linked = Field("metadata", LINKED_RUN + run, "text")
    return Or((Comparison(_RUN, Operator.EQUAL, run), Comparison(linked, Operator.IS_NOT_NULL)))


def _of_span(clause: Clause) -> Condition:
    key = clause.key
    if key == "content":
        return _checked(clause, _TEXT, frozenset({"LIKE", "ILIKE"}))
    if key.startswith(ATTRIBUTE) and len(key) > len(ATTRIBUTE):
        return _checked(clause, Field("span", key, "any"), _EQUAL | _WORDS | _LISTS)
    if key not in _OF_SPAN:
        names = ", ".join((*_OF_SPAN, "content"))
        raise _refusal(clause, f"A span has {names} and attributes.<attribute_name>")
    return _checked(clause, Field("span", key, "text"), _EQUAL | _WORDS | _LISTS)


def _checked(clause: Clause, field: Field, allowed: frozenset[str]) -> Condition:
    if clause.comparator not in allowed:
        raise _refusal(clause, f"comparator '{clause.comparator}' is not one of {', '.join(sorted(allowed))}")
    operator = Operator(clause.comparator)
    value = _value(clause, field)
    if operator is Operator.RLIKE:
        try:
            compiled(str(value))
        except PatternError as error:
            raise _refusal(clause, f"this regular expression cannot be used: {error}") from error
    compared = Comparison(field, operator, value)
    is_of_what_may_lack = field.entity != "span" and field.name not in _ALWAYS
    if operator in {Operator.NOT_EQUAL, Operator.NOT_IN} and is_of_what_may_lack:
        return And((Comparison(field, Operator.IS_NOT_NULL), compared))
    return compared


def _value(clause: Clause, field: Field) -> Any:
    value: Any = clause.value
    if clause.comparator in _NULLS:
        return None
    if field.kind == "number":
        try:
            return value if isinstance(value, (int, float)) else float(value)
        except (TypeError, ValueError) as error:
            raise _refusal(clause, "it is compared with a number") from error
    if field.kind == "text" and not isinstance(value, (str, tuple)):
        raise _refusal(clause, "expected a quoted string value")
    if field is not _TRACE_ID:
        return cast("Any", value)
    return tuple(map(_our_id, clause.value)) if clause.comparator in _LISTS else _our_id(str(clause.value))


def _our_id(text: str) -> str:
    """A trace's id, or a pattern of one, without MLflow's prefix; an anchor may stand before it."""
    return re.sub(r"^(\^?)tr-", r"\1", text)


def _refusal(clause: Clause, why: str) -> BadRequestError:
    name = f"{clause.entity}.{clause.key}" if clause.entity else clause.key
    return BadRequestError(f"Invalid clause(s) in filter string: '{name[:200]}': {why}.")
