"""What there is to remove, oldest first, and how much room it takes; see `storage.retention`."""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.rows import OldTrace
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.listing import BY_DAYS, Asked, of_experiment, read_page

if TYPE_CHECKING:
    from outcrop_server.model.rows import TracePosition
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.facts import Facts
    from outcrop_server.storage.clickhouse.windows import Edges
    from outcrop_server.storage.clickhouse.writer import Writer

_OLD = "trace_id, start_time_ns, kept_bytes"
# A binary that several traces use counts to the one that came last: it goes with the last of them.
_OWNERS = (
    "SELECT argMax(trace_id, version) AS trace_id, argMax(kept_bytes, version) AS kept_bytes "
    "FROM blob_use FINAL WHERE NOT gone{among} GROUP BY experiment_id, sha256"
)
# Binaries that nobody uses, with what each takes. What they hold is not looked at.
_UNUSED = (
    "SELECT experiment_id, sha256, max(kept_bytes) AS size FROM blob_use FINAL "
    "WHERE (experiment_id, sha256) IN (SELECT experiment_id, sha256 FROM blob{among}) "
    "GROUP BY experiment_id, sha256 HAVING min(gone) = 1"
)
UNUSED_BYTES = f"SELECT sum(size) FROM ({_UNUSED.format(among='')})"
# Not what files of parts have beside: that is much of small ones, and goes as they become one.
_USED_BYTES = f"""
    SELECT toInt64((SELECT sum(data_compressed_bytes + secondary_indices_compressed_bytes) FROM system.parts
            WHERE active AND database = currentDatabase()))
        - toInt64((SELECT sum(kept_bytes) FROM doomed FINAL))
        - toInt64(({UNUSED_BYTES}))
"""


def unused_blobs(condition: str, limit: int) -> str:
    """The statement that gives binaries nobody uses: experiment, digest, bytes.

    Args:
        condition: of rows of `blob`.
        limit: at most so many.
    """
    return f"{_UNUSED.format(among=f' WHERE {condition}')} LIMIT {limit}"


def read_oldest(
    facts: Facts, edges: Edges, experiment: str, after: TracePosition | None, limit: int
) -> list[OldTrace]:
    """A page of an experiment's traces, oldest first."""
    client, condition = facts.client, of_experiment(facts.now(), experiment)
    if condition is None:
        return []
    rows = read_page(client, edges, Asked(_OLD, condition, after, limit, is_newest_first=False))
    blobs = _blob_bytes(client, [trace_id for trace_id, *_ in rows]) if rows else {}
    return [
        OldTrace(trace_id, experiment, start_ns, size + blobs.get(trace_id, 0))
        for trace_id, start_ns, size in rows
    ]


def _blob_bytes(client: Client, trace_ids: list[bytes]) -> dict[bytes, int]:
    """What the binaries take that count to some traces."""
    own = hex_list(trace_ids, 16)
    among = (
        " AND (experiment_id, sha256) IN "
        f"(SELECT experiment_id, sha256 FROM blob_use WHERE trace_id IN {own})"
    )
    found = client.query(
        f"SELECT trace_id, sum(kept_bytes) FROM ({_OWNERS.format(among=among)}) "
        f"WHERE trace_id IN {own} GROUP BY trace_id"
    )
    return {trace_id: int(size) for trace_id, size in found}


def read_experiment_bytes(facts: Facts, experiment: str) -> int:
    """What an experiment takes."""
    client, number = facts.client, facts.now().number_of(experiment)
    if number is None:
        return 0
    of_traces = f"FROM trace FINAL WHERE experiment_id = {number} AND NOT gone"
    ((traces, blobs),) = client.query(
        f"SELECT (SELECT sum(kept_bytes) {of_traces}), (SELECT sum(kept_bytes) "
        f"FROM ({_OWNERS.format(among='')}) WHERE trace_id IN (SELECT trace_id {of_traces}))",
        settings=BY_DAYS,
    )
    return int(traces or 0) + int(blobs or 0)


def read_used_bytes(client: Client) -> int:
    """What the tables take on disk, about, without what was deleted and lies there still."""
    ((size,),) = client.query(_USED_BYTES)
    return max(0, int(size or 0))


def delete_oldest(writer: Writer, experiment: str, until_ns: int, limit: int) -> int:
    """Deletes the oldest traces of an experiment; returns how many."""
    number = writer.memory.number_of(experiment)
    if number is None or writer.experiment_name(number) != experiment:
        return 0
    # Never more than this of one trace: the row of one that has just moved may still be in two places.
    found = writer.client.query(
        f"SELECT trace_id FROM trace FINAL WHERE experiment_id = {number} AND start_time_ns <= {until_ns} "
        f"AND NOT gone ORDER BY start_time_ns, trace_id LIMIT 1 BY trace_id LIMIT {limit}",
        settings=BY_DAYS,
    )
    return writer.delete_traces([trace_id for (trace_id,) in found])
