"""The names under which rollups count, as rows, and their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.common.rollup_deltas import CALLS
from outcrop_server.storage.common.series import MAX_SERIES, shared

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.storage.common.series import Series

_MAX_REMEMBERED = 10_000

_ADD = """
    INSERT OR IGNORE INTO rollup_series (experiment_id, kind, model, operation, span_type)
    VALUES (?, ?, ?, ?, ?)
"""
_FIND = """
    SELECT series_id FROM rollup_series
    WHERE (experiment_id, kind, model, operation, span_type) = (?, ?, ?, ?, ?)
"""
_COUNT = "SELECT count(*) FROM rollup_series WHERE experiment_id = ? AND kind = ?"


class SeriesNumbers:
    """Finds and makes series; to be called within a transaction, by one thread.

    What a name counts under never changes, so that a call is taken from where it was added: no series is
    ever removed, and once an experiment has so many, a name that is not there will never be.

    Args:
        connection: the connection that writes.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[Series, int] = {}
        self._full: set[int] = set()

    def forget(self) -> None:
        """Drops what it remembers of the database; needed after a rollback."""
        self._numbers.clear()
        self._full.clear()

    def number(self, series: Series) -> int:
        """The number under which a series counts."""
        known = self._numbers.get(series)
        if known is None:
            if len(self._numbers) >= _MAX_REMEMBERED:
                self._numbers.clear()
            known = self._find(series)
            if known is None:
                known = self._new(series)
            self._numbers[series] = known
        return known

    def _new(self, series: Series) -> int:
        experiment_id, kind, *_ = series
        if kind != CALLS:
            return self._add(series)
        if experiment_id not in self._full:
            if self._count(experiment_id) < MAX_SERIES:
                return self._add(series)
            self._full.add(experiment_id)
        of_model, of_all = shared(series)
        found = self._numbers.get(of_model) or self._find(of_model)
        if found is None and self._count(experiment_id) < 2 * MAX_SERIES:
            found = self._add(of_model)
        if found is None:
            return self._find(of_all) or self._add(of_all)
        self._numbers[of_model] = found
        return found

    def _count(self, experiment_id: int) -> int:
        (count,) = self._connection.execute(_COUNT, (experiment_id, CALLS)).fetchone()
        return int(count)

    def _find(self, series: Series) -> int | None:
        found = self._connection.execute(_FIND, series).fetchone()
        return None if found is None else int(found[0])

    def _add(self, series: Series) -> int:
        self._connection.execute(_ADD, series)
        return int(self._connection.execute(_FIND, series).fetchone()[0])
