"""Which traces the index does not know yet, and which of those a search looks at all the same.

A trace is in the index where that holds as many spans of it as it has. So nothing has to be kept of what
waits: it is asked for, among what changed since the index was last filled, and in days that may lack some.
"""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.common.recent_texts import Version
from outcrop_server.storage.postgresql.finishing import HISTORY
from outcrop_server.storage.postgresql.text_schema import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outcrop_server.storage.postgresql.connections import Connection

# The newest of those that wait are looked at one by one, with so many spans together.
LOOKED_AT_SPANS = 500
_ROWS = 5_000
# Above every day's number: all may lack something.
TOP = 2**31 - 1

_STATE = (
    "SELECT text_state.change, text_state.below, text_state.format = %s "
    "AND text_state.mark = change_history.mark "
    "AND text_state.change BETWEEN change_history.last - %s AND change_history.last "
    "FROM text_state, change_history"
)
_CHANGES = "SELECT change, trace_key, part FROM trace_change WHERE change > %s ORDER BY change DESC LIMIT %s"
_OF_PART = """
    SELECT trace.trace_key, trace.trace_id, trace.span_count FROM trace
    LEFT JOIN text_document AS known ON known.trace_key = trace.trace_key AND known.part = %s
    WHERE trace.part = %s AND trace.trace_key = ANY(%s::bigint[])
        AND known.span_count IS DISTINCT FROM trace.span_count
"""
# As far as traces are read here they are few: what an index already has is left out behind.
_LACKS = (
    "LEFT JOIN text_document AS known ON known.trace_key = found.trace_key AND known.part = found.part "
    "WHERE known.span_count IS DISTINCT FROM found.span_count"
)
_BELOW = f"""
    SELECT found.trace_key, found.part, found.trace_id, 0::bigint, found.span_count FROM (
        SELECT trace_key, part, trace_id, start_time_ns, span_count FROM trace WHERE part < %s
        ORDER BY start_time_ns DESC, trace_id DESC LIMIT %s) AS found {_LACKS}
    ORDER BY found.start_time_ns DESC, found.trace_id DESC
"""
# The same where the index is of no use.
_NEWEST = """
    SELECT trace_key, part, trace_id, 0::bigint, span_count FROM trace WHERE part < %s
    ORDER BY start_time_ns DESC, trace_id DESC LIMIT %s
"""
_COUNT = """
    SELECT count(*) FROM trace AS found LEFT JOIN text_document AS known
        ON known.trace_key = found.trace_key AND known.part = found.part
    WHERE known.span_count IS DISTINCT FROM found.span_count AND ({where}){within}
"""
_WITHIN = " AND found.experiment_id IN (SELECT experiment_id FROM experiment WHERE name = ANY(%s::text[]))"
_Row = tuple[int, int, bytes, int, int]


class State(NamedTuple):
    """How far the index is.

    Attributes:
        change: it has followed the store's changes up to this one.
        below: of days before this one it may lack traces; 0 where it has all.
    """

    change: int
    below: int


class Waiting(NamedTuple):
    """Traces that wait to be indexed.

    Attributes:
        looked_at: those that are looked at one by one, by their keys.
        homes: the part of each of those.
        is_whole: whether these are all that wait.
    """

    looked_at: Mapping[int, Version]
    homes: Mapping[int, int]
    is_whole: bool = True


NOTHING_WAITS = Waiting({}, {})


def read_state(connection: Connection) -> State | None:
    """How far the index is; None if there is none, or not of this history of changes."""
    row = connection.execute(_STATE, (FORMAT, HISTORY)).fetchone()
    return State(int(row[0]), int(row[1])) if row is not None and row[2] else None


def read_waiting(connection: Connection, state: State | None, *, has_index: bool = True) -> Waiting:
    """What waits.

    Args:
        connection: within a snapshot.
        state: how far the index is; None if that is not known.
        has_index: whether it can be read.
    """
    change, below = (0, TOP) if state is None else state
    changed: list[_Row] = []
    is_whole = True
    if state is not None:
        changed, is_whole = _changed(connection, change)
    looked_at: dict[int, Version] = {}
    homes: dict[int, int] = {}
    spans, is_all = _look_at(looked_at, homes, changed, LOOKED_AT_SPANS)
    is_whole = is_whole and is_all
    if below:
        rows: list[_Row] = connection.execute(_BELOW if has_index else _NEWEST, (below, _ROWS)).fetchall()
        _, is_all = _look_at(looked_at, homes, rows, spans)
        is_whole = is_whole and is_all and not _has_more(connection, below)
    return Waiting(looked_at, homes, is_whole)


def _changed(connection: Connection, after: int) -> tuple[list[_Row], bool]:
    """What changed and is not in the index, the newest first, and whether that is all of it."""
    rows: list[tuple[int, int, int]] = connection.execute(_CHANGES, (after, _ROWS)).fetchall()
    by_part: dict[int, list[int]] = {}
    for _, key, part in rows:
        by_part.setdefault(part, []).append(key)
    # Part by part: a statement over all of them would cost a plan for each.
    lacking = {
        key: (trace_id, count)
        for part, keys in by_part.items()
        for key, trace_id, count in connection.execute(_OF_PART, (part, part, keys))
    }
    found = [
        (key, part, lacking[key][0], change, lacking[key][1]) for change, key, part in rows if key in lacking
    ]
    return found, len(rows) < _ROWS


def count_passed_over(
    connection: Connection, state: State | None, waiting: Waiting, experiments: tuple[str, ...]
) -> int:
    """How many traces a search of some experiments does not look at, or a few more; of all for none."""
    if waiting.is_whole:
        return 0
    within = _WITHIN if experiments else ""
    change, below = (0, TOP) if state is None else state
    named = [list(experiments)] if experiments else []

    def count(where: str, *values: object) -> int:
        statement = _COUNT.format(where=where, within=within)
        row = connection.execute(statement.encode(), (*values, *named)).fetchone()
        return int(row[0]) if row is not None else 0

    looked_at = list(waiting.looked_at)
    beside = "AND NOT found.trace_key = ANY(%s::bigint[])"
    waits = count(f"found.part < %s {beside}", below, looked_at)
    if state is None:
        return waits
    since = "(found.trace_key, found.part) IN (SELECT trace_key, part FROM trace_change WHERE change > %s)"
    return waits + count(f"found.part >= %s AND {since} {beside}", below, change, looked_at)


def _has_more(connection: Connection, below: int) -> bool:
    statement = "SELECT 1 FROM trace WHERE part < %s OFFSET %s LIMIT 1"
    return connection.execute(statement, (below, _ROWS)).fetchone() is not None


def _look_at(
    looked_at: dict[int, Version], homes: dict[int, int], rows: Iterable[_Row], spans: int
) -> tuple[int, bool]:
    """Adds those for which there is room; gives what is left of it, and whether there was for all."""
    for key, part, trace_id, change, count in rows:
        if key in looked_at:
            continue
        if count > spans:
            return spans, False
        looked_at[key] = Version(trace_id, change, count)
        homes[key] = part
        spans -= count
    return spans, True
