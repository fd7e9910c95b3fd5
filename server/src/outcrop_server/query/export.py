"""Traces on their way out, many of them: found page by page, given payload by payload."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from outcrop.filter.moments import resolved
from outcrop_server.model.search import TraceSearch
from outcrop_server.otlp.json_form import to_json
from outcrop_server.otlp.plain_form import to_plain
from outcrop_server.query.scope import words_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from outcrop.filter.ast import Condition
    from outcrop_server.model.annotations import Assessment
    from outcrop_server.model.rows import SpanRow, StoredTrace
    from outcrop_server.storage.api import KeptTraces

_NS_IN_MS = 1_000_000
_PAGE = 100
_SPAN_PAGE = 1000
# A line of JSON holds about this much of a trace; whoever reads it must hold it all.
LINE_BYTES = 8 << 20
_COMPACT = (",", ":")


# Says what is known of a trace beside its spans, as JSON values.
Describe: TypeAlias = "Callable[[StoredTrace, list[Assessment]], dict[str, Any]]"


class Selection(NamedTuple):
    """Which traces: those of the ids, or those that fit a condition in some experiments."""

    where: Condition
    experiments: tuple[str, ...] = ()
    trace_ids: tuple[bytes, ...] | None = None


class Exporter:
    """Reads for an export; never holds more than a page of summaries and one frame of payloads.

    Args:
        store: where the traces are.
    """

    def __init__(self, store: KeptTraces) -> None:
        self._store = store

    def traces(self, selection: Selection) -> Iterator[StoredTrace]:
        """The traces, newest first, or in the order of their ids; what is deleted meanwhile is left out."""
        if selection.trace_ids is not None:
            for trace_id in selection.trace_ids:
                trace = self._store.trace(trace_id)
                if trace is not None:
                    yield trace
            return
        # `-1h` is the same moment for every page.
        where = resolved(selection.where, time.time_ns() // _NS_IN_MS)
        search = TraceSearch(where, experiments=selection.experiments, limit=_PAGE)
        while found := self._store.search(search):
            for each in found:
                yield each.trace
            search = replace(search, after=found[-1].position)

    def words_waiting(self, selection: Selection) -> int:
        """How many traces may fit besides: their payloads are not looked at yet."""
        if selection.trace_ids is not None:
            return 0
        return words_waiting(self._store, selection.where, selection.experiments)

    def otlp(self, selection: Selection) -> Iterator[bytes]:
        """One `ExportTraceServiceRequest` in parts: each span as it came."""
        for trace in self.traces(selection):
            yield from self._store.payloads(trace.row.trace_id)

    def otlp_lines(self, selection: Selection) -> Iterator[bytes]:
        """A request in OTLP's JSON for each span, one a line."""
        for payload in self.otlp(selection):
            yield _line(to_json(payload))

    def lines(self, selection: Selection, describe: Describe) -> Iterator[bytes]:
        """A trace a line; one that is very large goes on in the next lines, with the next `part`."""
        for trace in self.traces(selection):
            yield from self._trace_lines(trace, describe)

    def rows(self, selection: Selection) -> Iterator[tuple[StoredTrace, list[SpanRow]]]:
        """The spans without payload, at most a thousand of a trace at once."""
        for trace in self.traces(selection):
            after = None
            while rows := self._store.span_page(trace.row.trace_id, after, _SPAN_PAGE):
                yield trace, rows
                after = rows[-1].span_id

    def _trace_lines(self, trace: StoredTrace, describe: Describe) -> Iterator[bytes]:
        trace_id = trace.row.trace_id
        head = {"trace_id": trace_id.hex(), **describe(trace, self._store.assessments(trace_id))}
        part, size = 1, 0
        spans: list[str] = []
        for payload in self._store.payloads(trace_id):
            if size >= LINE_BYTES:
                yield _part(head, part, spans, is_last=False)
                head, part, size, spans = {"trace_id": trace_id.hex()}, part + 1, 0, []
            text = json.dumps(to_plain(payload), ensure_ascii=False, separators=_COMPACT)
            size += len(text)
            spans.append(text)
        if spans:
            yield _part(head, part, spans, is_last=True)


def _part(head: dict[str, Any], part: int, spans: list[str], *, is_last: bool) -> bytes:
    given = json.dumps({**head, "part": part, "is_last": is_last}, ensure_ascii=False, separators=_COMPACT)
    return f'{given[:-1]},"spans":[{",".join(spans)}]}}\n'.encode()


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=_COMPACT).encode() + b"\n"
