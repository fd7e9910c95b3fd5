"""A search of MLflow's traces: asked there as far as its grammar goes, and finished here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from outcrop.assemble import assemble_trace
from outcrop.delivery.mlflow.filters import first_question, order_in_mlflow
from outcrop.delivery.mlflow.rest import RefusedError
from outcrop.delivery.query import FoundPage, FoundTrace, TraceQuery
from outcrop.entities import Trace
from outcrop.exceptions import ConfigurationError
from outcrop.filter.ast import Condition, OrderKey
from outcrop.filter.matching import matches, sort_value
from outcrop.filter.moments import resolved
from outcrop.filter.parser import parse_filter, parse_order
from outcrop.json_reading import JsonObject

# Summaries, and the token of the page after these.
Answered = tuple[list[JsonObject], "str | None"]
_NEWEST_FIRST = (OrderKey("timestamp", is_descending=True),)
_PAGE = 50
# Of a page that was put in order here: how many traces went before it.
_OFFSET = "after:"
_BAD_REQUEST = 400


class Search:
    """Searches one server or workspace."""

    def __init__(
        self,
        ask: Callable[[JsonObject], Answered],
        read: Callable[[Sequence[JsonObject]], list[FoundTrace]],
        *,
        knows_trace_ids: bool = True,
    ) -> None:
        """Searches by one way of asking.

        Args:
            ask: the answer to a search in MLflow's words.
            read: the traces of summaries, with their spans.
            knows_trace_ids: whether the other side's trace ids are `tr-` and our digits.
        """
        self._ask_there = ask
        self._read = read
        self._knows_trace_ids = knows_trace_ids

    def page(self, query: TraceQuery, locations: Sequence[JsonObject]) -> FoundPage:
        """A page of the traces that fit, among those kept at these places.

        Raises:
            ConfigurationError: the query is wrong; says where.
            RefusedError: it was refused.
            NoAnswerError: nothing answers.
        """
        condition = resolved(parse_filter(query.filter_string), time.time_ns() // 1_000_000)
        order = parse_order(list(query.order_by)) or _NEWEST_FIRST
        asked: JsonObject = {
            "locations": list(locations),
            "filter": first_question(condition, knows_trace_ids=self._knows_trace_ids),
            "max_results": min(query.max_results, _PAGE),
        }
        theirs = order_in_mlflow(order)
        if theirs is None:
            return self._ordered_here(query, condition, order, asked)
        return self._ordered_there(query, condition, {**asked, "order_by": theirs})

    def _ordered_there(self, query: TraceQuery, condition: Condition, asked: JsonObject) -> FoundPage:
        token = query.page_token
        while True:
            infos, token = self._ask({**asked, "page_token": token} if token else asked)
            fitting = [found for found, _ in self._fitting(infos, condition)]
            # A page without any would be asked for in vain.
            if fitting or token is None:
                return FoundPage(fitting, token)

    def _ordered_here(
        self, query: TraceQuery, condition: Condition, order: tuple[OrderKey, ...], asked: JsonObject
    ) -> FoundPage:
        """All that fit are read: MLflow cannot put them in this order."""
        first = _offset(query.page_token)
        fitting: list[tuple[FoundTrace, Trace]] = []
        token: str | None = None
        while True:
            whole = {**asked, "max_results": _PAGE}
            infos, token = self._ask({**whole, "page_token": token} if token else whole)
            fitting += self._fitting(infos, condition)
            if token is None:
                break
        fitting.sort(key=_start, reverse=order[-1].is_descending)
        for key in reversed(order):
            fitting.sort(key=partial(_value, key), reverse=key.is_descending)
        end = first + query.max_results
        next_token = f"{_OFFSET}{end}" if end < len(fitting) else None
        return FoundPage([found for found, _ in fitting[first:end]], next_token)

    def _fitting(self, infos: Sequence[JsonObject], condition: Condition) -> list[tuple[FoundTrace, Trace]]:
        traces = [(found, assemble_trace(found.records, found.annotations)) for found in self._read(infos)]
        return [(found, trace) for found, trace in traces if matches(condition, trace)]

    def _ask(self, asked: JsonObject) -> Answered:
        try:
            return self._ask_there(asked)
        except RefusedError as error:
            # An older server knows fewer fields: then all traces are looked at here.
            if error.status != _BAD_REQUEST or not asked["filter"]:
                raise
            return self._ask_there({**asked, "filter": ""})


def _start(found: tuple[FoundTrace, Trace]) -> tuple[int, str]:
    info = found[1].info
    return info.request_time, info.trace_id


def _value(key: OrderKey, found: tuple[FoundTrace, Trace]) -> Any:
    return sort_value(key, found[1])


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    number = token.removeprefix(_OFFSET)
    if number == token or not number.isdecimal():
        raise ConfigurationError("This page token was not made by this destination.")
    return int(number)
