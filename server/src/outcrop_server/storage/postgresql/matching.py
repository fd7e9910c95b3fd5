"""The traces of which a filter holds, in an order, one after the other: as many as are asked for."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from outcrop.filter.ast import And, AnySpan, Comparison, Condition, Or
from outcrop.filter.fields import WORDS
from outcrop.filter.scope import is_of_span
from outcrop.filter.texts import is_of_text
from outcrop_server.storage.common.sql import ALWAYS, NEVER, Sql, joined
from outcrop_server.storage.postgresql.fitting import HOME, Fitting, Looking, Row
from outcrop_server.storage.postgresql.hints import hint_of, homes_sql
from outcrop_server.storage.postgresql.parts import Parts, of_spans_in, parts_of
from outcrop_server.storage.postgresql.pieces import read_in_pieces
from outcrop_server.storage.postgresql.plans import exact_sql, plan_of
from outcrop_server.storage.postgresql.windows import NEWEST_FIRST, Order, Window, windows
from outcrop_server.storage.postgresql.words.trace_texts import Home

if TYPE_CHECKING:
    from outcrop_server.storage.common.plans import Plan

# Traces that are found beside those that texts name, where either will do.
_MOST_BESIDE = 900
# Traces that are looked at are fetched so many at first, and so many in the end.
_FIRST, _MOST = 128, 2048
_AT_ONCE = 64


class Scope(NamedTuple):
    """Which traces are asked for.

    Attributes:
        where: what holds for each.
        experiments: names; empty for all.
        among: their ids; None for all.
        parts: the days in which they can be.
        more: a condition over the row of `trace`.
    """

    where: Condition
    experiments: tuple[str, ...] = ()
    among: tuple[bytes, ...] | None = None
    parts: Parts | None = None
    more: Sql = ALWAYS


class Matching:
    """Finds the traces of a scope.

    Args:
        looking: what looks at them.
        scope: which are asked for.
    """

    def __init__(self, looking: Looking, scope: Scope) -> None:
        self._looking = looking
        self._connection = looking.connection
        self._scope = scope
        self._plan: Plan = plan_of(scope.where)
        self._parts = scope.parts or parts_of(scope.where)
        self._conditions = joined("AND", self._given())

    @property
    def is_exact(self) -> bool:
        """Whether SQL alone tells which traces fit."""
        return self._plan.check is None

    @property
    def where(self) -> Sql:
        """A condition over the row of `trace` for what SQL tells; may be empty."""
        return self._where(Window(self._parts))

    def rows(self, columns: str, order: Order = NEWEST_FIRST, limit: int | None = None) -> Iterator[Row]:
        """Expressions over the row of `trace` for each trace that fits, in order; read as they are taken.

        Args:
            columns: the expressions.
            order: of the traces.
            limit: most of them; None for all.
        """
        left = limit
        if self._conditions == NEVER:
            return
        for window in windows(self._connection, self._parts, order):
            for row in self._rows_in(window, columns, order, left):
                yield row
                if left is not None:
                    left -= 1
            if left == 0:
                return

    def _rows_in(self, window: Window, columns: str, order: Order, limit: int | None) -> Iterator[Row]:
        plan = self._plan
        if plan.check is None:
            statement = self._statement(window, Sql(columns), order, limit)
            yield from self._direct(statement) if limit is not None else self._walked(statement, _MOST)
            return
        is_open = self._scope.among is None
        found = self._candidates(self._scope.where, window.parts) if is_open else None
        checked = Sql(
            ", ".join((HOME, *(each.text for each in plan.columns), columns)),
            tuple(value for each in plan.columns for value in each.values),
        )
        if found is None:
            rows = self._walked(self._statement(window, checked, order, None), _FIRST)
        else:
            rows = self._of_homes(found, window, checked, order)
        fitting = Fitting(self._looking, plan.check, len(plan.columns)).of(rows)
        yield from islice(fitting, limit)

    def _given(self) -> list[Sql]:
        scope = self._scope
        given = [experiments_sql(scope.experiments)]
        if scope.among is not None:
            given.append(homes_sql(self._connection, scope.among))
        return [*given, hint_of(scope.where, self._connection), scope.more, self._plan.narrow]

    def _where(self, window: Window) -> Sql:
        return joined("AND", [window.parts.sql(), window.bounds, self._conditions])

    def _statement(self, window: Window, columns: Sql, order: Order, limit: int | None) -> Sql:
        condition = self._where(window)
        where = f" WHERE {condition.text}" if condition.text else ""
        by = ", ".join(f"{key} {'DESC' if is_descending else 'ASC'}" for key, is_descending in order)
        text = window.parts.of_spans(f"SELECT {columns.text} FROM trace{where} ORDER BY {by}")
        values = (*columns.values, *condition.values)
        return Sql(text, values) if limit is None else Sql(f"{text} LIMIT %s", (*values, limit))

    def _direct(self, statement: Sql) -> list[Row]:
        return self._connection.execute(statement.text.encode(), statement.values).fetchall()

    def _walked(self, statement: Sql, size: int) -> Iterator[Row]:
        """All rows, more and more at once: how many are needed is not known."""
        for rows in read_in_pieces(self._connection, statement, size, _MOST):
            yield from rows
            self._looking.clock.check()

    def _of_homes(self, homes: Iterable[Home], window: Window, columns: Sql, order: Order) -> Iterator[Row]:
        """The rows of some traces; of all what they are ordered by, and the rest of those that are taken."""
        keys = ", ".join(key for key, _ in order)
        ordered: list[Row] = []
        for part, of_part in _by_part(homes).items():
            where = joined("AND", [_in_part(part, of_part), window.bounds, self._conditions])
            statement = of_spans_in(f"SELECT trace.trace_key, {keys} FROM trace WHERE {where.text}", part)
            rows = self._connection.execute(statement.encode(), where.values)
            ordered += [(*values, Home(key, part)) for key, *values in rows]
        for place in reversed(range(len(order))):
            ordered.sort(key=lambda row: row[place], reverse=order[place][1])
        for at in range(0, len(ordered), _AT_ONCE):
            group: list[Home] = [row[-1] for row in ordered[at : at + _AT_ONCE]]
            yield from self._fetched(group, columns)

    def _fetched(self, homes: list[Home], columns: Sql) -> Iterator[Row]:
        """The rows of some traces in their order; `columns` begin with the key."""
        found: dict[int, Row] = {}
        for part, of_part in _by_part(homes).items():
            where = _in_part(part, of_part)
            statement = of_spans_in(f"SELECT {columns.text} FROM trace WHERE {where.text}", part)
            rows = self._connection.execute(statement.encode(), (*columns.values, *where.values))
            found.update((row[0], row) for row in rows)
        yield from (found[home.trace_key] for home in homes)

    def _candidates(self, condition: Condition, parts: Parts) -> set[Home] | None:
        """The only traces for which a condition can hold, by what is looked for in texts; None for many."""
        asking = self._looking.asking
        if asking is None:
            return None
        if isinstance(condition, AnySpan):
            return self._candidates(condition.term, parts)
        if isinstance(condition, And):
            # What is long is rare.
            terms = sorted(condition.terms, key=_length, reverse=True)
            found = (self._candidates(term, parts) for term in terms)
            return next((homes for homes in found if homes is not None), None)
        if isinstance(condition, Or):
            either: set[Home] = set()
            for term in condition.terms:
                branch = self._candidates(term, parts)
                branch = self._beside(term, parts) if branch is None else branch
                if branch is None:
                    return None
                either |= branch
            return either
        if not isinstance(condition, Comparison) or condition.operator.is_negative:
            return None
        is_text = condition.field == WORDS or is_of_text(condition)
        return asking.candidates(condition, parts) if is_text else None

    def _beside(self, condition: Condition, parts: Parts) -> set[Home] | None:
        """The traces of which a condition that asks for no text holds; None where they are not few."""
        exact = None if is_of_span(condition) else exact_sql(condition)
        hint = hint_of(condition, self._connection) if exact is not None else ALWAYS
        if exact is None or not hint.text:
            return None
        where = joined("AND", [parts.sql(), experiments_sql(self._scope.experiments), hint, exact])
        statement = parts.of_spans(
            f"SELECT trace.trace_key, trace.part FROM trace WHERE {where.text} LIMIT %s"
        )
        rows = self._connection.execute(statement.encode(), (*where.values, _MOST_BESIDE + 1)).fetchall()
        return {Home(*row) for row in rows} if len(rows) <= _MOST_BESIDE else None


def experiments_sql(names: tuple[str, ...]) -> Sql:
    """That a trace is in one of some experiments; of one, an index has them in order of time."""
    if not names:
        return ALWAYS
    if len(names) == 1:
        return Sql("trace.experiment_id = (SELECT experiment_id FROM experiment WHERE name = %s)", names)
    inner = "SELECT experiment_id FROM experiment WHERE name = ANY(%s::text[])"
    return Sql(f"trace.experiment_id IN ({inner})", (list(names),))


def _length(condition: Condition) -> int:
    """Of what is looked for in texts; of other conditions none."""
    return len(str(condition.value)) if isinstance(condition, Comparison) else 0


def _by_part(homes: Iterable[Home]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for home in homes:
        found.setdefault(home.part, []).append(home.trace_key)
    return found


def _in_part(part: int, keys: list[int]) -> Sql:
    return Sql("trace.part = %s AND trace.trace_key = ANY(%s::bigint[])", (part, keys))
