"""Spans whose payloads say something, for searches of texts."""

from __future__ import annotations

import json
from typing import Any

from outcrop.filter.parser import parse_filter
from outcrop_server.model.new_span import NewSpan
from outcrop_server.model.search import TraceSearch
from outcrop_server.storage.api import KeptTraces
from server.tests.support.spans import new_span, otlp_span, request, trace_id


def saying(number: int, words: Any, trace: int | None = None, **attributes: Any) -> NewSpan:
    """A span that says some words, in the trace of its own number if no other is named."""
    trace_key = trace_id(number if trace is None else trace)
    given = {"outcrop.span.inputs": json.dumps({"said": words}, ensure_ascii=False), **attributes}
    payload = request(otlp_span(number, trace=trace_key, attributes=given))
    return new_span(number, trace=trace_key, payload=payload)


def found(store: KeptTraces, text: str, **asked: Any) -> set[int]:
    """The numbers of the traces that a filter finds."""
    search = TraceSearch(parse_filter(text), **asked)
    return {int.from_bytes(each.trace.row.trace_id, "big") for each in store.search(search)}
