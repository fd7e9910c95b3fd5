"""The part of the store that searches; see `store`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from psycopg import errors

from outcrop.filter.texts import looks_for_text
from outcrop_server.storage.common.clock import Clock
from outcrop_server.storage.common.filler_apart import FillerApart
from outcrop_server.storage.common.recent_texts import RecentTexts
from outcrop_server.storage.postgresql import aggregate, facets, sessions
from outcrop_server.storage.postgresql.connections import snapshot
from outcrop_server.storage.postgresql.fitting import Looking
from outcrop_server.storage.postgresql.search import find
from outcrop_server.storage.postgresql.words import filling_process
from outcrop_server.storage.postgresql.words.asking import Asking, Texts
from outcrop_server.storage.postgresql.words.filler import Filler
from outcrop_server.storage.postgresql.words.waiting import count_passed_over, read_state, read_waiting
from outcrop_server.storage.postgresql.words.word_index import IndexFaultError, WordIndex, parts_in_use

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop.filter.ast import Condition
    from outcrop_server.model.aggregates import (
        AggregateQuery,
        Aggregates,
        Count,
        Facets,
        SessionQuery,
        SessionRow,
    )
    from outcrop_server.model.search import FoundTrace, TraceSearch
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.model.timeline import Timeline
    from outcrop_server.storage.postgresql.committer import Committer
    from outcrop_server.storage.postgresql.connections import Connection, ReaderPool

_log = logging.getLogger(__name__)
T = TypeVar("T")
# Counts, charts and facets, which are asked for beside every list.
_COUNTING_S = 1.0
_SETTINGS = "SET LOCAL statement_timeout = {ms}; SET LOCAL enable_partitionwise_join = on"
# Words are found by their index alone: lists of them are long, and looking at each takes longer than planners
# think.
_OF_TEXTS = "; SET LOCAL enable_seqscan = off"


class SearchingStore:
    """Searches, counts and sums, by a store's parts."""

    _uri: str
    _readers: ReaderPool
    _committer: Committer

    def _open_search(self, read_text: ReadText, search_s: float, *, fills_apart: bool) -> None:
        """To be called last as a store opens: its other parts are there.

        Args:
            read_text: reads a payload's text.
            search_s: seconds after which a search that has to look into payloads ends with an error.
            fills_apart: whether the index of words is filled by a process of its own.
        """
        self._read_text = read_text
        self._search_s = search_s
        self._recent = RecentTexts()
        inside = Filler(self._uri, self._read_text, self._committer.is_busy)
        self._filler = FillerApart(filling_process.__name__, self._uri, inside) if fills_apart else inside

    def _close_search(self) -> None:
        """To be called first as a store closes."""
        self._filler.stop()

    def search(self, search: TraceSearch) -> list[FoundTrace]:
        """The traces that fit, in their order."""
        return self._asked(search.where, self._search_s, lambda looking: find(looking, search))

    def aggregate(self, query: AggregateQuery) -> Aggregates:
        """Numbers of many traces and calls, by group."""
        return self._asked(query.where, self._search_s, lambda looking: aggregate.aggregate(looking, query))

    def count(self, search: TraceSearch, max_traces: int) -> Count:
        """How many traces fit."""
        return self._asked(
            search.where, _COUNTING_S, lambda looking: facets.count(looking, search, max_traces)
        )

    def facets(self, search: TraceSearch, top: int, max_traces: int) -> Facets:
        """What the traces that fit have."""
        return self._asked(
            search.where, _COUNTING_S, lambda looking: facets.facets(looking, search, top, max_traces)
        )

    def timeline(self, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
        """How many of the traces that fit began when."""
        return self._asked(
            search.where,
            _COUNTING_S,
            lambda looking: facets.timeline(looking, search, interval_s, max_traces),
        )

    def words_waiting(self, experiments: tuple[str, ...] = ()) -> int:
        """How many traces searches of texts pass over."""
        with self._readers.reading() as connection:
            try:
                with snapshot(connection):
                    connection.execute(_SETTINGS.format(ms=int(_COUNTING_S * 1000)).encode())
                    state = read_state(connection)
                    waiting = read_waiting(connection, state)
                    return count_passed_over(connection, state, waiting, experiments)
            except errors.QueryCanceled:
                # A large store whose index was lost: at most all of it.
                return facets.kept(connection, experiments)

    def start_filling(self, give_way: Callable[[], None] | None = None) -> None:
        """Fills the index of words from now on, in a thread of its own."""
        self._filler.start(give_way)

    def fill_words(self) -> None:
        """Fills it until nothing waits; UnavailableError where another server does."""
        self._filler.fill()

    def sessions(self, query: SessionQuery) -> list[SessionRow]:
        """A page of sessions, those used last first."""
        with self._readers.reading() as connection:
            return sessions.read_sessions(connection, query)

    def _asked(self, where: Condition, seconds: float, answer: Callable[[Looking], T]) -> T:
        """What is answered within a snapshot and a time.

        Raises:
            SearchTooLongError: it took too long.
        """
        is_of_text = looks_for_text(where)
        with self._readers.reading() as connection:
            if is_of_text:
                try:
                    return self._within(connection, seconds, answer, is_of_text=True)
                except IndexFaultError as error:
                    _log.warning("The index of words cannot be read: %s", error)
                    self._filler.report_damage()
            return self._within(connection, seconds, answer, is_of_text=is_of_text, has_index=not is_of_text)

    def _within(
        self,
        connection: Connection,
        seconds: float,
        answer: Callable[[Looking], T],
        *,
        is_of_text: bool,
        has_index: bool = True,
    ) -> T:
        clock = Clock(seconds)
        settings = _SETTINGS.format(ms=int(seconds * 1000)) + (_OF_TEXTS if is_of_text else "")
        try:
            with snapshot(connection):
                connection.execute(settings.encode())
                if not is_of_text:
                    return answer(Looking(connection, clock, None, None))
                asking = _asking(connection, has_index=has_index)
                texts = Texts(connection, self._read_text, self._recent, clock)
                return answer(Looking(connection, clock, asking, texts))
        except errors.QueryCanceled as error:
            raise clock.error() from error


def _asking(connection: Connection, *, has_index: bool) -> Asking:
    state = read_state(connection) if has_index else None
    waiting = read_waiting(connection, state, has_index=has_index)
    parts = parts_in_use(connection) if has_index else []
    return Asking(WordIndex(connection, parts) if has_index else None, parts, waiting)
