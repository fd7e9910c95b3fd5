"""`outcrop traces export`: whole traces, a line each, written as they are read."""

from __future__ import annotations

import sys
from base64 import b64encode
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from outcrop.assemble import assemble_trace
from outcrop.capture.json_text import dump_json
from outcrop.delivery.otlp_decode import decode_request
from outcrop.delivery.otlp_json import to_line
from outcrop.delivery.query import TraceQuery
from outcrop.entities import Span
from outcrop.exceptions import OutcropError
from outcrop.json_reading import JsonObject, as_int
from outcrop.recording.record import SpanRecord
from outcrop.terminal.source import TraceSource, info_of

FORMATS = ("jsonl", "otlp")
# Traces are read together until they have so many spans.
_SPANS_AT_ONCE = 500


def export_traces(source: TraceSource, query: TraceQuery, form: str, file: BinaryIO) -> int:
    """Writes the traces that fit; in memory there is a page of summaries and a few hundred spans.

    Args:
        source: where they are.
        query: which, and in which order.
        form: `jsonl`, a trace a line with its summary, or `otlp`, OTLP's JSON with a request a line.
        file: takes the lines.

    Returns:
        How many traces were written.
    """
    count = 0
    for page in source.pages(query):
        for group in _groups(page.traces):
            body = source.otlp([str(info_of(trace).get("trace_id")) for trace in group])
            try:
                # What was deleted meanwhile has no spans.
                if form == "otlp":
                    file.write(to_line(body) if body else b"")
                    count += len(group)
                else:
                    count += _write_traces(group, decode_request(body), file)
            except ValueError as error:
                raise OutcropError(f"A trace cannot be read: {error}") from error
    return count


@contextmanager
def written(path: str) -> Generator[BinaryIO, None, None]:
    """The file of a name, `-` for standard output; it has the name once everything is in it."""
    if path == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    whole = Path(path)
    part = whole.with_name(whole.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(whole)
    except OSError as error:
        raise OutcropError(f"{error.filename or path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            part.unlink()


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


def _write_traces(group: list[JsonObject], records: list[SpanRecord], file: BinaryIO) -> int:
    by_trace: dict[str, list[SpanRecord]] = {}
    for record in records:
        by_trace.setdefault(record.trace_id.hex(), []).append(record)
    count = 0
    for trace in group:
        found = by_trace.get(str(info_of(trace).get("trace_id")))
        if found:
            line = {**trace, "spans": [_span(span) for span in assemble_trace(found).data.spans]}
            file.write(dump_json(_jsonable(line)).encode() + b"\n")
            count += 1
    return count


def _span(span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "span_type": span.span_type,
        "status": span.status.status_code.value,
        "status_message": span.status.description,
        "start_time_ns": str(span.start_time_ns),
        "end_time_ns": str(span.end_time_ns),
        "inputs": span.inputs,
        "outputs": span.outputs,
        "attributes": span.attributes,
        "events": [
            {"name": event.name, "time_ns": str(event.timestamp), "attributes": event.attributes}
            for event in span.events
        ],
    }


def _jsonable(value: Any) -> Any:
    """The value as JSON has it: bytes in base64, and numbers that JSON does not know as text."""
    if isinstance(value, dict):
        members: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]  # of whatever was recorded
        return {str(name): _jsonable(member) for name, member in members.items()}
    if isinstance(value, (list, tuple)):
        items: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]  # as above
        return [_jsonable(item) for item in items]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, float) and value - value != 0:
        return str(value)
    return value
