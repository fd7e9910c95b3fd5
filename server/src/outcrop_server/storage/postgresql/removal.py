"""The deletion of traces with everything that is theirs.

The functions are called within a transaction, by the committing thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.common.call_columns import TRACE_COLUMNS
from outcrop_server.storage.common.rollup_deltas import TracePart
from outcrop_server.storage.postgresql import notes
from outcrop_server.storage.postgresql.blobs import take_uses
from outcrop_server.storage.postgresql.listing import IN_EXPERIMENT, read_pages
from outcrop_server.storage.postgresql.schema import OF_TRACES
from outcrop_server.storage.postgresql.stored import by_part, find_calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.homes import Home
    from outcrop_server.storage.postgresql.write import Writer

_TRACES = (
    f"SELECT trace_key, span_count, frame_bytes, experiment_id, {TRACE_COLUMNS} FROM trace "  # noqa: S608 - made of constants
    "WHERE part = %s AND trace_key = ANY(%s::bigint[])"
)
_OLDEST = "SELECT trace_id FROM trace"
# Between the look and the lock, spans may have come that say otherwise.
_STILL_OLD = """
    SELECT trace_key FROM trace WHERE part = %s AND trace_key = ANY(%s::bigint[]) AND start_time_ns <= %s
        AND experiment_id = (SELECT experiment_id FROM experiment WHERE name = %s)
"""
_DELETE_PARTED = "DELETE FROM {table} WHERE part = %s AND trace_key = ANY(%s::bigint[])"
_DELETE_BESIDE = (
    "DELETE FROM assessment WHERE trace_key = ANY(%s::bigint[])",
    "DELETE FROM missing_parent WHERE trace_key = ANY(%s::bigint[])",
)


def delete_traces(writer: Writer, trace_ids: Iterable[bytes]) -> int:
    """Deletes traces by their ids, which are locked; returns how many there were."""
    wanted = list(dict.fromkeys(trace_ids))
    connection = writer.connection
    waiting = [home for home in map(writer.homes.get, wanted) if home is not None and home.has_note]
    if waiting:
        notes.delete_notes(connection, wanted)
        for home in waiting:
            home.has_note = False
    found = {trace_id: writer.homes.stored(trace_id) for trace_id in wanted}
    return _delete(writer, connection, {key: home for key, home in found.items() if home is not None})


def delete_oldest(writer: Writer, experiment: str, until_ns: int, limit: int) -> int:
    """Deletes the oldest traces of an experiment; returns how many there were."""
    connection = writer.connection
    # No snapshot: what is missed of it because it goes to another day just now is found when asked again.
    conditions: list[tuple[str, Any]] = [("start_time_ns <= %s", until_ns), (IN_EXPERIMENT, experiment)]
    rows = read_pages(connection, _OLDEST, conditions, None, limit, is_newest_first=False)
    wanted = list(dict.fromkeys(trace_id for (trace_id,) in rows))
    writer.homes.lock({}, wanted)
    homes = {trace_id: home for trace_id in wanted if (home := writer.homes.stored(trace_id)) is not None}
    still: set[int] = set()
    for part, keys in by_part(homes.values()).items():
        still |= {key for (key,) in connection.execute(_STILL_OLD, (part, keys, until_ns, experiment))}
    return _delete(writer, connection, {key: home for key, home in homes.items() if home.key in still})


def _delete(writer: Writer, connection: Connection, homes: Mapping[bytes, Home]) -> int:
    if not homes:
        return 0
    _take_away(writer, connection, list(homes.values()))
    for part, keys in by_part(homes.values()).items():
        for table in OF_TRACES:
            connection.execute(_DELETE_PARTED.format(table=table).encode(), (part, keys))
    keys = [home.key for home in homes.values()]
    for statement in _DELETE_BESIDE:
        connection.execute(statement.encode(), (keys,))
    writer.finishing.unused(take_uses(connection, keys))
    for trace_id, home in homes.items():
        home.is_stored = False
        writer.finishing.removed(trace_id, home)
    return len(homes)


def _take_away(writer: Writer, connection: Connection, homes: Sequence[Home]) -> None:
    """Takes traces and their calls out of the sums; before their rows are deleted."""
    calls = find_calls(connection, homes)
    for part, keys in by_part(homes).items():
        for key, span_count, frame_bytes, experiment_id, *values in connection.execute(
            _TRACES.encode(), (part, keys)
        ):
            summed = TracePart(*values)
            writer.deltas.add_trace(summed, experiment_id, sign=-1)
            writer.deltas.add_calls(summed.place(experiment_id), calls.get(key, ()), sign=-1)
            writer.finishing.used(part, -1, -span_count, -frame_bytes)
