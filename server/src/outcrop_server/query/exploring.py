"""Answers questions about many traces: numbers by group, facets, counts, sessions, comparisons."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from outcrop.filter.ast import And
from outcrop_server.model.aggregates import FINEST_S, AggregateQuery, Aggregates, Count, Facets, SessionQuery
from outcrop_server.model.errors import BadRequestError, NotFoundError
from outcrop_server.model.rows import TracePosition
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.timeline import Bar, Timeline
from outcrop_server.query import cursor as cursors
from outcrop_server.query import session_token
from outcrop_server.query.compare import AlignedSpan, aligned
from outcrop_server.query.missing import no_trace
from outcrop_server.query.scope import as_of_now, between, experiment_names, parsed, words_waiting
from outcrop_server.query.timeline import Drawn, drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.model.aggregates import GroupKey, SessionRow
    from outcrop_server.model.rows import StoredTrace
    from outcrop_server.storage.api import KeptTraces

# Traces that are looked at for facets and counts: what a page can wait for.
MAX_FACET_TRACES = 10_000
MAX_COUNTED_TRACES = 100_000
# Rows of a comparison: more than anyone reads.
MAX_ALIGNED = 5_000
_NS_IN_S = 1_000_000_000
_FINEST_NS = FINEST_S * _NS_IN_S
# Days of ten years and more.
_MAX_GROUPS = 10_000


@dataclass(frozen=True, slots=True)
class AskedTraces:
    """Which traces are looked at; moments are nanoseconds since the epoch, see `scope.between`."""

    since_ns: int | None = None
    until_ns: int | None = None
    experiments: tuple[str, ...] = ()
    filter_text: str = ""


@dataclass(frozen=True, slots=True)
class AskedNumbers:
    """What numbers are asked for; see `model.aggregates.AggregateQuery`.

    Moments are nanoseconds since the epoch. They may lie anywhere: the range is made of whole minutes.
    """

    since_ns: int | None = None
    until_ns: int | None = None
    experiments: tuple[str, ...] = ()
    filter_text: str = ""
    models: tuple[str, ...] = ()
    group_by: tuple[GroupKey, ...] = ()
    interval_s: int = 3600
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Numbers:
    """An answer, and the question as it was put to the store."""

    query: AggregateQuery
    aggregates: Aggregates


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some sessions, those used last first, and the token of the next page; None at the end."""

    sessions: list[SessionRow]
    next_page_token: str | None


@dataclass(frozen=True, slots=True)
class WholeSession:
    """A session, a row for each experiment that it is in, and a page of its traces from the first on."""

    sessions: list[SessionRow]
    traces: list[StoredTrace]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Traces in the order that was asked for, and their spans aligned; False where there were too many."""

    traces: list[StoredTrace]
    spans: list[AlignedSpan]
    is_complete: bool


class TraceExplorer:
    """Looks at many traces at once.

    Args:
        store: where the traces are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def numbers(self, asked: AskedNumbers) -> Numbers:
        """Numbers of traces and calls, by group.

        Raises:
            BadRequestError: filter, experiments, range or groups cannot be understood.
        """
        if len(set(asked.group_by)) != len(asked.group_by):
            raise BadRequestError("group_by names something twice. Name each once.")
        where, _ = parsed(asked.filter_text)
        names = experiment_names(self._store, asked.experiments)
        until_s = None if asked.until_ns is None else -(-asked.until_ns // _FINEST_NS) * FINEST_S
        query = AggregateQuery(
            since_s=(asked.since_ns or 0) // _FINEST_NS * FINEST_S,
            until_s=until_s,
            experiments=names,
            where=as_of_now(where),
            models=asked.models,
            group_by=asked.group_by,
            interval_s=asked.interval_s,
            limit=asked.limit,
        )
        if asked.experiments and not names:
            # None of them exists: the same as a range that holds nothing.
            query = replace(query, until_s=query.since_s)
        return Numbers(query, self._store.aggregate(query))

    def facets(self, asked: AskedTraces, top: int) -> Facets:
        """What the traces that fit have.

        Raises:
            BadRequestError: filter or experiments cannot be understood.
        """
        search = self._search(asked)
        if search is None:
            return Facets(0, is_exact=True, values={})
        waiting = words_waiting(self._store, search.where, search.experiments)
        return replace(self._store.facets(search, top, MAX_FACET_TRACES), words_waiting=waiting)

    def count(self, asked: AskedTraces) -> Count:
        """How many traces fit.

        Raises:
            BadRequestError: filter or experiments cannot be understood.
        """
        search = self._search(asked)
        return Count(0, is_exact=True) if search is None else self._store.count(search, MAX_COUNTED_TRACES)

    def timeline(self, asked: AskedTraces, most: int) -> Drawn:
        """How many of the traces that fit began when, in at most so many steps.

        Raises:
            BadRequestError: filter or experiments cannot be understood.
        """
        search = self._search(asked)
        since_s = None if asked.since_ns is None else asked.since_ns // _NS_IN_S
        until_s = None if asked.until_ns is None else -(-asked.until_ns // _NS_IN_S)
        is_of_all = parsed(asked.filter_text)[0] == And()

        def ask(interval_s: int) -> Timeline:
            if search is None:
                return Timeline([], is_exact=True)
            if is_of_all:
                return self._timeline_of_all(asked, interval_s)
            return self._store.timeline(search, interval_s, MAX_COUNTED_TRACES)

        return drawn(ask, since_s, until_s, int(time.time()), most)

    def _timeline_of_all(self, asked: AskedTraces, interval_s: int) -> Timeline:
        """The same from the sums that a store keeps, however many traces there are."""
        numbers = AskedNumbers(
            asked.since_ns,
            asked.until_ns,
            asked.experiments,
            group_by=("time",),
            interval_s=interval_s,
            limit=_MAX_GROUPS,
        )
        found = self.numbers(numbers).aggregates
        bars = [
            Bar(int(each.key[0] or 0), each.traces.count, each.traces.errors)
            for each in found.groups
            if each.traces is not None
        ]
        return Timeline(bars, found.is_complete)

    def sessions(self, experiments: Sequence[str], token: str | None, limit: int) -> SessionPage:
        """A page of sessions.

        Raises:
            BadRequestError: the token is not ours, or an experiment's name is another one's id.
        """
        names = experiment_names(self._store, experiments)
        after = None if token is None else session_token.decode(token)
        if experiments and not names:
            return SessionPage([], None)
        # One more than asked tells whether there is a next page.
        rows = self._store.sessions(SessionQuery(names, after=after, limit=limit + 1))
        if len(rows) <= limit:
            return SessionPage(rows, None)
        return SessionPage(rows[:limit], session_token.encode(rows[limit - 1]))

    def session(
        self, session_id: str, experiment: str | None, cursor: str | None, limit: int
    ) -> WholeSession:
        """A session and a page of its traces.

        Raises:
            NotFoundError: no trace names this session.
            BadRequestError: the cursor is not ours, or the experiment's name is another one's id.
        """
        names = experiment_names(self._store, [] if experiment is None else [experiment])
        sessions = self._store.sessions(SessionQuery(names, session_id, limit=1000))
        if not sessions or (experiment is not None and not names):
            raise NotFoundError(f"No trace here names the session '{session_id[:80]}'.")
        after = cursors.decode(cursor) if cursor else None
        name = names[0] if names else None
        traces = self._store.session_traces(session_id, name, after, limit + 1)
        if len(traces) <= limit:
            return WholeSession(sessions, traces, None)
        last = traces[limit - 1].row
        position = TracePosition(last.start_time_ns, last.trace_id)
        return WholeSession(sessions, traces[:limit], cursors.encode(position))

    def side_by_side(self, trace_ids: Sequence[bytes]) -> SideBySide:
        """Traces and their spans aligned; see `query.compare`.

        Raises:
            NotFoundError: there is no such trace.
        """
        traces = [self._trace(trace_id) for trace_id in trace_ids]
        places = aligned([self._store.spans(trace_id) for trace_id in trace_ids])
        spans = list(islice(places, MAX_ALIGNED))
        return SideBySide(traces, spans, next(places, None) is None)

    def _trace(self, trace_id: bytes) -> StoredTrace:
        trace = self._store.trace(trace_id)
        if trace is None:
            raise no_trace(trace_id)
        return trace

    def _search(self, asked: AskedTraces) -> TraceSearch | None:
        """What is searched; None where none of the experiments exists."""
        where, _ = parsed(asked.filter_text)
        names = experiment_names(self._store, asked.experiments)
        if asked.experiments and not names:
            return None
        return TraceSearch(as_of_now(between(where, asked.since_ns, asked.until_ns)), experiments=names)
