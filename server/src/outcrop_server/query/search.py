"""Finds traces by a filter, and deletes them: text becomes what the store's contract takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outcrop_server.model.search import NEWEST_FIRST, FoundTrace, TraceSearch
from outcrop_server.query import page_token
from outcrop_server.query.scope import as_of_now, between, experiment_names, parsed, words_waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.storage.api import KeptTraces

# Deleted together; between two such steps others may write.
_DELETED_AT_ONCE = 200
_MAX_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Some traces that fit, in their order, and the token of the next page; None at the end.

    `words_waiting` is how many traces may fit besides, whose payloads are not looked at yet.
    """

    traces: list[FoundTrace]
    next_page_token: str | None
    words_waiting: int = 0


class TraceFinder:
    """Searches and deletes.

    Args:
        store: where the traces are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def search(  # noqa: PLR0917  # what a search asks for
        self,
        experiments: Sequence[str],
        filter_text: str,
        order_by: Sequence[str],
        limit: int,
        token: str | None,
        since_ns: int | None = None,
        until_ns: int | None = None,
    ) -> FoundPage:
        """A page of the traces that fit; see `scope.between` for the range.

        Raises:
            BadRequestError: filter, order, token or experiments cannot be understood; says where.
        """
        where, order = parsed(filter_text, order_by)
        names = experiment_names(self._store, experiments)
        if experiments and not names:
            return FoundPage([], None)
        search = TraceSearch(between(where, since_ns, until_ns), order or NEWEST_FIRST, names)
        after = None if token is None else page_token.decode(search, token)
        # A page's token is of the filter as it was asked: `-1h` is another moment with each page.
        now = as_of_now(search.where)
        waiting = words_waiting(self._store, now, names)
        # One more than asked tells whether there is a next page.
        found = self._store.search(replace(search, where=now, after=after, limit=limit + 1))
        if len(found) <= limit:
            return FoundPage(found, None, waiting)
        return FoundPage(found[:limit], page_token.encode(search, found[limit - 1].position), waiting)

    def delete(self, trace_ids: Sequence[bytes]) -> int:
        """Deletes traces by their ids; gives how many there were."""
        steps = range(0, len(trace_ids), _DELETED_AT_ONCE)
        return sum(
            self._store.delete_traces(trace_ids[start : start + _DELETED_AT_ONCE]).result() for start in steps
        )

    def names(self, experiments: Sequence[str]) -> tuple[str, ...]:
        """The names of experiments; see `scope.experiment_names`."""
        return experiment_names(self._store, experiments)

    def delete_oldest(self, experiment: str, max_timestamp_ms: int | None, max_traces: int | None) -> int:
        """Deletes the oldest traces of an experiment; gives how many there were.

        Raises:
            BadRequestError: the experiment's name is another one's id.
        """
        deleted = 0
        # A moment in milliseconds holds all that began within it.
        until_ns = _MAX_NS if max_timestamp_ms is None else min(max_timestamp_ms * 10**6 + 999_999, _MAX_NS)
        for name in experiment_names(self._store, [experiment]):
            while max_traces is None or deleted < max_traces:
                left = _DELETED_AT_ONCE if max_traces is None else min(_DELETED_AT_ONCE, max_traces - deleted)
                count = self._store.delete_oldest(name, until_ns, left).result()
                deleted += count
                if count < left:
                    break
        return deleted
