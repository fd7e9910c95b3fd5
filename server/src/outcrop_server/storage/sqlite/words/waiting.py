"""Which traces the index does not know yet, and which of those a search looks at all the same."""

from __future__ import annotations

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.sqlite import changes
from outcrop_server.storage.sqlite.removal_schema import HISTORY as REMOVAL_HISTORY
from outcrop_server.storage.sqlite.words.gathering import last_removal, top_of
from outcrop_server.storage.sqlite.words.index_schema import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

# The newest of those that wait are looked at one by one, with so many spans together.
LOOKED_AT_SPANS = 2_000
_ROWS = 5_000
_CHANGED = (
    "SELECT trace_key, span_count, experiment_id FROM trace_change CROSS JOIN trace USING (trace_key) "
    "WHERE change > ? ORDER BY change DESC"
)
_BELOW = (
    "SELECT trace_key, span_count FROM trace WHERE trace_key < ? ORDER BY trace_key DESC LIMIT ?"
)
_DOCUMENT = "SELECT 1 FROM document WHERE trace_key = ? AND trace_id IS NOT NULL"


class Waiting(NamedTuple):
    """Traces that wait to be indexed.

    Attributes:
        changed: keys of those that changed since.
        below: those with smaller keys may wait, too.
        looked_at: keys of those that are looked at one by one.
    """

    changed: frozenset[int]
    below: int
    looked_at: frozenset[int]


def read_waiting(
    store: sqlite3.Connection, index: sqlite3.Connection | None, state: State | None
) -> Waiting:
    """What waits.

    Args:
        store: a connection to the store.
        index: the same to the index; None without one.
        state: how far the index is; None without one.
    """
    if state is None or _is_lost(store, state):
        changed: list[tuple[int, int, int]] = []
        below, is_whole = top_of(store), False
    else:
        changed = store.execute(_CHANGED, (state.change,)).fetchall()
        below, is_whole = state.below, state.is_whole
    looked_at: set[int] = set()
    spans = _look_at(looked_at, ((key, count) for key, count, _ in changed), LOOKED_AT_SPANS)
    if below:
        rows = store.execute(_BELOW, (below, _ROWS)).fetchall()
        if is_whole and index is not None:
            rows = [row for row in rows if index.execute(_DOCUMENT, row[:1]).fetchone() is None]
        _look_at(looked_at, rows, spans)
    return Waiting(frozenset(key for key, _, _ in changed), below, frozenset(looked_at))


def count_passed_over(
    store: sqlite3.Connection, waiting: Waiting, experiments: tuple[str, ...]
) -> int:
    """How many traces a search of some experiments does not look at, or a few more; of all for none."""
    named = ", ".join("?" for _ in experiments)
    within = (
        f" AND experiment_id IN (SELECT experiment_id FROM experiment WHERE name IN ({named}))"
        if experiments
        else ""
    )
    passed = waiting.changed - waiting.looked_at
    count = sum(
        store.execute(f"SELECT count(*) FROM trace WHERE trace_key = ?{within}", (key, *experiments)).fetchone()[0]
        for key in passed
        if key >= waiting.below
    )
    if waiting.below:
        (below,) = store.execute(
            f"SELECT count(*) FROM trace WHERE trace_key < ?{within}", (waiting.below, *experiments)
        ).fetchone()
        looked_at = sum(
            store.execute(
                f"SELECT count(*) FROM trace WHERE trace_key = ?{within}", (key, *experiments)
            ).fetchone()[0]
            for key in waiting.looked_at
            if key < waiting.below
        )
        count += below - looked_at
    return int(count)


def _look_at(looked_at: set[int], rows: Iterable[tuple[int, int]], spans: int) -> int:
    """Adds those for which there is room; gives what is left of it."""
    for key, count in rows:
        if key in looked_at:
            continue
        if count > spans:
            break
        looked_at.add(key)
        spans -= count
    return spans


def _is_lost(store: sqlite3.Connection, state: State) -> bool:
    newest = changes.last(store).number
    return (
        not newest - changes.HISTORY <= state.change <= newest
        or state.removal < last_removal(store) - REMOVAL_HISTORY
    )
