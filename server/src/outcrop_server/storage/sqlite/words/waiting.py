"""Which traces the index does not know yet, and which of those a search looks at all the same."""

from __future__ import annotations

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.common.recent_texts import Version
from outcrop_server.storage.sqlite import changes
from outcrop_server.storage.sqlite.removal_schema import HISTORY as REMOVAL_HISTORY
from outcrop_server.storage.sqlite.words.gathering import last_removal, top_of
from outcrop_server.storage.sqlite.words.index_schema import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from outcrop_server.storage.sqlite.words.index_file import IndexRows

_Row = tuple[int, bytes, int, int]
# The newest of those that wait are looked at one by one, with so many spans together.
LOOKED_AT_SPANS = 500
_ROWS = 5_000
_CHANGED = (
    "SELECT trace_key, trace_id, change, span_count FROM trace_change CROSS JOIN trace USING (trace_key) "
    "WHERE change > ? ORDER BY change DESC"
)
_BELOW = (
    "SELECT trace_key, trace_id, 0, span_count FROM trace WHERE trace_key < ? ORDER BY trace_key DESC LIMIT ?"
)
_DOCUMENT = "SELECT 1 FROM document WHERE trace_key = ? AND trace_id IS NOT NULL"


class Waiting(NamedTuple):
    """Traces that wait to be indexed.

    Attributes:
        changed: keys of those that changed since.
        below: those with smaller keys may wait, too.
        looked_at: those that are looked at one by one, by their keys.
        is_whole: whether these are all that wait.
    """

    changed: frozenset[int]
    below: int
    looked_at: Mapping[int, Version]
    is_whole: bool = True


NOTHING_WAITS = Waiting(frozenset(), 0, {})


def read_waiting(store: sqlite3.Connection, index: IndexRows | None, state: State | None) -> Waiting:
    """What waits.

    Args:
        store: a connection to the store.
        index: the index; None without one.
        state: how far it is; None without one.

    Raises:
        IndexFaultError: it cannot be read.
    """
    if state is None or _is_lost(store, state):
        changed: list[_Row] = []
        below, is_whole = top_of(store), False
    else:
        changed = store.execute(_CHANGED, (state.change,)).fetchall()
        below, is_whole = state.below, state.is_whole
    looked_at: dict[int, Version] = {}
    spans = _look_at(looked_at, changed, LOOKED_AT_SPANS)
    keys = frozenset(row[0] for row in changed)
    passes_some = len(keys) > len(looked_at)
    if below:
        rows = store.execute(_BELOW, (below, _ROWS)).fetchall()
        passes_some = passes_some or len(rows) == _ROWS
        if is_whole and index is not None:
            rows = [row for row in rows if not index.read(_DOCUMENT, row[:1])]
        _look_at(looked_at, rows, spans)
        passes_some = passes_some or any(row[0] not in looked_at for row in rows)
    return Waiting(keys, below, looked_at, not passes_some)


def count_unindexed(store: sqlite3.Connection, index: IndexRows | None, state: State | None) -> int:
    """How many traces the index does not have yet, whether searches look at them or not.

    Raises:
        IndexFaultError: it cannot be read.
    """
    if state is None or index is None or _is_lost(store, state):
        return _count(store, "1")
    above = _count(store, "change > ? AND trace_key >= ?", state.change, state.below, table="trace_change")
    if not state.below:
        return above
    below = _count(store, "trace_key < ?", state.below)
    known = index.read(
        "SELECT count(*) FROM document WHERE trace_key < ? AND trace_id IS NOT NULL", (state.below,)
    )
    return above + (max(0, below - int(known[0][0])) if state.is_whole else below)


def _count(store: sqlite3.Connection, condition: str, *values: Any, table: str = "trace") -> int:
    statement = f"SELECT count(*) FROM {table} WHERE {condition}"
    return int(store.execute(statement, values).fetchone()[0])


def count_passed_over(store: sqlite3.Connection, waiting: Waiting, experiments: tuple[str, ...]) -> int:
    """How many traces a search of some experiments does not look at, or a few more; of all for none."""
    named = ", ".join("?" for _ in experiments)
    within = (
        f" AND experiment_id IN (SELECT experiment_id FROM experiment WHERE name IN ({named}))"
        if experiments
        else ""
    )
    if waiting.is_whole:
        return 0

    def count(condition: str, value: Any) -> int:
        return _count(store, f"{condition}{within}", value, *experiments)

    among = "trace_key IN (SELECT value FROM json_each(?))"
    passed = [key for key in waiting.changed - waiting.looked_at.keys() if key >= waiting.below]
    looked_at = [key for key in waiting.looked_at if key < waiting.below]
    below = count("trace_key < ?", waiting.below) if waiting.below else 0
    return count(among, json.dumps(passed)) + below - count(among, json.dumps(looked_at))


def _look_at(looked_at: dict[int, Version], rows: Iterable[_Row], spans: int) -> int:
    """Adds those for which there is room; gives what is left of it."""
    for key, trace_id, change, count in rows:
        if key in looked_at:
            continue
        if count > spans:
            break
        looked_at[key] = Version(trace_id, change, count)
        spans -= count
    return spans


def _is_lost(store: sqlite3.Connection, state: State) -> bool:
    newest = changes.last(store).number
    return (
        not newest - changes.HISTORY <= state.change <= newest
        or state.removal < last_removal(store) - REMOVAL_HISTORY
    )
