"""What there is to remove, oldest first, and how much room it takes; see `storage.retention`."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.rows import OldTrace
from outcrop_server.storage.postgresql.finishing import SPAN_BYTES
from outcrop_server.storage.postgresql.listing import IN_EXPERIMENT, read_pages

if TYPE_CHECKING:
    from outcrop_server.model.rows import TracePosition
    from outcrop_server.storage.postgresql.connections import Connection

# A binary that several traces use counts to the one that came last: it goes with the last of them.
_KEPT_BYTES = f"""
    (span_count * {SPAN_BYTES} + frame_bytes + (SELECT coalesce(sum(octet_length(content)), 0) FROM blob
        WHERE blob_id IN (SELECT blob_id FROM blob_use WHERE blob_use.trace_key = trace.trace_key)
        AND trace.trace_key = (SELECT max(trace_key) FROM blob_use WHERE blob_use.blob_id = blob.blob_id)
    ))::bigint
"""
_OLDEST = f"SELECT trace_id, start_time_ns, {_KEPT_BYTES} FROM trace"
_EXPERIMENT_BYTES = f"SELECT coalesce(sum({_KEPT_BYTES}), 0)::bigint FROM trace WHERE {IN_EXPERIMENT}"
_USED_BYTES = """
    SELECT coalesce((SELECT sum(kept_bytes) FROM part_use), 0)
        + coalesce((SELECT sum(octet_length(content)) FROM blob), 0)
        + coalesce((SELECT sum(octet_length(content)) FROM document), 0)
"""


def read_oldest(
    connection: Connection, experiment: str, after: TracePosition | None, limit: int
) -> list[OldTrace]:
    """A page of an experiment's traces, oldest first; to be called within a snapshot."""
    conditions = [(IN_EXPERIMENT, experiment)]
    rows = read_pages(connection, _OLDEST, conditions, after, limit, is_newest_first=False)
    return [OldTrace(trace_id, experiment, start_ns, size) for trace_id, start_ns, size in rows]


def read_experiment_bytes(connection: Connection, experiment: str) -> int:
    """What an experiment takes."""
    found = connection.execute(_EXPERIMENT_BYTES.encode(), (experiment,)).fetchone()
    return 0 if found is None else int(found[0])


def read_used_bytes(connection: Connection) -> int:
    """What the store takes, by its own account; the index of words apart.

    Not what its files have: these keep the room of what was deleted for what comes, and nobody without
    special rights can ask how much of them that is.
    """
    found = connection.execute(_USED_BYTES).fetchone()
    return 0 if found is None else int(found[0])
