"""The tables of the PostgreSQL store and how an older database becomes a newer one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.postgresql import beside_schema, text_schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    Connected = AbstractContextManager[None]

# Order and folding by code point, whatever the database's own collation is: as filters say.
_TEXT = 'text COLLATE "C"'
# The part of what has a start that no partition of its own is made for; see `partitions`.
ELSEWHEN = 0
# Tables of which each day has a part, by its number.
PARTITIONED = ("trace", "span", "payload", *text_schema.PARTITIONED)
# Of these, the ones with a trace's own rows: the trace first, which is locked by whoever deletes the rest.
OF_TRACES = ("trace", "span", "payload", text_schema.OF_TRACES)

# A trace's key and part are looked up in `trace_home`, which is what makes an id one trace, and whose row is
# locked by who changes the trace. One without a part is no trace yet: a note waits for it. The keys of all
# tables have the part last: it is unique with the others, and only partitioning wants it there. Wide columns
# stand first, so that nothing is lost to alignment. `frame_count` and `frame_bytes` are of the trace's
# payloads, whose frames are numbered from 0. `terms` are those of `common.trace_terms`, by their
# numbers. What is longer than an index takes is found by its digest (`digests`). `frame` is compressed
# already.
_FIRST = (
    f"""CREATE TABLE experiment (
        experiment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name {_TEXT} NOT NULL UNIQUE,
        created_at_ns bigint NOT NULL,
        trace_count bigint NOT NULL DEFAULT 0,
        error_count bigint NOT NULL DEFAULT 0,
        description {_TEXT} NOT NULL DEFAULT '',
        archived_at_ns bigint,
        retention {_TEXT}
    )""",
    f"""CREATE TABLE former_name (
        name {_TEXT} PRIMARY KEY,
        experiment_id bigint NOT NULL REFERENCES experiment (experiment_id)
    )""",
    """CREATE TABLE trace_home (
        trace_key bigint GENERATED ALWAYS AS IDENTITY,
        part integer,
        trace_id bytea PRIMARY KEY
    )""",
    f"""CREATE TABLE trace (
        trace_key bigint NOT NULL,
        experiment_id bigint NOT NULL,
        start_time_ns bigint NOT NULL,
        duration_ns bigint NOT NULL,
        longest_span_ns bigint NOT NULL,
        shortest_span_ns bigint NOT NULL,
        input_tokens bigint,
        output_tokens bigint,
        cache_read_input_tokens bigint,
        cache_write_input_tokens bigint,
        time_to_first_chunk_ns bigint,
        cost_nano_usd bigint,
        frame_bytes bigint NOT NULL,
        span_count bigint NOT NULL,
        attempts bigint NOT NULL,
        unpriced_calls bigint NOT NULL,
        part integer NOT NULL,
        frame_count integer NOT NULL,
        has_root boolean NOT NULL,
        trace_id bytea NOT NULL,
        name {_TEXT} NOT NULL,
        status {_TEXT} NOT NULL,
        models {_TEXT} NOT NULL,
        tools {_TEXT} NOT NULL,
        tags {_TEXT} NOT NULL,
        metadata {_TEXT} NOT NULL,
        summary_keys {_TEXT} NOT NULL,
        terms integer[] NOT NULL,
        error_type {_TEXT},
        error_message {_TEXT},
        cost_reason {_TEXT},
        session_id {_TEXT},
        user_id {_TEXT},
        request_preview {_TEXT},
        response_preview {_TEXT},
        PRIMARY KEY (trace_key, part)
    ) PARTITION BY LIST (part)""",
    "CREATE INDEX trace_by_experiment ON trace (experiment_id, start_time_ns DESC, trace_id DESC)",
    "CREATE INDEX trace_by_start ON trace (start_time_ns DESC, trace_id DESC)",
    """CREATE INDEX trace_by_session ON trace (session_id, start_time_ns, trace_id)
    WHERE session_id IS NOT NULL""",
    "CREATE INDEX trace_by_user ON trace (user_id, start_time_ns) WHERE user_id IS NOT NULL",
    "CREATE INDEX trace_failed ON trace (start_time_ns) WHERE status = 'ERROR'",
    "CREATE INDEX trace_by_duration ON trace (duration_ns, trace_id)",
    "CREATE INDEX trace_by_cost ON trace ((coalesce(cost_nano_usd::float8 / 1e9, -1)), trace_id)",
    """CREATE INDEX trace_by_tokens ON trace
    ((coalesce(input_tokens::float8 + output_tokens::float8, -1)), trace_id)""",
    "CREATE INDEX trace_by_term ON trace USING gin (terms)",
    f"""CREATE TABLE span (
        trace_key bigint NOT NULL,
        start_time_ns bigint NOT NULL,
        end_time_ns bigint NOT NULL,
        input_tokens bigint,
        output_tokens bigint,
        cache_read_input_tokens bigint,
        cache_write_input_tokens bigint,
        time_to_first_chunk_ns bigint,
        cost_nano_usd bigint,
        part integer NOT NULL,
        frame_number integer NOT NULL,
        payload_offset integer NOT NULL,
        payload_length integer NOT NULL,
        is_stream boolean NOT NULL,
        span_id bytea NOT NULL,
        parent_id bytea,
        name {_TEXT} NOT NULL,
        span_type {_TEXT} NOT NULL,
        status {_TEXT} NOT NULL,
        error_type {_TEXT},
        error_message {_TEXT},
        model {_TEXT},
        finish_reason {_TEXT},
        vendor {_TEXT},
        response_model {_TEXT},
        cost_reason {_TEXT},
        PRIMARY KEY (trace_key, span_id, part)
    ) PARTITION BY LIST (part)""",
    "CREATE INDEX span_by_parent ON span (trace_key, parent_id, start_time_ns, span_id)",
    "CREATE INDEX span_failed ON span (trace_key) WHERE error_message IS NOT NULL",
    """CREATE TABLE payload (
        trace_key bigint NOT NULL,
        part integer NOT NULL,
        frame_number integer NOT NULL,
        frame bytea NOT NULL,
        PRIMARY KEY (trace_key, frame_number, part)
    ) PARTITION BY LIST (part)""",
    "ALTER TABLE payload ALTER COLUMN frame SET STORAGE EXTERNAL",
    f"""CREATE TABLE term (
        term_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest bytea NOT NULL UNIQUE,
        kind {_TEXT} NOT NULL,
        value {_TEXT} NOT NULL
    )""",
    "CREATE INDEX term_by_kind ON term (kind)",
    """CREATE TABLE missing_parent (
        trace_key bigint NOT NULL,
        parent_id bytea NOT NULL,
        PRIMARY KEY (trace_key, parent_id)
    )""",
)

# In order; the place in this list, from 1, is the version that a step leads to. Only ever append.
MIGRATIONS: tuple[tuple[str, ...], ...] = ((*_FIRST, *beside_schema.STEP, *text_schema.STEP),)

_LEAST_VERSION = 150_000
# Of all programs that speak to a database, whoever else takes such locks there: a number of our own.
_MIGRATING = 0x4F75_7463_726F_7000
_IS_OURS = (
    "SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema() "
    "AND table_name = 'schema_version' AND column_name IN ('version', 'applied_at_ns')"
)
_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
    "AND relkind IN ('r', 'p', 'v', 'm', 'f')"
)
_PARTITION = "CREATE TABLE {table}_elsewhen PARTITION OF {table} FOR VALUES IN ({part})"


def migrate(connection: psycopg.Connection[Any]) -> None:
    """Brings a database to the newest version, or leaves it untouched. Others that do wait for this one.

    Args:
        connection: in autocommit mode.

    Raises:
        StoreError: the database cannot be used; says why and what to do.
    """
    _check(connection)
    if version_of(connection) == len(MIGRATIONS):
        return
    connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
    try:
        # Another one may have done it meanwhile.
        version = version_of(connection)
        for number in range(version + 1, len(MIGRATIONS) + 1):
            with connection.transaction():
                _step(connection, number)
    except errors.InsufficientPrivilege as error:
        raise StoreError(
            f"The database's user may not make tables ({_first_line(error)}). Make the database its own, or: "
            "GRANT CREATE ON SCHEMA … TO …."
        ) from error
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATING,))


def version_of(connection: psycopg.Connection[Any]) -> int:
    """The version of a store; 0 of a database in which nothing of one is yet.

    Raises:
        StoreError: it has another program's tables of these names, or was made by a newer Outcrop.
    """
    tables = {name for (name,) in connection.execute(_TABLES)}
    if "schema_version" in tables and _one(connection, _IS_OURS) == 2:  # noqa: PLR2004 - both columns
        version = int(_one(connection, "SELECT coalesce(max(version), 0) FROM schema_version"))
        if version > len(MIGRATIONS):
            raise StoreError(
                f"The store has version {version}, this Outcrop knows {len(MIGRATIONS)}: a newer one made "
                "it. Upgrade (`pip install -U outcrop`) or give another --store."
            )
        return version
    taken = sorted(tables & {"schema_version", *_names()})
    if taken:
        raise StoreError(
            f"The database has tables of another program: {', '.join(taken)}. Make a database for Outcrop "
            "alone (CREATE DATABASE …) and give that as --store."
        )
    return 0


def _check(connection: psycopg.Connection[Any]) -> None:
    found = connection.info.server_version
    if found < _LEAST_VERSION:
        raise StoreError(
            f"The database's PostgreSQL is {found // 10_000}.{found % 10_000}: Outcrop needs "
            f"{_LEAST_VERSION // 10_000} or later."
        )
    encoding = _one(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"The database's encoding is {encoding}: it cannot hold every text. Make one with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )
    if _one(connection, "SELECT current_schema()") is None:
        raise StoreError(
            "None of the schemas in the database's search_path is there, or may be used. Make one "
            "(CREATE SCHEMA …), or GRANT USAGE, CREATE ON SCHEMA … TO …."
        )


def _step(connection: psycopg.Connection[Any], number: int) -> None:
    if number == 1:
        connection.execute(
            "CREATE TABLE schema_version (version integer PRIMARY KEY, applied_at_ns bigint NOT NULL)"
        )
    for statement in MIGRATIONS[number - 1]:
        connection.execute(statement.encode())
    if number == 1:
        for table in PARTITIONED:
            connection.execute(_PARTITION.format(table=table, part=ELSEWHEN).encode())
    connection.execute("INSERT INTO schema_version VALUES (%s, %s)", (number, time.time_ns()))


def _names() -> Iterator[str]:
    """Of every table that migrations make."""
    for statements in MIGRATIONS:
        for statement in statements:
            words = statement.replace("UNLOGGED ", "").split(maxsplit=3)
            if words[:2] == ["CREATE", "TABLE"]:
                yield words[2]


def _one(connection: psycopg.Connection[Any], statement: str) -> Any:
    found = connection.execute(statement.encode()).fetchone()
    return None if found is None else found[0]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
