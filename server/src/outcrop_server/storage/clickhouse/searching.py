"""The part of the store that searches, counts and adds up."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from outcrop.filter.texts import looks_for_text
from outcrop_server.model.errors import DamagedError
from outcrop_server.storage.clickhouse import aggregate, facets, sessions
from outcrop_server.storage.clickhouse.looking import Looking
from outcrop_server.storage.clickhouse.search import find
from outcrop_server.storage.clickhouse.words.asking import Texts
from outcrop_server.storage.clickhouse.words.store_of_words import StoreOfWords
from outcrop_server.storage.clickhouse.words.word_index import IndexFaultError
from outcrop_server.storage.common.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

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
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.facts import Facts

_log = logging.getLogger(__name__)
T = TypeVar("T")
# Counts, charts and facets, which are asked for beside every list.
_COUNTING_S = 1.0


class SearchingStore(StoreOfWords):
    """Methods of `storage.api`, by a store's parts."""

    _client: Client
    _facts: Facts
    _uri: str
    _cluster: str | None

    def _open_search(self, read_text: ReadText, search_s: float, *, fills_apart: bool) -> None:
        """To be called last as a store opens: its other parts are there.

        Args:
            read_text: reads a payload's text.
            search_s: seconds after which a search that has to look into payloads ends with an error.
            fills_apart: whether the index of words is filled by a process of its own.
        """
        self._read_text = read_text
        self._search_s = search_s
        self._open_words(self._uri, self._cluster, read_text, fills_apart=fills_apart)

    def _close_search(self) -> None:
        """Ends what runs in the background; to be called first as a store closes."""
        self._close_words()

    def search(self, search: TraceSearch) -> list[FoundTrace]:
        """The traces that fit, in their order."""
        return self._asked(search, self._search_s, lambda looking: find(looking, search))

    def aggregate(self, query: AggregateQuery) -> Aggregates:
        """Numbers of many traces and calls, by group."""
        return self._asked(query, self._search_s, lambda looking: aggregate.aggregate(looking, query))

    def count(self, search: TraceSearch, max_traces: int) -> Count:
        """How many traces fit."""
        return self._asked(search, _COUNTING_S, lambda looking: facets.count(looking, search, max_traces))

    def facets(self, search: TraceSearch, top: int, max_traces: int) -> Facets:
        """What the traces that fit have."""
        return self._asked(
            search, _COUNTING_S, lambda looking: facets.facets(looking, search, top, max_traces)
        )

    def timeline(self, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
        """How many of the traces that fit began when."""
        return self._asked(
            search,
            _COUNTING_S,
            lambda looking: facets.timeline(looking, search, interval_s, max_traces),
        )

    def sessions(self, query: SessionQuery) -> list[SessionRow]:
        """A page of sessions, those used last first."""
        return sessions.read_sessions(Looking(self._facts, Clock(self._search_s), query.experiments), query)

    def _asked(
        self, asked: TraceSearch | AggregateQuery, seconds: float, answer: Callable[[Looking], T]
    ) -> T:
        """What is answered within a time.

        Raises:
            SearchTooLongError: it took too long.
        """
        clock, facts, named = Clock(seconds), self._facts, asked.experiments
        if not looks_for_text(asked.where):
            return answer(Looking(facts, clock, named))
        texts = Texts(self._client, self._read_text, self._recent, clock)
        try:
            return answer(Looking(facts, clock, named, asking=self._asking(), texts=texts))
        except (IndexFaultError, DamagedError) as error:
            # Within a statement that asks other tables too it is not told apart.
            _log.warning("The index of words cannot be read: %s", error)
        found = answer(Looking(facts, clock, named, asking=self._asking(has_index=False), texts=texts))
        self._filler.report_damage()
        return found
