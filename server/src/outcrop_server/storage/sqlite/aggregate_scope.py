"""Which questions rollups can answer: those whose filter speaks of experiments alone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop.filter.ast import AnySpan, Comparison, Condition, Field, Not
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.conditions import Sql, condition_sql

if TYPE_CHECKING:
    from outcrop_server.model.aggregates import AggregateQuery

# What a row of `rollup_series` knows of its traces.
_KNOWN = Field("trace", "experiment", "text")
_OF_ROWS_ALONE = frozenset({"session", "user"})


def rollup_scope(query: AggregateQuery) -> Sql | None:
    """A condition over the row of `experiment`; None where rollups do not hold what is asked."""
    if not _OF_ROWS_ALONE.isdisjoint(query.group_by) or not _is_of_experiment(query.where):
        return None
    return scoped(query.experiments, query.where)


def scoped(experiments: tuple[str, ...], where: Condition) -> Sql:
    """Experiments by their names, and a condition, as one; `experiment` must be joined."""
    condition = condition_sql(where)
    if not experiments:
        return condition
    named = f"experiment.name IN ({', '.join('?' for _ in experiments)})"
    text = f"{named} AND ({condition.text})" if condition.text else named
    return Sql(text, (*experiments, *condition.values))


def of_traces(experiments: tuple[str, ...], where: Condition) -> Sql:
    """The same over `trace`, so that an index has the traces of one experiment in order of time."""
    if len(experiments) != 1:
        return scoped(experiments, where)
    condition = condition_sql(where)
    named = f"trace.{sql.IN_EXPERIMENT}"
    text = f"{named} AND ({condition.text})" if condition.text else named
    return Sql(text, (*experiments, *condition.values))


def _is_of_experiment(condition: Condition) -> bool:
    if isinstance(condition, Comparison):
        return condition.field == _KNOWN
    if isinstance(condition, AnySpan):
        return False
    terms = (condition.term,) if isinstance(condition, Not) else condition.terms
    return all(_is_of_experiment(term) for term in terms)
