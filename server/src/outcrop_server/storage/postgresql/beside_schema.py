"""The tables beside spans, which `schema` makes: what is said of traces, sums, binaries, changes, choices."""

from __future__ import annotations

_TEXT = 'text COLLATE "C"'

# `place` keeps the order in which rows were made. What several traces share is written under one lock (see
# `locks`), so that no row of these is ever waited for by two who have one that the other wants.
_SAID = (
    f"""CREATE TABLE assessment (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        trace_key bigint NOT NULL,
        created_at_ns bigint NOT NULL,
        updated_at_ns bigint NOT NULL,
        assessment_id {_TEXT} NOT NULL UNIQUE,
        kind {_TEXT} NOT NULL,
        name {_TEXT} NOT NULL,
        value {_TEXT} NOT NULL,
        source_type {_TEXT} NOT NULL,
        source_id {_TEXT} NOT NULL,
        rationale {_TEXT},
        metadata {_TEXT} NOT NULL,
        span_id bytea,
        author {_TEXT}
    )""",
    "CREATE INDEX assessment_by_trace ON assessment (trace_key, place)",
    f"""CREATE TABLE trace_note (
        trace_id bytea PRIMARY KEY,
        noted_at_ns bigint NOT NULL,
        note {_TEXT} NOT NULL
    )""",
    f"""CREATE TABLE document (
        collection {_TEXT} NOT NULL,
        key {_TEXT} NOT NULL,
        experiment_id bigint NOT NULL REFERENCES experiment (experiment_id),
        digest bytea NOT NULL UNIQUE,
        trace_id bytea,
        content bytea NOT NULL
    )""",
    # A key may be longer than an index takes: it is found by its digest, and put in order by its beginning.
    "CREATE INDEX document_in_order ON document (collection, (left(key, 500)))",
    "CREATE INDEX document_by_trace ON document (trace_id) WHERE trace_id IS NOT NULL",
)

# As in `sqlite.rollup_schema`.
_SUMMED = (
    f"""CREATE TABLE rollup_series (
        series_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        experiment_id bigint NOT NULL REFERENCES experiment (experiment_id),
        kind smallint NOT NULL,
        digest bytea NOT NULL,
        model {_TEXT} NOT NULL,
        operation {_TEXT} NOT NULL,
        span_type {_TEXT} NOT NULL,
        UNIQUE (experiment_id, kind, digest)
    )""",
    """CREATE TABLE rollup (
        bucket_s bigint NOT NULL,
        series_id bigint NOT NULL,
        count bigint NOT NULL,
        errors bigint NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        cache_read_input_tokens bigint NOT NULL,
        cache_write_input_tokens bigint NOT NULL,
        cost_nano_usd bigint NOT NULL,
        unpriced_calls bigint NOT NULL,
        level_s integer NOT NULL,
        latency_first integer NOT NULL,
        first_chunk_first integer NOT NULL,
        latency bytea NOT NULL,
        first_chunk bytea NOT NULL,
        PRIMARY KEY (level_s, bucket_s, series_id)
    ) WITH (fillfactor = 90)""",
    f"""CREATE TABLE session (
        experiment_id bigint NOT NULL REFERENCES experiment (experiment_id),
        trace_count bigint NOT NULL,
        error_count bigint NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        cache_read_input_tokens bigint NOT NULL,
        cache_write_input_tokens bigint NOT NULL,
        cost_nano_usd bigint NOT NULL,
        unpriced_calls bigint NOT NULL,
        first_start_ns bigint NOT NULL,
        last_start_ns bigint NOT NULL,
        session_id {_TEXT} NOT NULL,
        PRIMARY KEY (session_id, experiment_id)
    )""",
    "CREATE INDEX session_by_last ON session (last_start_ns DESC, experiment_id DESC, session_id DESC)",
    "CREATE INDEX session_by_experiment ON session (experiment_id, last_start_ns DESC, session_id DESC)",
)

# What each part holds, so that it is known without a look at it: how many traces, about how many bytes, and
# how many were deleted since its tables were last swept.
_PARTS = (
    """CREATE TABLE part_use (
        part integer PRIMARY KEY,
        trace_count bigint NOT NULL,
        kept_bytes bigint NOT NULL,
        deleted_bytes bigint NOT NULL
    ) WITH (fillfactor = 50)""",
)

# As in `sqlite.blob_schema`; frames are numbered within their trace.
_BINARIES = (
    """CREATE TABLE blob (
        blob_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        experiment_id bigint NOT NULL REFERENCES experiment (experiment_id),
        size bigint NOT NULL,
        is_compressed boolean NOT NULL,
        sha256 bytea NOT NULL,
        content bytea NOT NULL,
        UNIQUE (experiment_id, sha256)
    )""",
    "ALTER TABLE blob ALTER COLUMN content SET STORAGE EXTERNAL",
    """CREATE TABLE blob_use (
        trace_key bigint NOT NULL,
        blob_id bigint NOT NULL,
        frame_number integer NOT NULL,
        number integer NOT NULL,
        place bigint NOT NULL,
        is_base64 boolean NOT NULL,
        PRIMARY KEY (trace_key, frame_number, number)
    )""",
    "CREATE INDEX blob_use_by_blob ON blob_use (blob_id, trace_key)",
)

# What changed, each trace at its newest number, and the last number that was given, with a mark that tells
# this store's from another's. Not logged: after a crash both are empty, and a new mark begins a new history.
_CHANGES = (
    """CREATE UNLOGGED TABLE trace_change (
        change bigint PRIMARY KEY,
        trace_key bigint NOT NULL UNIQUE,
        part integer NOT NULL
    ) WITH (fillfactor = 70)""",
    f"CREATE UNLOGGED TABLE change_history (mark {_TEXT} NOT NULL, last bigint NOT NULL)",
)

_CHOICES = (
    f"""CREATE TABLE access_token (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        token_id {_TEXT} NOT NULL UNIQUE,
        name {_TEXT} NOT NULL,
        role {_TEXT} NOT NULL,
        experiments {_TEXT},
        digest bytea NOT NULL UNIQUE,
        created_at_ns bigint NOT NULL,
        created_by {_TEXT} NOT NULL,
        expires_at_ns bigint,
        requests_per_minute integer,
        last_used_at_ns bigint,
        revoked_at_ns bigint,
        revoked_by {_TEXT}
    )""",
    "CREATE UNIQUE INDEX access_token_by_name ON access_token (name) WHERE revoked_at_ns IS NULL",
    f"""CREATE TABLE page_session (
        ends_at_ns bigint NOT NULL,
        digest bytea PRIMARY KEY,
        token_id {_TEXT} NOT NULL
    )""",
    f"""CREATE TABLE saved_view (
        place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        view_id {_TEXT} NOT NULL UNIQUE,
        name {_TEXT} NOT NULL,
        experiment_id bigint REFERENCES experiment (experiment_id),
        search {_TEXT} NOT NULL,
        columns {_TEXT} NOT NULL,
        is_compact boolean NOT NULL,
        author {_TEXT} NOT NULL,
        created_at_ns bigint NOT NULL,
        updated_at_ns bigint NOT NULL
    )""",
)

STEP = (*_SAID, *_SUMMED, *_PARTS, *_BINARIES, *_CHANGES, *_CHOICES)
