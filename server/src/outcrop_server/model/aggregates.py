"""Questions about many traces at once, and what a store answers: numbers, facets, sessions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from outcrop.filter.ast import And, Condition
from outcrop.genai.usage import Usage
from outcrop_server.model.latency_bins import Percentiles

GroupKey = Literal["time", "experiment", "session", "user", "model", "operation", "span_type"]
# What only a call has: grouped by these, no trace is counted.
CALL_KEYS: frozenset[GroupKey] = frozenset({"model", "operation", "span_type"})
FINEST_S = 60

# Spans that ask a model by their type alone. Others count as calls where tokens or a cost are known of them.
CALL_TYPES = frozenset({"LLM", "CHAT_MODEL", "EMBEDDING", "RERANKER"})

# More tokens or billionths of a dollar than this of one span or trace count as this, so that sums stay right
# whatever a sender claims.
MAX_COUNTED = 10**12

# What stands for model, operation or span type of calls whose names are too many to be kept apart.
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class AggregateQuery:
    """Which traces and calls are counted, and how they are grouped. A call is a span that asks a model.

    Attributes:
        since_s: traces that began here or later, in seconds since the epoch; a multiple of `FINEST_S`.
        until_s: traces that began before this, likewise; None for no end.
        experiments: names; empty for all experiments.
        where: what holds for each of the traces; moments ago are numbers by now.
        models: calls of these models alone, and no traces; empty for all.
        group_by: what the traces and calls of one group have in common.
        interval_s: the length of a group's time in seconds, a multiple of `FINEST_S`, counted from the epoch.
        limit: most groups, 1 or more.
    """

    since_s: int = 0
    until_s: int | None = None
    experiments: tuple[str, ...] = ()
    where: Condition = field(default_factory=And)
    models: tuple[str, ...] = ()
    group_by: tuple[GroupKey, ...] = ()
    interval_s: int = 3600
    limit: int = 1000

    @property
    def counts_traces(self) -> bool:
        """Whether traces can be told apart by what is asked."""
        return not self.models and CALL_KEYS.isdisjoint(self.group_by)


@dataclass(frozen=True, slots=True)
class TraceNumbers:
    """Traces, those that failed, and how long they took; None if there are none."""

    count: int = 0
    errors: int = 0
    latency: Percentiles | None = None


@dataclass(frozen=True, slots=True)
class CallNumbers:
    """Calls to models.

    Tokens and cost are sums of what is known; `unpriced` calls were billed and are not in the cost.
    """

    count: int = 0
    errors: int = 0
    latency: Percentiles | None = None
    time_to_first_chunk: Percentiles | None = None
    usage: Usage = field(default_factory=lambda: Usage(0, 0, 0, 0))
    cost_nano_usd: int = 0
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """The numbers of one group.

    Attributes:
        key: a value for each name of the query's `group_by`: seconds since the epoch of `time`, else text;
            None where there is none (a trace without session, a call without model).
        traces: None where a group holds calls alone.
        calls: the calls of the group's traces.
    """

    key: tuple[int | str | None, ...]
    traces: TraceNumbers | None
    calls: CallNumbers


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Groups by time if they have one, then those that hold most first.

    Attributes:
        groups: the groups.
        is_complete: False where `limit` cut some off.
        has_others: some calls have names that were too many to be kept apart: they are in groups of `OTHER`,
            and where `models` are asked for may be missing.
    """

    groups: list[Group]
    is_complete: bool
    has_others: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many traces fit; at least so many where it is not exact."""

    count: int
    is_exact: bool


FacetField = Literal["status", "model", "operation", "error", "tool", "session", "user", "tag"]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value and how many of the traces have it; `key` is a tag's."""

    value: str
    count: int
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    """What the traces that fit have, most frequent first.

    Attributes:
        trace_count: how many traces were looked at.
        is_exact: these are all that fit; else the newest of them.
        values: for each field its values. `status` is OK or ERROR, `operation` the name of a call's span,
            `error` the code of any failed span.
        words_waiting: so many traces may fit besides, whose payloads were not looked at. A store leaves this
            to whoever asks it.
    """

    trace_count: int
    is_exact: bool
    values: dict[FacetField, list[FacetValue]]
    words_waiting: int = 0


class SessionPosition(NamedTuple):
    """Where a page of sessions ended; the next one holds what was used earlier."""

    last_start_ns: int
    experiment_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """Which sessions: of some experiments (names; empty for all), or those of one id."""

    experiments: tuple[str, ...] = ()
    session_id: str | None = None
    after: SessionPosition | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class SessionRow:
    """The traces of an experiment that name the same session, together.

    `first_start_ns` and `last_start_ns` are when the first and the last of them began. Tokens and cost are
    sums of what is known; `unpriced_calls` were billed and are not in the cost.
    """

    session_id: str
    experiment: str
    experiment_id: str
    trace_count: int
    error_count: int
    first_start_ns: int
    last_start_ns: int
    usage: Usage
    cost_nano_usd: int
    unpriced_calls: int
