"""`outcrop traces export`: whole traces as an import takes them, line by line as they are read."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from outcrop.delivery.query import TraceQuery
from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_int, as_list, as_object, load_object
from outcrop.terminal.cells import escaped
from outcrop.terminal.plain_spans import with_view
from outcrop.terminal.source import TraceSource, info_of

# By the words of `--format`, the API's.
_FORMS = {"jsonl": "jsonl", "otlp": "otlp-jsonl"}
# Traces are asked for together until they have so many spans.
_SPANS_AT_ONCE = 500
# What went in and out would make a larger one too large for an import.
_LARGE_LINE_BYTES = 16 << 20


class Exported(NamedTuple):
    """What became of an export.

    Attributes:
        traces: how many were written.
        words_waiting: how many may fit besides: their payloads cannot be searched yet.
    """

    traces: int
    words_waiting: int


def export_traces(
    source: TraceSource, query: TraceQuery, form: str, file: BinaryIO, *, is_terminal: bool = False
) -> Exported:
    """Writes the traces that fit; in memory there is a page of summaries and a line.

    Args:
        source: where they are.
        query: which, and in which order.
        form: `jsonl`, a trace a line with its summary, or `otlp`, OTLP's JSON with a request a line.
        file: takes the lines.
        is_terminal: whether somebody looks at them, so that nothing in them may be obeyed.
    """
    count = waiting = 0
    for page in source.pages(query):
        waiting = max(waiting, page.words_waiting)
        for group in _groups(page.traces):
            ids = [str(info_of(trace).get("trace_id")) for trace in group]
            written_ids: set[str] = set()
            for line in source.export(ids, _FORMS[form]):
                found = load_object(line)
                if found is None:
                    raise OutcropError(
                        f"What answers is no Outcrop server: {line[:80]!r} is no line of an export."
                    )
                written_ids.update(_trace_ids(found))
                is_plain = form == "otlp" or len(line) > _LARGE_LINE_BYTES
                text = line.decode() if is_plain else json_line(_with_views(found))
                file.write((escaped(text) if is_terminal else text).encode("utf-8", "replace"))
            # What was deleted meanwhile is in no line.
            count += len(written_ids)
    return Exported(count, waiting)


@contextmanager
def written(path: str) -> Generator[BinaryIO, None, None]:
    """The file of a name, `-` for standard output; it has the name once everything is in it."""
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    whole = Path(os.path.realpath(path))
    try:
        # A pipe or a device must not be replaced by a file.
        if whole.exists() and not whole.is_file():
            with whole.open("wb") as file:
                yield file
            return
        part = whole.with_name(whole.name + ".part")
        try:
            with part.open("wb") as file:
                yield file
            part.replace(whole)
        finally:
            with suppress(OSError):
                part.unlink()
    except OSError as error:
        raise OutcropError(f"{error.filename or path} cannot be written: {error.strerror}.") from error


def json_line(value: Any) -> str:
    """A value as a line of JSON, its end included."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _groups(traces: list[JsonObject]) -> Iterator[list[JsonObject]]:
    group: list[JsonObject] = []
    spans = 0
    for trace in traces:
        count = as_int(info_of(trace).get("span_count")) or 1
        if group and spans + count > _SPANS_AT_ONCE:
            yield group
            group, spans = [], 0
        group.append(trace)
        spans += count
    if group:
        yield group


def _with_views(line: JsonObject) -> JsonObject:
    """The line with what went in and out of each span, which an import passes over."""
    return {**line, "spans": [with_view(as_object(span)) for span in as_list(line.get("spans"))]}


def _trace_ids(line: JsonObject) -> Iterator[str]:
    if "trace_id" in line:
        yield str(line["trace_id"])
    for resource in map(as_object, as_list(line.get("resourceSpans"))):
        for scope in map(as_object, as_list(resource.get("scopeSpans"))):
            yield from (str(as_object(span).get("traceId")) for span in as_list(scope.get("spans")))
