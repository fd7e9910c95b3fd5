"""Finds traces by a filter, and deletes them: text becomes what the store's contract takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from outcrop.filter.errors import FilterError
from outcrop.filter.moments import resolved
from outcrop.filter.parser import parse_filter, parse_order
from outcrop_server.model.errors import BadFilterError, BadRequestError, FilterFault
from outcrop_server.model.search import NEWEST_FIRST, FoundTrace, TraceSearch
from outcrop_server.query import page_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop.filter.ast import Condition, OrderKey
    from outcrop_server.storage.api import KeptTraces

# Deleted together; between two such steps others may write.
_DELETED_AT_ONCE = 200
_NS_IN_MS = 1_000_000
_MAX_NS = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Some traces that fit, in their order, and the token of the next page; None at the end."""

    traces: list[FoundTrace]
    next_page_token: str | None


class TraceFinder:
    """Searches and deletes.

    Args:
        store: where the traces are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def search(
        self,
        experiments: Sequence[str],
        filter_text: str,
        order_by: Sequence[str],
        limit: int,
        token: str | None,
    ) -> FoundPage:
        """A page of the traces that fit.

        Raises:
            BadRequestError: filter, order, token or experiments cannot be understood; says where.
        """
        where, order = parsed(filter_text, order_by)
        names = self.names(experiments)
        if experiments and not names:
            return FoundPage([], None)
        search = TraceSearch(where, order or NEWEST_FIRST, names)
        after = None if token is None else page_token.decode(search, token)
        # A page's token is of the filter as it was asked: `-1h` is another moment with each page.
        now = resolved(where, time.time_ns() // _NS_IN_MS)
        # One more than asked tells whether there is a next page.
        found = self._store.search(replace(search, where=now, after=after, limit=limit + 1))
        if len(found) <= limit:
            return FoundPage(found, None)
        return FoundPage(found[:limit], page_token.encode(search, found[limit - 1].position))

    def delete(self, trace_ids: Sequence[bytes]) -> int:
        """Deletes traces by their ids; gives how many there were."""
        steps = range(0, len(trace_ids), _DELETED_AT_ONCE)
        return sum(
            self._store.delete_traces(trace_ids[start : start + _DELETED_AT_ONCE]).result() for start in steps
        )

    def delete_oldest(self, experiment: str, max_timestamp_ms: int | None, max_traces: int | None) -> int:
        """Deletes the oldest traces of an experiment; gives how many there were.

        Raises:
            BadRequestError: the experiment's name is another one's id.
        """
        deleted = 0
        # A moment in milliseconds holds all that began within it.
        until_ns = _MAX_NS if max_timestamp_ms is None else min(max_timestamp_ms * 10**6 + 999_999, _MAX_NS)
        for name in self.names([experiment]):
            while max_traces is None or deleted < max_traces:
                left = _DELETED_AT_ONCE if max_traces is None else min(_DELETED_AT_ONCE, max_traces - deleted)
                count = self._store.delete_oldest(name, until_ns, left).result()
                deleted += count
                if count < left:
                    break
        return deleted

    def names(self, experiments: Sequence[str]) -> tuple[str, ...]:
        """The names of experiments that are given by name or id; what is neither is left out."""
        if not experiments:
            return ()
        known = self._store.experiments()
        by_id = {row.experiment_id: row.name for row in known}
        names = {row.name for row in known}
        found: list[str] = []
        for given in experiments:
            other = by_id.get(given)
            if given in names and other not in {None, given}:
                raise BadRequestError(
                    f"'{given}' is the name of one experiment and the id of '{other}'. "
                    "Give the name of the one or the id of the other."
                )
            name = given if given in names else other
            if name is not None:
                found.append(name)
        return tuple(dict.fromkeys(found))


def parsed(filter_text: str, order_by: Sequence[str] = ()) -> tuple[Condition, tuple[OrderKey, ...]]:
    """A filter and an order as a store takes them.

    Raises:
        BadFilterError: they cannot be understood; says where.
    """
    try:
        return parse_filter(filter_text), parse_order(list(order_by))
    except FilterError as error:
        fault = FilterFault(error.message, error.column, error.suggestion, error.excerpt)
        raise BadFilterError(str(error), fault) from error
