"""Searches the traces of `memory://`: each is assembled, and the filter asked about it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop.assemble import assemble_trace
from outcrop.delivery.query import FoundPage, FoundTrace, TraceDeletion, TraceQuery
from outcrop.entities import Trace
from outcrop.exceptions import ConfigurationError
from outcrop.filter.ast import OrderKey
from outcrop.filter.matching import matches, sort_value
from outcrop.filter.moments import resolved
from outcrop.filter.parser import parse_filter, parse_order

if TYPE_CHECKING:
    from outcrop.delivery.memory import MemoryDestination

_NS_IN_MS = 1_000_000
_NEWEST_FIRST = (OrderKey("timestamp", is_descending=True),)


class _Candidate(NamedTuple):
    trace: Trace
    found: FoundTrace
    start_ns: int


def search_memory(memory: MemoryDestination, query: TraceQuery) -> FoundPage:
    """A page of the traces that fit; the page token is the number of those before it.

    Raises:
        ConfigurationError: the query is wrong; says where.
    """
    condition = resolved(parse_filter(query.filter_string), time.time_ns() // _NS_IN_MS)
    order = parse_order(list(query.order_by))
    fitting = [
        each
        for each in _candidates(memory)
        if (not query.experiments or each.trace.info.experiment_name in query.experiments)
        and matches(condition, each.trace)
    ]
    first = _offset(query.page_token)
    ordered = [each.found for each in _ordered(fitting, order or _NEWEST_FIRST)]
    end = first + query.max_results
    return FoundPage(ordered[first:end], str(end) if end < len(ordered) else None)


def chosen_for_deletion(memory: MemoryDestination, deletion: TraceDeletion) -> list[str]:
    """The ids of the traces that a deletion means."""
    if deletion.trace_ids is not None:
        return list(deletion.trace_ids)
    limit = deletion.max_timestamp_ms
    fitting = [
        each
        for each in _candidates(memory)
        if each.trace.info.experiment_name == deletion.experiment
        and (limit is None or each.trace.info.request_time <= limit)
    ]
    oldest_first = [each.trace.info.trace_id for each in _ordered(fitting, (OrderKey("timestamp"),))]
    return oldest_first[: deletion.max_traces]


def _candidates(memory: MemoryDestination) -> list[_Candidate]:
    found: list[_Candidate] = []
    for trace_id in memory.trace_ids():
        records = memory.read_trace(trace_id)
        if records:
            annotations = memory.annotations(trace_id)
            trace = assemble_trace(records, annotations)
            found.append(
                _Candidate(trace, FoundTrace(records, annotations), trace.data.spans[0].start_time_ns)
            )
    return found


def _ordered(traces: list[_Candidate], order: tuple[OrderKey, ...]) -> list[_Candidate]:
    """Ordered by each key; what is equal in all of them goes by start and id, as the last key does."""
    is_descending = order[-1].is_descending
    ordered = sorted(
        traces, key=lambda each: (each.start_ns, each.trace.info.trace_id), reverse=is_descending
    )
    for key in reversed(order):
        ordered.sort(key=partial(_value, key), reverse=key.is_descending)
    return ordered


def _value(key: OrderKey, candidate: _Candidate) -> Any:
    return sort_value(key, candidate.trace)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise ConfigurationError("This page token was not made by this destination.")
    return int(token)
