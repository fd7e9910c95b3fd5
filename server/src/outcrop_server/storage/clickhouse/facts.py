"""What readers must know of a store beside its traces: experiments, days, whether traces began anew.

It changes rarely, and each statement costs more than what it reads. So it is kept, and every question asks
along with something else whether it has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse.memory import DAYS, EXPERIMENT, REBORN, Experiment, read_days

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.clickhouse.client import Client

_KINDS = f"kind IN ('{EXPERIMENT}', '{DAYS}', '{REBORN}')"
# An expression for a statement: the commit that changed something of it last.
VERSION = f"(SELECT max(version) FROM record WHERE {_KINDS})"  # noqa: S608 - constants
_ALL = f"SELECT kind, key, value, gone, version FROM record WHERE {_KINDS} ORDER BY version"  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Known:
    """As it is at a commit.

    Attributes:
        version: the commit that changed something of it last.
        experiments: by number, in the order of these.
        anchors: by the day that rows of `trace` lie in, the days in which their spans may.
        has_reborn: whether a trace ever began anew after it was deleted.
    """

    version: int = 0
    experiments: dict[int, Experiment] = field(default_factory=dict[int, Experiment])
    anchors: dict[int, set[int]] = field(default_factory=dict[int, set[int]])
    has_reborn: bool = False

    def name_of(self, number: int) -> str:
        """The name of an experiment that there is."""
        return self.experiments[number].name

    def number_of(self, name: str) -> int | None:
        """The number of the experiment that has a name now; None if there is none."""
        return next((number for number, each in self.experiments.items() if each.name == name), None)

    def numbers_of(self, names: Iterable[str]) -> list[int]:
        """The numbers of those experiments that have some names."""
        wanted = set(names)
        return [number for number, each in self.experiments.items() if each.name in wanted]


class Facts:
    """Keeps it. For all threads.

    Args:
        client: asks the database.

    Attributes:
        client: for other questions.
        last: as it was known last, which may have been long ago.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.last = Known()

    def now(self) -> Known:
        """As it is now."""
        ((version,),) = self.client.query(f"SELECT {VERSION}")
        return self.at(version)

    def at(self, version: int) -> Known:
        """As it is at a version that was asked for, or later."""
        known = self.last
        if known.version < version:
            known = self.last = self._read()
        return known

    def _read(self) -> Known:
        experiments: dict[int, Experiment] = {}
        anchors: dict[int, set[int]] = {}
        newest, has_reborn = 0, False
        for kind, key, value, gone, version in self.client.query(_ALL):
            newest = max(newest, version)
            if gone:
                continue
            if kind == EXPERIMENT:
                told = Experiment.read(value)
                experiments[told.experiment_id] = told
            elif kind == DAYS:
                day, anchor_day = read_days(key)
                anchors.setdefault(day, set()).add(anchor_day)
            else:
                has_reborn = True
        return Known(newest, dict(sorted(experiments.items())), anchors, has_reborn)
