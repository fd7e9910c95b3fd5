"""The names under which rollups count, as rows, and their numbers; `common.series` says which there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.common.rollup_deltas import CALLS
from outcrop_server.storage.common.series import MAX_SERIES, shared
from outcrop_server.storage.postgresql.digests import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.common.series import Series
    from outcrop_server.storage.postgresql.connections import Connection

_MAX_REMEMBERED = 10_000
_FIND = """
    SELECT series_id, experiment_id, kind, model, operation, span_type FROM rollup_series
    WHERE (experiment_id, kind, digest) IN
        (SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::bytea[]))
"""
_ADD = """
    INSERT INTO rollup_series (experiment_id, kind, model, operation, span_type, digest)
    VALUES (%s, %s, %s, %s, %s, %s) RETURNING series_id
"""
_COUNT = "SELECT count(*) FROM rollup_series WHERE experiment_id = %s AND kind = %s"


class SeriesNumbers:
    """Finds and makes series; to be called under the lock of what is shared, by one thread.

    What a name counts under never changes, so that a call is taken from where it was added: no series is
    ever removed, and once an experiment has so many, a name that is not there will never be.
    """

    def __init__(self) -> None:
        self._numbers: dict[Series, int] = {}
        # What this transaction made: it is not there if that fails.
        self._made: list[Series] = []
        self._full: set[int] = set()

    def forget(self) -> None:
        """Drops what it remembers: it may be another database that is spoken to from now on."""
        self._numbers.clear()
        self._made.clear()
        self._full.clear()

    def begin(self) -> None:
        """To be called as a transaction begins: what the last one made is there."""
        self._made.clear()

    def roll_back(self) -> None:
        """Drops what the transaction made."""
        for series in self._made:
            self._numbers.pop(series, None)
        self._made.clear()
        self._full.clear()

    def remembers(self, wanted: Iterable[Series]) -> bool:
        """Whether nobody has to be asked for some of them."""
        return all(series in self._numbers for series in wanted)

    def find(self, connection: Connection, wanted: Iterable[Series]) -> None:
        """Looks those up together that are not remembered."""
        unknown = [series for series in wanted if series not in self._numbers]
        if not unknown:
            return
        if len(self._numbers) + len(unknown) > _MAX_REMEMBERED:
            self._numbers.clear()
        columns = zip(*[(series[0], series[1], digest_of(*series[2:])) for series in unknown], strict=True)
        rows: list[tuple[Any, ...]] = connection.execute(_FIND, [list(each) for each in columns]).fetchall()
        for number, *series in rows:
            self._numbers[tuple(series)] = number

    def number(self, connection: Connection, series: Series) -> int:
        """The number under which a series counts, of those that `find` was asked for."""
        known = self._numbers.get(series)
        if known is None:
            known = self._new(connection, series)
            self._remember(series, known)
        return known

    def _new(self, connection: Connection, series: Series) -> int:
        experiment_id, kind, *_ = series
        if kind != CALLS:
            return self._add(connection, series)
        if experiment_id not in self._full:
            if self._count(connection, experiment_id) < MAX_SERIES:
                return self._add(connection, series)
            self._full.add(experiment_id)
        of_model, of_all = shared(series)
        self.find(connection, (of_model, of_all))
        found = self._numbers.get(of_model)
        if found is None and self._count(connection, experiment_id) < 2 * MAX_SERIES:
            found = self._add(connection, of_model)
            self._remember(of_model, found)
        if found is None:
            found = self._numbers.get(of_all)
        if found is None:
            found = self._add(connection, of_all)
            self._remember(of_all, found)
        return found

    def _remember(self, series: Series, number: int) -> None:
        self._numbers[series] = number
        self._made.append(series)

    def _count(self, connection: Connection, experiment_id: int) -> int:
        found = connection.execute(_COUNT, (experiment_id, CALLS)).fetchone()
        return 0 if found is None else int(found[0])

    def _add(self, connection: Connection, series: Series) -> int:
        found = connection.execute(_ADD, (*series, digest_of(*series[2:]))).fetchone()
        if found is None:
            raise AssertionError("An insertion returns the row that it made.")
        return int(found[0])
