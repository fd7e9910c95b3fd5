"""What the writer remembers of records that every commit needs: experiments, and names that rollups count.

Renewed at each commit before which another writer's came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from outcrop_server.storage.common.rollup_deltas import CALLS
from outcrop_server.storage.common.series import MAX_SERIES, shared

if TYPE_CHECKING:
    from collections.abc import Callable

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.common.series import Series

EXPERIMENT = "experiment"
SERIES = "series"
# A day that rows of `trace` lie in, and one that their spans do; and that a trace ever began anew.
DAYS = "days"
REBORN = "reborn"
_NEWER = """
    SELECT kind, key, value, gone, version FROM record
    WHERE kind IN ('experiment', 'series', 'days', 'reborn') AND version > {seen:UInt64} ORDER BY version
"""

_NOTES = "SELECT 1 FROM record WHERE kind = 'note' AND NOT gone AND version > {seen:UInt64} LIMIT 1"


@dataclass(slots=True)
class Experiment:
    """An experiment as its record says."""

    experiment_id: int
    name: str
    created_at_ns: int
    description: str = ""
    archived_at_ns: int | None = None
    retention: str | None = None
    former_names: tuple[str, ...] = ()

    def text(self) -> str:
        """The record."""
        return orjson.dumps(self).decode()

    @classmethod
    def read(cls, text: str) -> Experiment:
        """From a record."""
        told: dict[str, Any] = orjson.loads(text)
        told["former_names"] = tuple(told["former_names"])
        return cls(**told)


def read_days(key: str) -> tuple[int, int]:
    """The two days of a record of `DAYS`, from its key."""
    day, anchor_day = key.split()
    return int(day), int(anchor_day)


class Memory:
    """Experiments, series and days as they are before a commit, and then with what it adds.

    Args:
        client: asks the database.

    Attributes:
        experiments: by their numbers.
        days: each that rows of `trace` lie in, with each that their spans do.
        has_reborn: whether a trace ever began anew.
        has_notes: whether notes may wait for traces.
        looked_at_notes_ns: when notes were last looked at that may have waited for too long.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.has_notes = False
        self.looked_at_notes_ns = 0
        self._seen = 0
        self._number = 0
        self.experiments: dict[int, Experiment] = {}
        self.days: set[tuple[int, int]] = set()
        self.has_reborn = False
        self._names: dict[str, int] = {}
        self._series: dict[int, set[Series]] = {}

    def renew(self, number: int) -> None:
        """Reads what other writers have changed before a commit."""
        if self._number and self._number == number - 1:
            self._number = number
            return
        # Mostly none waits, and this would be asked at every commit.
        self.has_notes = self.has_notes or bool(self._client.query(_NOTES, {"seen": self._seen}))
        for kind, key, value, _, version in self._client.query(_NEWER, {"seen": self._seen}):
            self._seen = max(self._seen, version)
            if kind == EXPERIMENT:
                self.take(Experiment.read(value))
            elif kind == DAYS:
                self.days.add(read_days(key))
            elif kind == REBORN:
                self.has_reborn = True
            else:
                series: Series = tuple(orjson.loads(key))
                self._series.setdefault(series[0], set()).add(series)
        self._number = number

    def forget(self) -> None:
        """Reads everything anew at the next commit: this one came to nothing."""
        self.__init__(self._client)  # type: ignore[misc]

    def take(self, experiment: Experiment) -> None:
        """Remembers an experiment as it is now."""
        self.experiments[experiment.experiment_id] = experiment
        # A name never goes from one to another.
        for name in (*experiment.former_names, experiment.name):
            self._names[name] = experiment.experiment_id

    def number_of(self, name: str) -> int | None:
        """The number of the experiment that has a name, else of the one that had it."""
        return self._names.get(name)

    def next_number(self) -> int:
        """For a new experiment."""
        return max(self.experiments, default=0) + 1

    def counted_under(self, series: Series, add: Callable[[Series], None]) -> Series:
        """The series under which a call counts; what an experiment's first names are never changes.

        Args:
            series: its own.
            add: keeps a new one.
        """
        experiment_id, kind, *_ = series
        if kind != CALLS:
            return series
        known = self._series.setdefault(experiment_id, set())
        of_model, of_all = shared(series)
        for each, most in ((series, MAX_SERIES), (of_model, 2 * MAX_SERIES), (of_all, None)):
            if each in known:
                return each
            if most is None or len(known) < most:
                known.add(each)
                add(each)
                return each
        raise AssertionError("The last of them has no limit.")
