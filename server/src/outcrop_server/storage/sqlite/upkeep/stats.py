"""Numbers about a store's file and experiments: what `outcrop db stats` shows. Reads alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcrop_server.storage.sqlite import schema
from outcrop_server.storage.sqlite.upkeep.opening import log_path, reading, snapshot
from outcrop_server.storage.sqlite.upkeep.words import WordsStats, read_words_stats

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

_EXPERIMENTS = """
    SELECT experiment_id, experiment.name, count(trace_key), coalesce(sum(trace.status = 'ERROR'), 0),
        coalesce(sum(span_count), 0), min(start_time_ns), max(start_time_ns)
    FROM experiment LEFT JOIN trace USING (experiment_id) GROUP BY experiment_id ORDER BY experiment.name
"""
# A blob's length is in its row's head: the frames themselves are not read.
_FRAME_BYTES = """
    SELECT experiment_id, sum(length(frame)) FROM payload JOIN (
        SELECT DISTINCT experiment_id, payload_id FROM trace JOIN span USING (trace_key)
    ) USING (payload_id) GROUP BY experiment_id
"""
_PAYLOAD_BYTES = """
    SELECT experiment_id, sum(payload_length) FROM trace JOIN span USING (trace_key) GROUP BY experiment_id
"""
_HAS_BLOBS = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'blob_use'"
_BLOBS = """
    SELECT count(*), coalesce(sum(length(content)), 0), coalesce(sum(uses), 0),
        coalesce(sum((uses - 1) * length(content)), 0)
    FROM blob JOIN (SELECT blob_id, count(*) AS uses FROM blob_use GROUP BY blob_id) USING (blob_id)
"""
# In the file by the trace that came last of those that use it, as `ageing` counts.
_BLOB_BYTES = """
    SELECT trace.experiment_id, sum(length(content))
    FROM (SELECT blob_id, max(trace_key) AS trace_key FROM blob_use GROUP BY blob_id)
    JOIN trace USING (trace_key) JOIN blob USING (blob_id) GROUP BY trace.experiment_id
"""
_TAKEN_BYTES = """
    SELECT trace.experiment_id, sum(CASE WHEN is_base64 THEN (size + 2) / 3 * 4 ELSE size END)
    FROM blob_use JOIN trace USING (trace_key) JOIN blob USING (blob_id) GROUP BY trace.experiment_id
"""


@dataclass(frozen=True, slots=True)
class BlobStats:
    """Large binaries.

    Attributes:
        count: how many are kept.
        bytes: what they take in the file.
        uses: how often they stand in payloads.
        saved_bytes: what they would take besides if each use had one of its own.
    """

    count: int = 0
    bytes: int = 0
    uses: int = 0
    saved_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ExperimentStats:
    """An experiment; times are starts of traces in nanoseconds since the epoch, None without traces.

    `frame_bytes` is what its payloads take in the file, `payload_bytes` what they are without compression.
    """

    name: str
    traces: int
    errors: int
    spans: int
    frame_bytes: int
    payload_bytes: int
    oldest_ns: int | None
    newest_ns: int | None


@dataclass(frozen=True, slots=True)
class StoreStats:
    """A store; `free_pages` are kept for what comes and given back by `outcrop db compact`."""

    version: int
    newest_version: int
    file_bytes: int
    log_bytes: int
    page_bytes: int
    pages: int
    free_pages: int
    experiments: list[ExperimentStats]
    blobs: BlobStats
    words: WordsStats

    @property
    def compression_ratio(self) -> float | None:
        """How many bytes of payloads one byte in the file holds; None without any."""
        kept = sum(each.frame_bytes for each in self.experiments)
        return sum(each.payload_bytes for each in self.experiments) / kept if kept else None


def read_stats(path: Path) -> StoreStats:
    """Reads the numbers, of one moment.

    Raises:
        StoreError: there is no such store, or it cannot be read.
    """
    with reading(path) as (connection, version), snapshot(connection):
        page_bytes, pages, free_pages = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_size", "page_count", "freelist_count")
        )
        has_blobs = connection.execute(_HAS_BLOBS).fetchone() is not None
        log = log_path(path)
        return StoreStats(
            version=version,
            newest_version=len(schema.MIGRATIONS),
            file_bytes=path.stat().st_size,
            log_bytes=log.stat().st_size if log.exists() else 0,
            page_bytes=page_bytes,
            pages=pages,
            free_pages=free_pages,
            experiments=_experiments(connection, has_blobs=has_blobs),
            blobs=BlobStats(*connection.execute(_BLOBS).fetchone()) if has_blobs else BlobStats(),
            words=read_words_stats(path, connection) if version == len(schema.MIGRATIONS) else WordsStats(),
        )


def _experiments(connection: sqlite3.Connection, *, has_blobs: bool) -> list[ExperimentStats]:
    kept = _sums(connection, _FRAME_BYTES, *([_BLOB_BYTES] if has_blobs else []))
    came = _sums(connection, _PAYLOAD_BYTES, *([_TAKEN_BYTES] if has_blobs else []))
    return [
        ExperimentStats(name, traces, errors, spans, kept[number], came[number], oldest_ns, newest_ns)
        for number, name, traces, errors, spans, oldest_ns, newest_ns in connection.execute(_EXPERIMENTS)
    ]


def _sums(connection: sqlite3.Connection, *statements: str) -> Counter[int]:
    """Bytes by experiment."""
    sums = Counter[int]()
    for statement in statements:
        sums.update(dict[int, int](connection.execute(statement).fetchall()))
    return sums
