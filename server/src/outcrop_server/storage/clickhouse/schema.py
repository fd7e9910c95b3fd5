"""The tables, and the statements that make them. Pure.

Rows are only ever added: what replaces a row has a greater `version`, what takes one away has `gone`.
`number` and `version` are those of the commit that wrote a row (`sequencer`).
"""

# ruff: noqa: S608 - put together from constants and names of the configuration only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse import beside_tables as beside
from outcrop_server.storage.clickhouse import trace_tables as traces
from outcrop_server.storage.clickhouse.table_parts import SUMS
from outcrop_server.storage.common.rollup_rows import LEVELS_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.storage.clickhouse.table_parts import Table

VERSION = 1
LOG_PART = beside.LOG_PART
PLACES = beside.PLACES
# Commits whose repeated inserts are known for such.
_WINDOW = 10_000
_WINDOW_S = 7 * 24 * 3600
# An acknowledged row is on the disk, and a merged part before those that it replaces are taken away.
_DURABLE = (
    "fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, "
    "min_compressed_bytes_to_fsync_after_merge = 1"
)

# In the order in which they are made: by the first of them the others are known for ours.
TABLES: dict[str, Table] = {
    "record": beside.RECORD,
    "log": beside.LOG,
    "span": traces.SPAN,
    "frame": traces.FRAME,
    "trace": traces.TRACE,
    "trace_home": traces.HOME,
    "missing_parent": traces.MISSING_PARENT,
    "words": traces.WORDS,
    "assessment": beside.ASSESSMENT,
    "session": beside.SESSION,
    "rollup": beside.ROLLUP,
    "change": beside.CHANGE,
    "blob": beside.BLOB,
    "blob_use": beside.BLOB_USE,
    "doomed": beside.DOOMED,
}
# Searches for words ask this where the version has it.
TEXT_INDEX = "INDEX by_word terms TYPE text(tokenizer = 'array')"


def table_of(name: str) -> Table:
    """A table by its name."""
    return {"rollup_in": beside.ROLLUP_IN, "turn": beside.TURN}.get(name) or TABLES[name]


def statements(
    *, database: str = "", cluster: str | None = None, has_text_index: bool = True, is_durable: bool = True
) -> Iterator[str]:
    """What makes all tables, if they are missing, in the database that is used.

    Args:
        database: its name, of a cluster: Keeper keeps those of all databases.
        cluster: the name under which ClickHouse knows its nodes; None for one server.
        has_text_index: whether the version has text indexes.
        is_durable: whether a row is on the disk when its insert is answered.
    """
    on = f" ON CLUSTER '{cluster}'" if cluster else ""
    for name, table in TABLES.items():
        local = f"{name}_local" if cluster and table.is_sharded else name
        settings = [f"index_granularity = {table.granularity}", *filter(None, [table.settings])]
        if cluster:
            engine = _replicated(table, local)
            settings += [
                f"replicated_deduplication_window = {_WINDOW}",
                f"replicated_deduplication_window_seconds = {_WINDOW_S}",
                "min_compressed_bytes_to_fsync_after_fetch = 1",
            ]
        else:
            engine = f"{table.engine}({table.arguments})"
            settings.append(f"non_replicated_deduplication_window = {_WINDOW}")
        if is_durable:
            settings.append(_DURABLE)
        indexes = (*table.indexes, *([TEXT_INDEX] if name == "words" and has_text_index else []))
        partition = f"PARTITION BY {table.partition} " if table.partition else ""
        yield (
            f"CREATE TABLE IF NOT EXISTS {local}{on} ({_columns(table, indexes)}) ENGINE = {engine} "
            f"{partition}ORDER BY ({table.order}) SETTINGS {', '.join(settings)}"
        )
        if local != name:
            yield (
                f"CREATE TABLE IF NOT EXISTS {name}{on} AS {local} "
                f"ENGINE = Distributed('{cluster}', currentDatabase(), '{local}', cityHash64(trace_id))"
            )
    if cluster:
        turn = f"ENGINE = KeeperMap('/outcrop/{database}/turn') PRIMARY KEY key"
        yield f"CREATE TABLE IF NOT EXISTS turn{on} ({_columns(beside.TURN, ())}) {turn}"
    yield f"CREATE TABLE IF NOT EXISTS rollup_in{on} ({_columns(beside.ROLLUP_IN, ())}) ENGINE = Null"
    yield f"CREATE MATERIALIZED VIEW IF NOT EXISTS rollup_fill{on} TO rollup AS {added_up('rollup_in')}"


def _columns(table: Table, indexes: tuple[str, ...]) -> str:
    return ", ".join((*(" ".join(filter(None, column)) for column in table.columns), *indexes))


def _replicated(table: Table, local: str) -> str:
    # What is on every node alike is one table of all; its replicas are told apart by shard and replica.
    shard, replica = ("{shard}", "{replica}") if table.is_sharded else ("all", "{shard}-{replica}")
    place = f"'/clickhouse/tables/{shard}/{{database}}/{local}', '{replica}'"
    return f"Replicated{table.engine}({', '.join(filter(None, [place, table.arguments]))})"


def added_up(table: str) -> str:
    """What the rows of a table like `rollup_in` come to, of all levels."""
    # By one view for all levels: four of them took more CPU for a small commit than all else of it.
    return (
        f"SELECT arrayJoin({list(LEVELS_S)}) AS level_s, experiment_id, kind, "
        "intDiv(minute_s, level_s) * level_s AS bucket_s, model, operation, span_type, "
        "max(newest) AS newest, "
        + ", ".join(f"sum({name}) AS {name}" for name in SUMS)
        + f", sumMap(latency) AS latency, sumMap(first_chunk) AS first_chunk FROM {table} "
        "GROUP BY level_s, experiment_id, kind, bucket_s, model, operation, span_type"
    )
