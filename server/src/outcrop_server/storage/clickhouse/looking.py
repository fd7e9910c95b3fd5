"""What one search, count or sum asks with: within its time, and of what there is as it begins."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from outcrop.filter.patterns.pattern import compiled
from outcrop_server.model.errors import UnavailableError
from outcrop_server.storage.clickhouse.conditions import Clickhouse, literals_sql
from outcrop_server.storage.clickhouse.failures import code_of
from outcrop_server.storage.clickhouse.judged import AS_TEXT
from outcrop_server.storage.clickhouse.memory import EXPERIMENT, Experiment
from outcrop_server.storage.clickhouse.records import read_records
from outcrop_server.storage.clickhouse.schema import PLACES
from outcrop_server.storage.clickhouse.spans import REBORN, SpanState
from outcrop_server.storage.clickhouse.statements import bound
from outcrop_server.storage.common.plans import Planner
from outcrop_server.storage.common.sql import ALWAYS, Sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop.filter.ast import Comparison
    from outcrop_server.storage.clickhouse.client import Client, Row
    from outcrop_server.storage.clickhouse.words.asking import Asking, Texts
    from outcrop_server.storage.common.clock import Clock

# It took longer than it might, or would.
_TIMEOUTS = frozenset({159, 160})
_STATE = (
    "SELECT (SELECT last_change FROM log WHERE kind = 'applied' ORDER BY number DESC LIMIT 1), "  # noqa: S608 - constants
    f"(SELECT count() {REBORN})"
)
_JUDGED = f"SELECT trace_id, {AS_TEXT} FROM assessment FINAL WHERE NOT gone AND kind = %s AND name = %s"  # noqa: S608 - constants
# A number in a text is what it says, not its neighbour.
_PRECISE = {"precise_float_parsing": 1}


class Looking:
    """What looks at traces, for one question.

    Args:
        client: asks the database.
        clock: of the question.
        asking: what is known of texts; None where none are asked for.
        texts: reads them.
    """

    def __init__(
        self, client: Client, clock: Clock, asking: Asking | None = None, texts: Texts | None = None
    ) -> None:
        self.client = client
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
    def span_state(self) -> SpanState:
        """What there is of spans."""
        ((change, reborn),) = self.client.query(_STATE)
        return SpanState((change or 0) // PLACES, bool(reborn))

    @cached_property
    def experiments(self) -> dict[int, str]:
        """Names of experiments by number."""
        return self._read_experiments()

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
            self.experiments.update(self._read_experiments())
        return self.experiments[experiment_id]

    def numbers_of(self, names: Iterable[str]) -> list[int]:
        """The numbers of experiments by their names; of those that there are."""
        wanted = set(names)
        return [number for number, name in self.experiments.items() if name in wanted]

    def _read_experiments(self) -> dict[int, str]:
        told = map(Experiment.read, read_records(self.client, EXPERIMENT).values())
        return {each.experiment_id: each.name for each in told}

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
