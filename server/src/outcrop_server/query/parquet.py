"""Spans as Parquet, a row group at a time. Its library is large, so it is an extra of the installation."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from outcrop_server.model.errors import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from outcrop_server.model.rows import SpanRow, StoredTrace

_GROUP = 10_000


def check_installed() -> None:
    """Refuses before an answer begins.

    Raises:
        BadRequestError: the library is not there; says how to get it.
    """
    try:
        # Only who asks for this form loads it; it says nothing of its types.
        importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise BadRequestError(
            "This server writes no Parquet: it needs pyarrow. Install it beside the server with "
            "`pip install 'outcrop[parquet]'`, or ask for jsonl."
        ) from error


def written(rows: Iterable[tuple[StoredTrace, list[SpanRow]]]) -> Iterator[bytes]:
    """A Parquet file in parts: one row a span, with its columns and those that say where it belongs."""
    pa, pq = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    schema = pa.schema(_fields(pa))
    sink = _Sink()
    writer: Any = pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema)
    group: list[dict[str, Any]] = []
    for trace, spans in rows:
        group += [_row(trace, span) for span in spans]
        if len(group) >= _GROUP:
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            group = []
            yield sink.taken()
    if group:
        writer.write_table(pa.Table.from_pylist(group, schema=schema))
    writer.close()
    yield sink.taken()


class _Sink:
    """What has been written and not been taken yet; the file protocol as far as pyarrow uses it."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        """Takes bytes."""
        self._parts.append(bytes(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        """How many were written."""
        return self._size

    def flush(self) -> None:
        """Nothing lies anywhere else."""

    def close(self) -> None:
        """What was written can be taken still."""

    def taken(self) -> bytes:
        """What came since this was asked last."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _fields(pa: Any) -> list[tuple[str, Any]]:
    text, whole, moment = pa.string(), pa.int64(), pa.timestamp("ns", tz="UTC")
    return [
        ("trace_id", text),
        ("span_id", text),
        ("parent_id", text),
        ("experiment", text),
        ("session_id", text),
        ("user_id", text),
        ("name", text),
        ("span_type", text),
        ("status", text),
        ("start_time", moment),
        ("end_time", moment),
        ("duration_ns", whole),
        ("error_type", text),
        ("error_message", text),
        ("model", text),
        ("response_model", text),
        ("vendor", text),
        ("input_tokens", whole),
        ("output_tokens", whole),
        ("cache_read_input_tokens", whole),
        ("cache_write_input_tokens", whole),
        ("time_to_first_chunk_ns", whole),
        ("is_stream", pa.bool_()),
        ("finish_reason", text),
        ("cost_usd", pa.float64()),
        ("cost_reason", text),
    ]


def _row(trace: StoredTrace, span: SpanRow) -> dict[str, Any]:
    usage, error, cost = span.usage, span.error, span.cost_nano_usd
    return {
        "trace_id": trace.row.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_id": None if span.parent_id is None else span.parent_id.hex(),
        "experiment": trace.row.experiment,
        "session_id": trace.row.session_id,
        "user_id": trace.row.user_id,
        "name": span.name,
        "span_type": span.span_type,
        "status": span.status,
        "start_time": span.start_time_ns,
        "end_time": span.end_time_ns,
        "duration_ns": span.duration_ns,
        "error_type": None if error is None else error.type,
        "error_message": None if error is None else error.message,
        "model": span.model,
        "response_model": span.response_model,
        "vendor": span.vendor,
        "input_tokens": None if usage is None else usage.input_tokens,
        "output_tokens": None if usage is None else usage.output_tokens,
        "cache_read_input_tokens": None if usage is None else usage.cache_read_input_tokens,
        "cache_write_input_tokens": None if usage is None else usage.cache_write_input_tokens,
        "time_to_first_chunk_ns": span.time_to_first_chunk_ns,
        "is_stream": span.is_stream,
        "finish_reason": span.finish_reason,
        "cost_usd": None if cost is None else cost / 1e9,
        "cost_reason": span.cost_reason,
    }
