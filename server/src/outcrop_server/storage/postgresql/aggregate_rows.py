"""Groups from the rows of traces and spans, one by one: what rollups do not hold, by the same bins."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from outcrop_server.storage.common.call_columns import IS_CALL
from outcrop_server.storage.common.rollup_deltas import CALLS, TRACES
from outcrop_server.storage.common.sql import Sql, joined
from outcrop_server.storage.postgresql.conditions import EXPERIMENT, OF_TRACE
from outcrop_server.storage.postgresql.matching import Matching, Scope
from outcrop_server.storage.postgresql.parts import Parts, parts_between, parts_of
from outcrop_server.storage.postgresql.pieces import read_in_pieces

if TYPE_CHECKING:
    from outcrop_server.model.aggregates import AggregateQuery
    from outcrop_server.storage.common.grouped import Grouped
    from outcrop_server.storage.common.rollup_deltas import Tokens
    from outcrop_server.storage.postgresql.fitting import Looking, Row

_NS_IN_S = 1_000_000_000
_MAX_NS = 2**63 - 1
_KEYS = {
    "time": f"trace.start_time_ns / {_NS_IN_S} - trace.start_time_ns / {_NS_IN_S} %% %s",
    "experiment": EXPERIMENT,
    "session": "trace.session_id",
    "user": "trace.user_id",
    "model": "nullif(span.model, '')",
    "operation": "span.name",
    "span_type": "span.span_type",
}
# What `Entry.add_call` takes: of texts only what is needed, which take longest to read.
_CALL = (
    "span.status = 'ERROR', span.end_time_ns - span.start_time_ns, span.time_to_first_chunk_ns, "
    "span.cost_nano_usd, span.cost_reason, span.input_tokens, span.output_tokens, "
    "span.cache_read_input_tokens, span.cache_write_input_tokens"
)
_STATUS = {False: "OK", True: "ERROR"}
_NO_TOKENS = (None, None, None, None)
# There may be as many of these as there are traces.
_MANY = frozenset({"session", "user"})
_SPANS = f"trace JOIN span ON {OF_TRACE}"
_AT_ONCE = 5_000
_HOMES_AT_ONCE = 2_000


def of_rows(looking: Looking, query: AggregateQuery, grouped: Grouped) -> None:
    """Adds every trace and call that fits."""
    asked = _Asked(looking, query)
    if not _MANY.isdisjoint(query.group_by):
        _keep_largest(query, asked, grouped)
    width = len(query.group_by)
    if query.counts_traces:
        for row in asked.traces("trace.status = 'ERROR', trace.duration_ns"):
            *key, failed, duration_ns = row
            # As one of a trace's own kind: without tokens, which its calls bring.
            grouped.entry(tuple(key), TRACES).add_call(
                _STATUS[failed], duration_ns, _NO_TOKENS, None, None, None, 1
            )
    for row in asked.calls(_CALL):
        failed, duration_ns, first_chunk_ns, cost, reason, *tokens = row[width:]
        grouped.entry(row[:width], CALLS).add_call(
            _STATUS[failed], duration_ns, cast("Tokens", tokens), first_chunk_ns, cost, reason, 1
        )


def _keep_largest(query: AggregateQuery, asked: _Asked, grouped: Grouped) -> None:
    """Looks for the groups that the answer will hold, so that memory is not spent on the others."""
    counted = asked.counted(is_of_traces=query.counts_traces)
    largest = sorted(counted.items(), key=lambda item: (-item[1], tuple(map(str, item[0]))))
    kept = [key for key, _ in largest[: query.limit]]
    grouped.keep_only(kept, has_more=len(largest) > query.limit)


class _Asked:
    """A query's parts as SQL, and the traces that fit where SQL does not tell.

    Args:
        looking: what looks at traces.
        query: what is asked.
    """

    def __init__(self, looking: Looking, query: AggregateQuery) -> None:
        self._looking = looking
        since_ns = min(query.since_s * _NS_IN_S, _MAX_NS)
        until_ns = None if query.until_s is None else min(query.until_s * _NS_IN_S, _MAX_NS)
        bounds = [Sql("trace.start_time_ns >= %s", (since_ns,))]
        if until_ns is not None:
            bounds.append(Sql("trace.start_time_ns < %s", (until_ns,)))
        ours, given = parts_between(since_ns, until_ns), parts_of(query.where)
        parts = Parts(max(ours.first, given.first), min(ours.last, given.last))
        scope = Scope(query.where, query.experiments, parts=parts, more=joined("AND", bounds))
        matching = Matching(looking, scope)
        self._keys = "".join(f"{_KEYS[name]}, " for name in query.group_by)
        self._groups = ", ".join(str(place + 1) for place in range(len(query.group_by)))
        self._intervals = tuple(query.interval_s for name in query.group_by if name == "time")
        models = [Sql("span.model = ANY(%s::text[])", (list(query.models),))] if query.models else []
        self._of_calls = joined("AND", [Sql(IS_CALL), *models])
        self._parts = parts
        self._scopes: list[Sql] = [matching.where] if matching.is_exact else list(_pieces(matching))

    def traces(self, columns: str) -> Iterator[Row]:
        """The keys of their groups and these columns, of each trace."""
        for where in self._scopes:
            yield from self._rows(
                Sql(f"SELECT {self._keys}{columns} FROM trace{_where(where)}", where.values)
            )

    def calls(self, columns: str) -> Iterator[Row]:
        """The keys of their groups and these columns, of each call."""
        for scope in self._scopes:
            where = joined("AND", [scope, self._of_calls])
            yield from self._rows(
                Sql(f"SELECT {self._keys}{columns} FROM {_SPANS}{_where(where)}", where.values)
            )

    def counted(self, *, is_of_traces: bool) -> Counter[tuple[Any, ...]]:
        """How many traces, or calls, each group has."""
        found: Counter[tuple[Any, ...]] = Counter()
        for scope in self._scopes:
            where = scope if is_of_traces else joined("AND", [scope, self._of_calls])
            table = "trace" if is_of_traces else _SPANS
            text = f"SELECT {self._keys}count(*) FROM {table}{_where(where)} GROUP BY {self._groups}"
            for *key, number in self._rows(Sql(text, where.values)):
                found[tuple(key)] += number
        return found

    def _rows(self, statement: Sql) -> Iterator[Row]:
        asked = Sql(self._parts.of_spans(statement.text), (*self._intervals, *statement.values))
        for rows in read_in_pieces(self._looking.connection, asked, _AT_ONCE, _AT_ONCE):
            yield from rows


def _where(condition: Sql) -> str:
    return f" WHERE {condition.text}" if condition.text else ""


def _pieces(matching: Matching) -> Iterator[Sql]:
    """The traces that fit, by their keys, so many at once."""
    rows = matching.rows("trace.trace_key, trace.part")
    while homes := list(islice(rows, _HOMES_AT_ONCE)):
        parts = sorted({part for _, part in homes})
        yield Sql(
            "trace.part = ANY(%s::integer[]) AND trace.trace_key = ANY(%s::bigint[])",
            (parts, [key for key, _ in homes]),
        )
