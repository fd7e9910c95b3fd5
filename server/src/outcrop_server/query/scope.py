"""What questions about many traces have in common: a filter as a tree, experiments by name or id."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from outcrop.filter.ast import And, Comparison, Field, Operator
from outcrop.filter.errors import FilterError
from outcrop.filter.moments import resolved
from outcrop.filter.parser import parse_filter, parse_order
from outcrop.filter.texts import looks_for_text
from outcrop_server.model.errors import BadFilterError, BadRequestError, FilterFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop.filter.ast import Condition, OrderKey
    from outcrop_server.storage.api import KeptTraces

_NS_IN_MS = 1_000_000
_START = Field("trace", "timestamp", "number")


def parsed(filter_text: str, order_by: Sequence[str] = ()) -> tuple[Condition, tuple[OrderKey, ...]]:
    """A filter and an order as trees.

    Raises:
        BadFilterError: one of them cannot be understood; says where.
    """
    try:
        return parse_filter(filter_text), parse_order(list(order_by))
    except FilterError as error:
        fault = FilterFault(error.message, error.column, error.suggestion, error.excerpt)
        raise BadFilterError(str(error), fault) from error


def between(where: Condition, since_ns: int | None, until_ns: int | None) -> Condition:
    """The same for traces that began within a range alone, from the one moment until before the other.

    Args:
        where: what else holds for them.
        since_ns: nanoseconds since the epoch, rounded down to a millisecond; None for no bound.
        until_ns: the same, rounded up.
    """
    terms: list[Condition] = [] if where == And() else [where]
    if since_ns is not None:
        terms.append(Comparison(_START, Operator.GREATER_OR_EQUAL, since_ns // _NS_IN_MS))
    if until_ns is not None:
        terms.append(Comparison(_START, Operator.LESS, -(-until_ns // _NS_IN_MS)))
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def as_of_now(where: Condition) -> Condition:
    """The same with moments ago as those that they are now."""
    return resolved(where, time.time_ns() // _NS_IN_MS)


def words_waiting(store: KeptTraces, where: Condition, experiments: tuple[str, ...]) -> int:
    """How many traces may fit besides those that are found: their payloads are not looked at yet.

    To be asked before what is found, since more is indexed all the time.
    """
    return store.words_waiting(experiments) if looks_for_text(where) else 0


def experiment_names(store: KeptTraces, experiments: Sequence[str]) -> tuple[str, ...]:
    """The names of experiments that are given by name, former name or id; what is none is left out.

    Raises:
        BadRequestError: one's name is another one's id.
    """
    if not experiments:
        return ()
    known = store.named_experiments()
    by_id = {row.experiment_id: row.name for row in known}
    names = {row.name for row in known}
    former = {name: row.name for row in known for name in row.former_names}
    found: list[str] = []
    for given in experiments:
        other = by_id.get(given)
        if given in names and other not in {None, given}:
            raise BadRequestError(
                f"'{given}' is the name of one experiment and the id of '{other}'. "
                "Give the name of the one or the id of the other."
            )
        name = given if given in names else (other or former.get(given))
        if name is not None:
            found.append(name)
    return tuple(dict.fromkeys(found))
