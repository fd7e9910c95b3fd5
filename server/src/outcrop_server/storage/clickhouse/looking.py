"""What one search, count or sum asks with: within its time, and of what there is as it begins."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop.filter.patterns.pattern import compiled
from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.clickhouse.conditions import Clickhouse, literals_sql
from outcrop_server.storage.clickhouse.facts import VERSION
from outcrop_server.storage.clickhouse.failures import code_of
from outcrop_server.storage.clickhouse.judged import AS_TEXT
from outcrop_server.storage.clickhouse.schema import PLACES
from outcrop_server.storage.clickhouse.spans import REBORN, SpanState
from outcrop_server.storage.clickhouse.statements import bound
from outcrop_server.storage.common.plans import Planner
from outcrop_server.storage.common.rollup_deltas import TRACES
from outcrop_server.storage.common.rollup_rows import LEVELS_S
from outcrop_server.storage.common.sql import ALWAYS, Sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop.filter.ast import Comparison
    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.facts import Facts, Known
    from outcrop_server.storage.clickhouse.words.asking import Asking, Texts
    from outcrop_server.storage.common.clock import Clock

# It took longer than it might, or would.
_TIMEOUTS = frozenset({159, 160})
_APPLIED = "(SELECT last_change FROM log WHERE kind = 'applied' ORDER BY number DESC LIMIT 1)"
_DAY_S = 86_400
# By the widest sums: of traces that begin in a day. A store has some thousands of rows of these.
_COUNTS = (
    f"(SELECT groupArray((day, traces)) FROM (SELECT intDiv(bucket_s, {_DAY_S}) AS day, sum(count) AS traces "  # noqa: S608 - constants
    f"FROM rollup WHERE level_s = {LEVELS_S[-1]} AND kind = {TRACES}%s GROUP BY day HAVING traces > 0))"
)
_JUDGED = f"SELECT trace_id, {AS_TEXT} FROM assessment FINAL WHERE NOT gone AND kind = %s AND name = %s"  # noqa: S608 - constants
# A number in a text is what it says, not its neighbour.
_PRECISE = {"precise_float_parsing": 1}


class _State(NamedTuple):
    """What there is as a question begins.

    Attributes:
        known: beside traces.
        applied: the newest commit that can be seen.
        counts: how many traces began on which day, of the experiments that are asked for.
    """

    known: Known
    applied: int
    counts: dict[int, int]


class Looking:
    """What looks at traces, for one question.

    Args:
        facts: what is known beside traces.
        clock: of the question.
        experiments: the names of those that are asked for; empty for all.
        asking: what is known of texts; None where none are asked for.
        texts: reads them.
    """

    def __init__(
        self,
        facts: Facts,
        clock: Clock,
        experiments: tuple[str, ...] = (),
        *,
        asking: Asking | None = None,
        texts: Texts | None = None,
    ) -> None:
        self.client = facts.client
        self._facts = facts
        self._wanted = experiments
        self.clock = clock
        self.asking = asking
        self.texts = texts

    def query(self, statement: Sql, days: Iterable[int] = ()) -> list[Row]:
        """The rows of a statement, whose conditions on spans are of traces that lie in some days.

        Raises:
            SearchTooLongError: the question's time is up.
        """
        self.clock.check()
        text = statement.text
        if "is_of_window" in text:
            text = self.span_state.put_into(text, days)
        asked, parameters = bound(Sql(text, statement.values))
        settings: dict[str, Any] = {**_PRECISE, "max_execution_time": self.clock.left_s}
        try:
            return self.client.query(asked, parameters, settings=settings)
        except UnavailableError as error:
            if error.__cause__ is not None and code_of(error.__cause__) in _TIMEOUTS:
                raise self.clock.error() from error
            raise

    @cached_property
    def _state(self) -> _State:
        numbers = self._facts.last.numbers_of(self._wanted)
        ((version, change, counts),) = self.client.query(f"SELECT {VERSION}, {_APPLIED}, {_counts(numbers)}")
        known = self._facts.at(version)
        if (now := known.numbers_of(self._wanted)) != numbers:
            # They have come, or have other names, since they were looked at last.
            ((counts,),) = self.client.query(f"SELECT {_counts(now)}")
        return _State(known, (change or 0) // PLACES, dict(counts))

    @cached_property
    def span_state(self) -> SpanState:
        """What there is of spans."""
        known, applied, _ = self._state
        return SpanState(applied, known.has_reborn and bool(self.client.query(f"SELECT 1 {REBORN} LIMIT 1")))

    @property
    def counts(self) -> dict[int, int]:
        """How many traces of the experiments that are asked for began on which day."""
        return self._state.counts

    @property
    def anchors(self) -> dict[int, set[int]]:
        """The days that rows of `trace` lie in, each with those that their spans may."""
        return self._state.known.anchors

    @cached_property
    def experiments(self) -> dict[int, str]:
        """Names of experiments by number."""
        return _names(self._state.known)

    @cached_property
    def dialect(self) -> Clickhouse:
        """Conditions as SQL."""
        return Clickhouse(self.experiments, self._judged, self._of_text)

    @cached_property
    def planner(self) -> Planner:
        """Splits conditions."""
        return Planner(self.dialect)

    def name_of(self, experiment_id: int) -> str:
        """The name of an experiment, which may have come since."""
        if experiment_id not in self.experiments:
            self.experiments.update(_names(self._facts.now()))
        return self.experiments[experiment_id]

    def numbers_of(self, names: Iterable[str]) -> list[int]:
        """The numbers of experiments by their names; of those that there are."""
        return self._state.known.numbers_of(names)

    def _of_text(self, comparison: Comparison) -> Sql:
        """What the index of words says of a trace where a comparison of texts can hold."""
        return ALWAYS if self.asking is None else Sql(self.asking.condition(comparison))

    def _judged(self, comparison: Comparison) -> tuple[str, ...]:
        """The ids of the traces with a judgement in which a pattern is found, in hex."""
        pattern = compiled(str(comparison.value))
        field = comparison.field
        literals = literals_sql(Sql(AS_TEXT), pattern.required)
        narrow = f" AND {literals.text}" if literals.text else ""
        statement = Sql(_JUDGED + narrow, (field.entity, field.name, *literals.values))
        return tuple(
            trace_id.hex()
            for trace_id, text in self.query(statement)
            if text is not None and pattern.is_in(text, self.clock.check)
        )


def _counts(numbers: Sequence[int]) -> str:
    """How many traces of some experiments began on each day; of all, if there are none."""
    return _COUNTS % (f" AND experiment_id IN ({', '.join(map(str, numbers))})" if numbers else "")


def _names(known: Known) -> dict[int, str]:
    return {number: each.name for number, each in known.experiments.items()}
