"""The tables of rollups and sessions, which `schema` makes. What they hold can be computed from the rows."""

from __future__ import annotations

_SERIES = """CREATE TABLE rollup_series (
        series_id INTEGER PRIMARY KEY,
        experiment_id INTEGER NOT NULL REFERENCES experiment (experiment_id),
        kind INTEGER NOT NULL,
        model TEXT NOT NULL,
        operation TEXT NOT NULL,
        span_type TEXT NOT NULL,
        UNIQUE (experiment_id, kind, model, operation, span_type)
    )"""

# As they were first: with a row for each bin of each histogram, which `PACKED` takes the place of. Nothing is
# filled in here: that step does it.
TABLES = (
    _SERIES,
    """CREATE TABLE rollup (
        level_s INTEGER NOT NULL,
        bucket_s INTEGER NOT NULL,
        series_id INTEGER NOT NULL REFERENCES rollup_series (series_id),
        count INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL,
        cache_write_input_tokens INTEGER NOT NULL,
        cost_nano_usd INTEGER NOT NULL,
        unpriced_calls INTEGER NOT NULL,
        PRIMARY KEY (level_s, bucket_s, series_id)
    ) WITHOUT ROWID""",
    """CREATE TABLE rollup_histogram (
        level_s INTEGER NOT NULL,
        bucket_s INTEGER NOT NULL,
        series_id INTEGER NOT NULL REFERENCES rollup_series (series_id),
        measure INTEGER NOT NULL,
        bin INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (level_s, bucket_s, series_id, measure, bin)
    ) WITHOUT ROWID""",
    """CREATE TABLE session (
        session_id TEXT NOT NULL,
        experiment_id INTEGER NOT NULL REFERENCES experiment (experiment_id),
        trace_count INTEGER NOT NULL,
        error_count INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL,
        cache_write_input_tokens INTEGER NOT NULL,
        cost_nano_usd INTEGER NOT NULL,
        unpriced_calls INTEGER NOT NULL,
        first_start_ns INTEGER NOT NULL,
        last_start_ns INTEGER NOT NULL,
        PRIMARY KEY (session_id, experiment_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX session_by_last ON session (last_start_ns DESC, experiment_id DESC, session_id DESC)",
    "CREATE INDEX session_by_experiment ON session (experiment_id, last_start_ns DESC, session_id DESC)",
    """CREATE INDEX trace_by_session ON trace (session_id, start_time_ns DESC, trace_id DESC)
    WHERE session_id IS NOT NULL""",
)

# By time first: what a transaction changes lies side by side, however many experiments and models there are.
# `bucket_s` is the start of a stretch of `level_s` seconds since the epoch. `kind` of a series is 0 for
# traces, 1 for calls of its names and 2 for every call of an experiment. Histograms are packed as
# `rollup_bins` says, bins numbered by `model.latency_bins`. No row counts nothing, series apart: these are
# names, so many and no more (`rollup_series.MAX_SERIES`).
PACKED = (
    "DROP TABLE rollup_histogram",
    "DROP TABLE rollup",
    "DROP TABLE rollup_series",
    _SERIES,
    """CREATE TABLE rollup (
        level_s INTEGER NOT NULL,
        bucket_s INTEGER NOT NULL,
        series_id INTEGER NOT NULL REFERENCES rollup_series (series_id),
        count INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_input_tokens INTEGER NOT NULL,
        cache_write_input_tokens INTEGER NOT NULL,
        cost_nano_usd INTEGER NOT NULL,
        unpriced_calls INTEGER NOT NULL,
        latency_first INTEGER NOT NULL,
        latency BLOB NOT NULL,
        first_chunk_first INTEGER NOT NULL,
        first_chunk BLOB NOT NULL,
        PRIMARY KEY (level_s, bucket_s, series_id)
    ) WITHOUT ROWID""",
)
