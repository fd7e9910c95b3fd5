"""Reading, searching and judging, within what a caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from outcrop_server.query.experiments import ExperimentKeeper
from outcrop_server.query.exploring import TraceExplorer
from outcrop_server.query.export import Exporter
from outcrop_server.query.judging import Judge
from outcrop_server.query.reader import TraceReader
from outcrop_server.query.search import TraceFinder
from outcrop_server.query.trees import TreeReader
from outcrop_server.query.views import ViewKeeper
from outcrop_server.storage.scoped import ScopedStore

if TYPE_CHECKING:
    from outcrop_server.model.reading import PriceSpan, ReadSpan
    from outcrop_server.storage.api import KeptTraces


@dataclass(frozen=True, slots=True)
class Queries:
    """What can be asked over the same traces."""

    reader: TraceReader
    finder: TraceFinder
    judge: Judge
    explorer: TraceExplorer
    trees: TreeReader
    exporter: Exporter
    views: ViewKeeper
    experiments: ExperimentKeeper


class QueriesByScope:
    """Gives each caller theirs.

    Args:
        store: where the traces are.
        read_span: reads a span's attributes into a view; see `outcrop.views`.
        price_span: says what a call cost; see `outcrop.pricing`.
    """

    def __init__(self, store: KeptTraces, read_span: ReadSpan, price_span: PriceSpan) -> None:
        self._store = store
        self._read_span = read_span
        self._price_span = price_span
        self._all = self._over(store)

    def within(self, experiments: frozenset[str] | None) -> Queries:
        """Those over some experiments; over all for None."""
        return self._all if experiments is None else self._over(ScopedStore(self._store, experiments))

    def _over(self, store: KeptTraces) -> Queries:
        reader = TraceReader(store, self._read_span, self._price_span)
        return Queries(
            reader,
            TraceFinder(store),
            Judge(store),
            TraceExplorer(store),
            TreeReader(store),
            Exporter(store),
            ViewKeeper(store),
            ExperimentKeeper(store),
        )
