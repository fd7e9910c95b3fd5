"""The traces of which a filter holds, in an order, one after the other: as many as are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from outcrop.filter.ast import Condition
from outcrop_server.storage.clickhouse.conditions import in_experiments
from outcrop_server.storage.clickhouse.fitting import HOME, Fitting
from outcrop_server.storage.clickhouse.hints import hint_of
from outcrop_server.storage.clickhouse.lives import find_homes
from outcrop_server.storage.clickhouse.search_windows import Window, whole, windows
from outcrop_server.storage.common.sql import ALWAYS, NEVER, Sql, joined
from outcrop_server.storage.common.start_bounds import Range, range_of

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.looking import Looking

# Expressions over `trace`, never NULL, and whether they descend; the last one is the trace's id.
Order = Sequence[tuple[str, bool]]
NEWEST_FIRST: Order = (("trace.start_time_ns", True), ("trace.trace_id", True))
_BY_TIME = [key for key, _ in NEWEST_FIRST]
# Traces that are looked at are fetched so many at first, and so many in the end.
_FIRST, _MOST, _TIMES = 128, 2048, 4
# A window holds more rows than are asked for: some are of no use.
_ROWS_FOR_ONE = 4
# Where a row lies.
_KEYS = "trace.experiment_id, trace.start_time_ns, trace.trace_id"
_KEY = f"({_KEYS})"
_LEAST_ROWS, _MOST_ROWS = 2_000, 20_000


class Scope(NamedTuple):
    """Which traces are asked for.

    Attributes:
        where: what holds for each.
        experiments: names; empty for all.
        among: their ids; None for all.
        range: when they began.
        after: where the page before ended: the values of its order.
    """

    where: Condition
    experiments: tuple[str, ...] = ()
    among: tuple[bytes, ...] | None = None
    range: Range = Range()
    after: tuple[str | int | float | bytes, ...] | None = None


class Matching:
    """Finds the traces of a scope.

    Args:
        looking: what looks at them.
        scope: which are asked for.
    """

    def __init__(self, looking: Looking, scope: Scope) -> None:
        self._looking = looking
        self._scope = scope
        where = looking.dialect.rewritten(scope.where)
        self._plan = looking.planner.plan(where)
        self._range = scope.range.within(range_of(where))
        self._given = [*self._of_experiments(), hint_of(where), self._plan.narrow]
        if scope.among is not None:
            self._given.insert(0, self._of_homes(scope.among))
        self._conditions = joined("AND", self._given)
        self._anchors = looking.anchors
        # Those of no day of their own are counted nowhere.
        self._days = {day: looking.counts.get(day, 0) for day in self._anchors}

    @property
    def is_exact(self) -> bool:
        """Whether SQL alone tells which traces fit."""
        return self._plan.check is None

    def all(self) -> tuple[Sql, set[int]] | None:
        """What SQL tells of the row of `trace`, and the days of its spans; None where no trace fits."""
        if self._conditions == NEVER or not self._days:
            return None
        window = whole(self._days, self._range)
        return joined("AND", [window.sql(), self._conditions]), self._anchors_of(window)

    def rows(self, columns: str, order: Order = NEWEST_FIRST, limit: int | None = None) -> Iterator[Row]:
        """Expressions over the row of `trace` for each trace that fits, in order; read as they are taken.

        Args:
            columns: the expressions.
            order: of the traces.
            limit: most of them; None for all.
        """
        left = limit
        if self._conditions == NEVER or not self._days:
            return
        for window in self._windows(order, limit):
            for row in self._rows_in(window, columns, order, left):
                yield row
                if left is not None:
                    left -= 1
            if left == 0:
                return

    def _windows(self, order: Order, limit: int | None) -> Iterator[Window]:
        if [key for key, _ in order] != _BY_TIME or self._scope.among is not None:
            yield whole(self._days, self._range)
            return
        descends, bounds, after = order[0][1], self._range, self._scope.after
        if after is not None and isinstance(after[0], int):
            bounds = bounds.within(Range(None, after[0] + 1) if descends else Range(after[0], None))
        first = _MOST_ROWS if limit is None else max(_LEAST_ROWS, min(_MOST_ROWS, limit * _ROWS_FOR_ONE))
        yield from windows(self._days, bounds, first, descends=descends)

    def _rows_in(self, window: Window, columns: str, order: Order, limit: int | None) -> Iterator[Row]:
        plan = self._plan
        if plan.check is None:
            yield from self._ask(window, Sql(columns), order, limit)
            return
        checked = Sql(
            ", ".join((HOME, *(each.text for each in plan.columns), columns)),
            tuple(value for each in plan.columns for value in each.values),
        )
        fitting = Fitting(self._looking, plan.check, len(plan.columns))
        yield from islice(fitting.of(self._walked(window, checked, order)), limit)

    def _walked(self, window: Window, columns: Sql, order: Order) -> Iterator[Row]:
        """All rows, more and more at once: how many are needed is not known."""
        keys = ", ".join(key for key, _ in order)
        asked = Sql(f"{columns.text}, {keys}", columns.values)
        size, after = _FIRST, self._scope.after
        while True:
            rows = self._ask(window, asked, order, size, after)
            for row in rows:
                yield row[: -len(order)]
            if len(rows) < size:
                return
            after = rows[-1][-len(order) :]
            size = min(size * _TIMES, _MOST)

    def _ask(
        self,
        window: Window,
        columns: Sql,
        order: Order,
        limit: int | None,
        after: tuple[str | int | float | bytes, ...] | None = None,
    ) -> list[Row]:
        after = after or self._scope.after
        behind = ALWAYS if after is None else behind_sql(order, after)
        condition = joined("AND", [window.sql(), self._conditions, behind])
        by = ", ".join(f"{key} {'DESC' if is_descending else 'ASC'}" for key, is_descending in order)
        # One that moves is in both its places for a moment.
        first = f"ORDER BY {by} LIMIT 1 BY trace.trace_id" + ("" if limit is None else f" LIMIT {limit:d}")
        text = f"FROM trace FINAL WHERE {condition.text} {first}"
        if limit is not None and self._is_wide(columns):
            text = f"FROM trace FINAL WHERE {window.sql().text} AND {_KEY} IN (SELECT {_KEYS} {text}) {first}"
        statement = Sql(f"SELECT {columns.text} {text}", (*columns.values, *condition.values))
        return self._looking.query(statement, self._anchors_of(window))

    def _is_wide(self, columns: Sql) -> bool:
        """Whether rows are better found first: columns of all that are merged are read."""
        return "trace.request_preview" in columns.text

    def _of_experiments(self) -> list[Sql]:
        names = self._scope.experiments
        return [in_experiments(self._looking.numbers_of(names))] if names else []

    def _of_homes(self, trace_ids: tuple[bytes, ...]) -> Sql:
        homes = [home for home in find_homes(self._looking.client, trace_ids).values() if not home.gone]
        if not homes:
            return NEVER
        keys = ", ".join(home.row_key for home in homes)
        return Sql(f"(trace.experiment_id, trace.start_time_ns, trace.trace_id) IN ({keys})")

    def _anchors_of(self, window: Window) -> set[int]:
        return {anchor for day in window.days for anchor in self._anchors[day]}


def behind_sql(order: Order, after: Sequence[str | float | bytes]) -> Sql:
    """What comes later in an order: equal in the first keys, and further on in the next."""
    alternatives: list[Sql] = []
    for place, (key, is_descending) in enumerate(order):
        equal = "".join(f"{earlier} = %s AND " for earlier, _ in order[:place])
        text = f"{equal}{key} {'<' if is_descending else '>'} %s"
        alternatives.append(Sql(text, tuple(after[: place + 1])))
    return joined("OR", alternatives)
