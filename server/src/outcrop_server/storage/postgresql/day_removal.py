"""Deletes a whole day's traces by dropping its partitions: what that costs does not grow with their bytes.

What else is said of these traces goes in the same transaction. Most of that is done while others read and
write other days; all of them wait only while numbers are taken away and tables dropped.
"""

# ruff: noqa: S608 - put together from constants and numbers only; values always go in as parameters.

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors

from outcrop_server.model.aggregates import MAX_COUNTED
from outcrop_server.storage.common.rollup_rows import LEVELS_S
from outcrop_server.storage.postgresql.arrays import integers
from outcrop_server.storage.postgresql.connections import open_writer
from outcrop_server.storage.postgresql.dropping import drop, lock_tables, size_of
from outcrop_server.storage.postgresql.failures import told
from outcrop_server.storage.postgresql.partitions import DAY_NS
from outcrop_server.storage.postgresql.schema import ELSEWHEN
from outcrop_server.storage.postgresql.sums import SESSION_SUMS as _SUMS
from outcrop_server.storage.postgresql.sums import look_up_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.giving_back import GivingBack

# Who waits for a table keeps all who come later waiting behind: for a moment, now and then.
_PATIENCE = "300ms"
_PAUSE_S = 0.1
_PAUSES = 10
_TRIES = 20
_ONE_BY_ONE = 50
_DAY_S = DAY_NS // 1_000_000_000

_DAYS = f"""
    SELECT part FROM part_use
    WHERE trace_count > 0 AND part <> {ELSEWHEN} AND (part + 1) * {DAY_NS}::bigint <= %s ORDER BY part
"""
_EXPERIMENTS = "SELECT experiment_id, name FROM experiment"
# Of each experiment the first moment from which its traces stay; of some all do.
_STAYS = """
    SELECT 1 FROM unnest(%s::bigint[], %s::bigint[]) AS stays (experiment_id, from_ns) WHERE EXISTS (
        SELECT 1 FROM trace_d{part} AS trace WHERE trace.experiment_id = stays.experiment_id
            AND start_time_ns >= from_ns)
    LIMIT 1
"""
_ALL = -(2**63)
# What lies in tables of all days in large pieces goes with its trace, in the usual way.
_HEAVY = """
    SELECT trace_id, experiment_id FROM trace_d{part} AS trace
    WHERE EXISTS (SELECT 1 FROM blob_use WHERE blob_use.trace_key = trace.trace_key)
        OR EXISTS (SELECT 1 FROM document WHERE document.trace_id = trace.trace_id)
    LIMIT %s
"""
# A sender whose clock was wild: its trace counts on the day, and lies elsewhere.
_ELSEWHERE = "SELECT 1 FROM trace_elsewhen WHERE start_time_ns >= %s AND start_time_ns < %s LIMIT 1"
# These are large, other than what writers look up.
_PLAN_FREELY = (
    "SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; "
    "SET LOCAL lock_timeout = '5s'"
)
_LOCK_HOMES = """
    SELECT count(*) FROM (SELECT 1 FROM trace_home JOIN trace_d{part} USING (trace_id)
        ORDER BY trace_id FOR UPDATE OF trace_home) AS locked
"""
_COUNTS = """
    SELECT experiment_id, count(*), count(*) FILTER (WHERE status = 'ERROR') FROM trace_d{part}
    GROUP BY experiment_id ORDER BY experiment_id
"""
_SUMMED = ", ".join(f"sum(least(coalesce({name}, 0), {MAX_COUNTED}))::bigint" for name in _SUMS[2:])
_OF_SESSIONS = f"""
    SELECT session_id, experiment_id, count(*), count(*) FILTER (WHERE status = 'ERROR'), {_SUMMED}
    FROM trace_d{{part}} WHERE session_id IS NOT NULL GROUP BY session_id, experiment_id
    ORDER BY session_id, experiment_id
"""
_BESIDE = (
    "DELETE FROM assessment USING trace_d{part} AS gone WHERE assessment.trace_key = gone.trace_key",
    "DELETE FROM missing_parent USING trace_d{part} AS gone WHERE missing_parent.trace_key = gone.trace_key",
    "DELETE FROM trace_home USING trace_d{part} AS gone WHERE trace_home.trace_id = gone.trace_id",
)
_UNCOUNT = """
    UPDATE experiment SET trace_count = trace_count - gone.traces, error_count = error_count - gone.errors
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS gone (experiment_id, traces, errors)
    WHERE experiment.experiment_id = gone.experiment_id
"""
# Who writes to the day holds what dropping needs, and goes first.
_IS_AWAITED = """
    SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)) LIMIT 1
"""
_ROLLUPS = "DELETE FROM rollup WHERE level_s = ANY(%s::integer[]) AND bucket_s >= %s AND bucket_s < %s"
_GONE = (
    f"unnest(%s::text[], %s::bigint[], {', '.join('%s::bigint[]' for _ in _SUMS)}) "
    f"AS gone (session_id, experiment_id, {', '.join(_SUMS)})"
)
_SAME = "session.session_id = gone.session_id AND session.experiment_id = gone.experiment_id"
_END_SESSIONS = f"DELETE FROM session USING {_GONE} WHERE {_SAME} AND session.trace_count = gone.trace_count"
_LESS = ", ".join(f"{name} = session.{name} - gone.{name}" for name in _SUMS)
_LEAVE_SESSIONS = (
    f"UPDATE session SET {_LESS} FROM {_GONE} WHERE {_SAME} "
    "RETURNING session.session_id, session.experiment_id"
)


class DayRemoval:
    """Deletes days.

    Args:
        uri: of the database.
        delete_traces: deletes some traces in the usual way.
        giving_back: told how many bytes went.
    """

    def __init__(
        self,
        uri: str,
        delete_traces: Callable[[Sequence[bytes]], Future[int]],
        giving_back: GivingBack,
    ) -> None:
        self._uri = uri
        self._delete_traces = delete_traces
        self._giving_back = giving_back

    def delete_day(self, before_ns: Mapping[str, int]) -> dict[str, int]:
        """See `storage.retention`.

        Raises:
            UnavailableError: it could not be done now.
        """
        if not before_ns:
            return {}
        try:
            with open_writer(self._uri) as connection:
                names = dict(connection.execute(_EXPERIMENTS.encode()).fetchall())
                stays = {number: before_ns.get(name, _ALL) for number, name in names.items()}
                days = connection.execute(_DAYS.encode(), (max(before_ns.values()),)).fetchall()
                for (part,) in days:
                    if not _may_go(connection, part, stays):
                        continue
                    gone = self._one_by_one(connection, part)
                    size = size_of(connection, part)
                    if (counts := _dropped(connection, part, stays)) is not None:
                        self._giving_back.add(size)
                        gone.update(counts)
                    return {names[number]: count for number, count in gone.items()}
        except psycopg.Error as error:
            raise told(error, "delete what is old") from error
        return {}

    def _one_by_one(self, connection: Connection, part: int) -> Counter[int]:
        """Deletes those traces that have more than rows; how many, by the numbers of experiments."""
        gone: Counter[int] = Counter()
        while heavy := _heavy(connection, part, _ONE_BY_ONE):
            if not self._delete_traces([trace_id for trace_id, _ in heavy]).result():
                # Others deleted them just now.
                break
            gone.update(number for _, number in heavy)
        return gone


def _may_go(connection: Connection, part: int, stays: Mapping[int, int]) -> bool:
    """Whether all traces of a day may go, and count nowhere else."""
    values = (integers(stays), integers(stays.values()))
    if connection.execute(_STAYS.format(part=part).encode(), values).fetchone():
        return False
    return connection.execute(_ELSEWHERE, (part * DAY_NS, (part + 1) * DAY_NS)).fetchone() is None


def _dropped(connection: Connection, part: int, stays: Mapping[int, int]) -> dict[int, int] | None:
    """Drops a day; how many traces went of each experiment. None if that cannot be now."""
    try:
        with connection.transaction():
            return _drop(connection, part, stays)
    except (errors.LockNotAvailable, errors.DeadlockDetected, _NotNowError):
        return None


def _drop(connection: Connection, part: int, stays: Mapping[int, int]) -> dict[int, int]:
    connection.execute(_PLAN_FREELY.encode())
    # Who writes a trace has its home's lock before that of a table: so here, too.
    locked = connection.execute(_LOCK_HOMES.format(part=part).encode()).fetchone()
    connection.execute(f"LOCK TABLE trace_d{part} IN SHARE MODE".encode())
    counts = connection.execute(_COUNTS.format(part=part).encode()).fetchall()
    if locked != (sum(count for _, count, _ in counts),):
        raise _NotNowError
    sessions = connection.execute(_OF_SESSIONS.format(part=part).encode()).fetchall()
    for statement in _BESIDE:
        connection.execute(statement.format(part=part).encode())
    _wait_for_tables(connection, part)
    if not _may_go(connection, part, stays) or _heavy(connection, part, 1):
        raise _NotNowError
    drop(connection, part)
    _take_away(connection, part, counts, sessions)
    return {number: count for number, count, _ in counts}


def _heavy(connection: Connection, part: int, most: int) -> list[tuple[Any, ...]]:
    """Traces that have more than rows, with their experiments' numbers."""
    return connection.execute(_HEAVY.format(part=part).encode(), (most,)).fetchall()


def _wait_for_tables(connection: Connection, part: int) -> None:
    """Takes the locks under which nobody reads or writes, without keeping others waiting for long."""
    for tried in range(1, _TRIES + 1):
        try:
            with connection.transaction():
                lock_tables(connection, part, _PATIENCE)
        except errors.LockNotAvailable:
            if tried == _TRIES:
                raise
        else:
            return
        for _ in range(_PAUSES):
            if connection.execute(_IS_AWAITED).fetchone():
                raise _NotNowError
            time.sleep(_PAUSE_S)


def _take_away(
    connection: Connection, part: int, counts: Sequence[tuple[int, int, int]], sessions: Sequence[Any]
) -> None:
    """Takes a day out of what is summed up over traces."""
    connection.execute(_UNCOUNT.encode(), [integers(column) for column in zip(*counts, strict=True)])
    first_s = part * _DAY_S
    connection.execute(_ROLLUPS, (list(LEVELS_S), first_s, first_s + _DAY_S))
    connection.execute("DELETE FROM trace_change WHERE part = %s", (part,))
    if not sessions:
        return
    names, *numbers = zip(*sessions, strict=True)
    gone = (list(names), *map(integers, numbers))
    connection.execute(_END_SESSIONS.encode(), gone)
    left = connection.execute(_LEAVE_SESSIONS.encode(), gone).fetchall()
    if left:
        look_up_ends(connection, left)


class _NotNowError(Exception):
    """Something came in between that stands in the way."""
