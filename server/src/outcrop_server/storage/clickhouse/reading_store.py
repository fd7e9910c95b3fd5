"""The part of the store that reads traces and spans, changes, and what is old."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.model.changes import ChangePosition
from outcrop_server.model.rows import NamedExperiment
from outcrop_server.model.store_health import StoreHealth
from outcrop_server.storage.clickhouse import ageing, changes, listing, reading, tree
from outcrop_server.storage.clickhouse.experiments_listed import read_experiments
from outcrop_server.storage.clickhouse.facts import Facts
from outcrop_server.storage.clickhouse.giving_back import GivingBack
from outcrop_server.storage.clickhouse.health import read_sizes
from outcrop_server.storage.clickhouse.leases import KEEPING, held_at_once
from outcrop_server.storage.clickhouse.opening import mark_of
from outcrop_server.storage.clickhouse.windows import Edges
from outcrop_server.storage.common.no_days import DeletesNoDays
from outcrop_server.storage.common.sizes import Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from outcrop_server.model.changes import ChangedTrace
    from outcrop_server.model.rows import ExperimentRow, OldTrace, SpanRow, StoredTrace, TracePosition
    from outcrop_server.model.tree import SpanPosition, SubtreeTotals
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.committer import Committer


class ReadingStore(DeletesNoDays):
    """Methods of `storage.api` and `storage.retention`, by a store's parts."""

    _client: Client
    _facts: Facts
    _committer: Committer
    _max_waiting_bytes: int
    _is_closed: bool

    def _open_reading(self) -> None:
        self._facts = Facts(self._client)
        self._mark = mark_of(self._client)
        self._sizes = Sizes(lambda: read_sizes(self._client))
        self._edges = Edges()
        self._giving_back = GivingBack(self._client, self._committer)

    def experiments(self) -> list[ExperimentRow]:
        """Every experiment, that of the newest trace first."""
        return read_experiments(self._facts)

    def named_experiments(self) -> list[NamedExperiment]:
        """What every experiment is known by."""
        told = self._facts.now().experiments.values()
        return [NamedExperiment(str(each.experiment_id), each.name, each.former_names) for each in told]

    def traces(self, experiment: str | None, after: TracePosition | None, limit: int) -> list[StoredTrace]:
        """A page of traces, newest first."""
        return listing.read_traces(self._facts, self._edges, experiment, after, limit)

    def session_traces(
        self, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
    ) -> list[StoredTrace]:
        """A page of a session's traces, the first ones first."""
        return listing.read_session_traces(self._facts, session_id, experiment, after, limit)

    def trace(self, trace_id: bytes) -> StoredTrace | None:
        """One trace's summary."""
        return reading.read_trace(self._facts, trace_id)

    def spans(self, trace_id: bytes) -> list[SpanRow]:
        """A trace's spans by start."""
        return reading.read_spans(self._client, trace_id)

    def span(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
        """One span and its payload."""
        return reading.read_span(self._client, trace_id, span_id)

    def has_span(self, trace_id: bytes, span_id: bytes) -> bool:
        """Whether there is such a span."""
        return reading.has_span(self._client, trace_id, span_id)

    def payloads(self, trace_id: bytes) -> Iterator[bytes]:
        """The payloads of a trace, one frame at a time."""
        return reading.read_payloads(self._client, trace_id)

    def top_spans(self, trace_id: bytes, after: SpanPosition | None, limit: int) -> list[SpanRow]:
        """A page of the spans without a parent."""
        return tree.top_spans(self._client, trace_id, after, limit)

    def child_spans(
        self, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
    ) -> list[SpanRow]:
        """A page of the spans below one."""
        return tree.child_spans(self._client, trace_id, parent_id, after, limit)

    def subtree(self, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
        """Sums over what is below a span."""
        return tree.subtree(self._client, trace_id, span_id, limit)

    def span_page(self, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
        """A page of spans by their ids."""
        return tree.span_page(self._client, trace_id, after, limit)

    def last_change(self) -> ChangePosition:
        """The newest change."""
        return ChangePosition(self._mark, self._committer.last_change())

    def changes(self, after: ChangePosition, limit: int) -> list[ChangedTrace] | None:
        """What changed since."""
        return changes.since(self._facts, self.last_change(), after, limit)

    def keeping(self) -> AbstractContextManager[bool]:
        """By a lease that ends by itself half a minute after its holder."""
        return held_at_once(self._client, self._committer, KEEPING)

    def oldest(self, experiment: str, after: TracePosition | None, limit: int) -> list[OldTrace]:
        """A page of an experiment's traces, oldest first."""
        return ageing.read_oldest(self._facts, self._edges, experiment, after, limit)

    def experiment_bytes(self, experiment: str) -> int:
        """What an experiment takes."""
        return ageing.read_experiment_bytes(self._facts, experiment)

    def used_bytes(self) -> int:
        """What the store takes, without what it could give back."""
        return ageing.read_used_bytes(self._client)

    def delete_oldest(self, experiment: str, until_ns: int, limit: int) -> Future[int]:
        """Deletes the oldest traces of an experiment."""
        return self._committer.submit(
            lambda writer: ageing.delete_oldest(writer, experiment, until_ns, limit), is_alone=True
        )

    def give_back(self, max_bytes: int, *, is_thorough: bool = False) -> int:
        """Removes what is deleted from the tables."""
        return self._giving_back.give_back(max_bytes, is_thorough=is_thorough)

    def health(self) -> StoreHealth:
        """How it is now."""
        if self._is_closed:
            return StoreHealth(False, None, None, None, 0, 0, self._max_waiting_bytes)
        items, size = self._committer.waiting()
        return StoreHealth(
            is_open=True,
            writer_fault=self._committer.fault(),
            disk_fault=None,
            # Of another machine's disk, or of none: what holds the data may be an object storage.
            free_bytes=None,
            waiting_items=items,
            waiting_bytes=size,
            max_waiting_bytes=self._max_waiting_bytes,
            file_bytes=self._sizes.by_kind(),
        )
