"""The tables beside those of traces. Pure."""

from __future__ import annotations

from outcrop_server.storage.clickhouse.table_parts import (
    BINS,
    DELTA,
    LARGE,
    RAW,
    SUMS,
    TIGHT,
    WORD,
    ZSTD,
    Column,
    Table,
)

# Numbers of commits whose log lies in one partition, which goes as a whole.
LOG_PART = 20_000
# A commit's number, times this, are the numbers of what it changes.
PLACES = 1 << 20
_ROLLUP_KEY: tuple[Column, ...] = (
    ("experiment_id", "UInt64", ""),
    ("kind", "UInt8", ""),
)
_SERIES: tuple[Column, ...] = (("model", WORD, ""), ("operation", WORD, ""), ("span_type", WORD, ""))

RECORD = Table(
    (
        ("kind", WORD, ""),
        ("key", "String", ZSTD),
        ("version", "UInt64", DELTA),
        ("gone", "UInt8", ""),
        ("value", "String", TIGHT),
    ),
    "ReplacingMergeTree",
    "kind, key",
    arguments="version",
    granularity=256,
)
LOG = Table(
    (
        ("number", "UInt64", DELTA),
        ("kind", "Enum8('claim' = 1, 'done' = 2, 'void' = 3, 'applied' = 4, 'ready' = 5)", ""),
        ("writer", "UInt64", ""),
        ("at_ns", "Int64", ""),
        ("last_change", "UInt64", ""),
        ("body", "String", RAW),
    ),
    "MergeTree",
    "number, kind",
    partition=f"intDiv(number, {LOG_PART})",
    granularity=256,
)
ASSESSMENT = Table(
    (
        ("trace_id", "FixedString(16)", ZSTD),
        ("place", "UInt64", DELTA),
        ("assessment_id", "String", ZSTD),
        ("version", "UInt64", DELTA),
        ("gone", "UInt8", ""),
        ("kind", WORD, ""),
        ("name", "String", ZSTD),
        ("value", "String", ZSTD),
        ("source_type", WORD, ""),
        ("source_id", "String", ZSTD),
        ("rationale", "Nullable(String)", ZSTD),
        ("metadata", "String", ZSTD),
        ("span_id", "Nullable(FixedString(8))", ""),
        ("author", "Nullable(String)", ""),
        ("created_at_ns", "Int64", ""),
        ("updated_at_ns", "Int64", ""),
    ),
    "ReplacingMergeTree",
    "trace_id, place",
    arguments="version",
    indexes=("INDEX by_id assessment_id TYPE bloom_filter(0.001) GRANULARITY 1",),
    granularity=512,
)
SESSION = Table(
    (
        ("experiment_id", "UInt64", ""),
        ("session_id", "String", ZSTD),
        ("version", "UInt64", DELTA),
        ("gone", "UInt8", ""),
        ("trace_count", "Int64", ""),
        ("error_count", "Int64", ""),
        *((name, "Int128", "") for name in SUMS[2:]),
        ("first_start_ns", "Int64", ""),
        ("last_start_ns", "Int64", ZSTD),
    ),
    "ReplacingMergeTree",
    "experiment_id, session_id",
    arguments="version, gone",
)
ROLLUP = Table(
    (
        ("level_s", "UInt32", ""),
        *_ROLLUP_KEY,
        ("bucket_s", "Int64", DELTA),
        *_SERIES,
        ("newest", "SimpleAggregateFunction(max, UInt64)", ""),
        *((name, "SimpleAggregateFunction(sum, Int128)", "") for name in SUMS),
        ("latency", f"SimpleAggregateFunction(sumMap, {BINS})", ""),
        ("first_chunk", f"SimpleAggregateFunction(sumMap, {BINS})", ""),
    ),
    "AggregatingMergeTree",
    "level_s, kind, experiment_id, bucket_s, model, operation, span_type",
)
CHANGE = Table(
    (("change", "UInt64", DELTA), ("trace_id", "FixedString(16)", ZSTD)),
    "ReplacingMergeTree",
    "change, trace_id",
    partition=f"intDiv(change, {LOG_PART * PLACES})",
)
BLOB = Table(
    (
        ("experiment_id", "UInt64", ""),
        ("sha256", "FixedString(32)", RAW),
        ("number", "UInt64", ""),
        ("size", "UInt64", ""),
        ("is_compressed", "UInt8", ""),
        ("content", "String", RAW),
    ),
    "MergeTree",
    "experiment_id, sha256",
    granularity=8,
    settings=LARGE,
)
BLOB_USE = Table(
    (
        ("experiment_id", "UInt64", ""),
        ("sha256", "FixedString(32)", ZSTD),
        ("trace_id", "FixedString(16)", ZSTD),
        ("version", "UInt64", DELTA),
        ("gone", "UInt8", ""),
        ("kept_bytes", "UInt64", ""),
    ),
    "ReplacingMergeTree",
    "experiment_id, sha256, trace_id",
    arguments="version",
)
DOOMED = Table(
    (
        ("day", "UInt16", ""),
        ("trace_id", "FixedString(16)", ZSTD),
        ("below", "UInt64", DELTA),
        ("version", "UInt64", DELTA),
        ("gone", "UInt8", ""),
        ("kept_bytes", "UInt64", ""),
    ),
    "ReplacingMergeTree",
    "day, trace_id, below",
    arguments="version, gone",
)
# Of a cluster alone: who was first with a key.
TURN = Table(
    (("key", "String", ""), ("kind", "String", ""), ("writer", "UInt64", "")),
    "KeeperMap",
    "key",
)
# What is inserted here is added up in `rollup`.
ROLLUP_IN = Table(
    (
        *_ROLLUP_KEY,
        ("minute_s", "Int64", ""),
        *((name, "String", "") for name, _, _ in _SERIES),
        ("newest", "UInt64", ""),
        *((name, "Int128", "") for name in SUMS),
        ("latency", BINS, ""),
        ("first_chunk", BINS, ""),
    ),
    "Null",
    "",
)
