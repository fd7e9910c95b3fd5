"""A store as one caller sees it: of some experiments alone. Whatever belongs to others is not there.

Standing below everything that reads, it holds for every question that is asked through it, new ones included.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from outcrop_server.model.annotations import DocumentKey
from outcrop_server.model.search import TraceSearch
from outcrop_server.model.tree import SubtreeTotals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outcrop_server.model.aggregates import (
        AggregateQuery,
        Aggregates,
        Count,
        Facets,
        SessionQuery,
        SessionRow,
    )
    from outcrop_server.model.annotations import (
        Assessment,
        AssessmentContent,
        Document,
        TraceEdit,
        TraceNote,
    )
    from outcrop_server.model.experiments import ExperimentFacts
    from outcrop_server.model.rows import (
        ExperimentRow,
        NamedExperiment,
        SpanRow,
        StoredTrace,
        TracePosition,
    )
    from outcrop_server.model.search import FoundTrace
    from outcrop_server.model.timeline import Timeline
    from outcrop_server.model.tree import SpanPosition
    from outcrop_server.model.views import SavedView, ViewContent
    from outcrop_server.storage.api import KeptTraces

T = TypeVar("T")
# The name of no experiment.
_NONE = ("",)


class ScopedStore:
    """Part of a store; see `storage.api.KeptTraces` for what its methods promise.

    Args:
        store: the whole.
        experiments: names of those that are there.
    """

    def __init__(self, store: KeptTraces, experiments: frozenset[str]) -> None:
        self._store = store
        self._experiments = experiments

    def experiments(self) -> list[ExperimentRow]:
        """Those of them that exist."""
        return [row for row in self._store.experiments() if row.name in self._experiments]

    def named_experiments(self) -> list[NamedExperiment]:
        """Those of them that exist."""
        return [each for each in self._store.named_experiments() if each.name in self._experiments]

    def traces(self, experiment: str | None, after: TracePosition | None, limit: int) -> list[StoredTrace]:
        """A page of traces, newest first."""
        asked = self._experiments if experiment is None else self._experiments & {experiment}
        # As many of each as the page could hold of it.
        found = [stored for name in asked for stored in self._store.traces(name, after, limit)]
        found.sort(key=lambda stored: (stored.row.start_time_ns, stored.row.trace_id), reverse=True)
        return found[:limit]

    def search(self, search: TraceSearch) -> list[FoundTrace]:
        """The traces that fit."""
        return self._store.search(self._within(search))

    def words_waiting(self, experiments: tuple[str, ...] = ()) -> int:
        """How many of the traces are passed over."""
        return self._store.words_waiting(self._asked(experiments))

    def aggregate(self, query: AggregateQuery) -> Aggregates:
        """Numbers of the traces that fit."""
        return self._store.aggregate(replace(query, experiments=self._asked(query.experiments)))

    def count(self, search: TraceSearch, max_traces: int) -> Count:
        """How many traces fit."""
        return self._store.count(self._within(search), max_traces)

    def facets(self, search: TraceSearch, top: int, max_traces: int) -> Facets:
        """What the traces that fit have."""
        return self._store.facets(self._within(search), top, max_traces)

    def timeline(self, search: TraceSearch, interval_s: int, max_traces: int) -> Timeline:
        """How many of the traces that fit began when."""
        return self._store.timeline(self._within(search), interval_s, max_traces)

    def sessions(self, query: SessionQuery) -> list[SessionRow]:
        """A page of sessions."""
        return self._store.sessions(replace(query, experiments=self._asked(query.experiments)))

    def session_traces(
        self, session_id: str, experiment: str | None, after: TracePosition | None, limit: int
    ) -> list[StoredTrace]:
        """A page of a session's traces, the first ones first."""
        asked = self._experiments if experiment is None else self._experiments & {experiment}
        found = [
            stored for name in asked for stored in self._store.session_traces(session_id, name, after, limit)
        ]
        found.sort(key=lambda stored: (stored.row.start_time_ns, stored.row.trace_id))
        return found[:limit]

    def trace(self, trace_id: bytes) -> StoredTrace | None:
        """One trace's summary."""
        stored = self._store.trace(trace_id)
        return stored if stored is not None and stored.row.experiment in self._experiments else None

    def spans(self, trace_id: bytes) -> list[SpanRow]:
        """A trace's spans."""
        return self._store.spans(trace_id) if self._has(trace_id) else []

    def span(self, trace_id: bytes, span_id: bytes) -> tuple[SpanRow, bytes] | None:
        """One span and its payload."""
        return self._store.span(trace_id, span_id) if self._has(trace_id) else None

    def has_span(self, trace_id: bytes, span_id: bytes) -> bool:
        """Whether there is such a span."""
        return self._has(trace_id) and self._store.has_span(trace_id, span_id)

    def payloads(self, trace_id: bytes) -> Iterator[bytes]:
        """The payloads of a trace."""
        return self._store.payloads(trace_id) if self._has(trace_id) else iter(())

    def top_spans(self, trace_id: bytes, after: SpanPosition | None, limit: int) -> list[SpanRow]:
        """A page of the spans without a parent."""
        return self._store.top_spans(trace_id, after, limit) if self._has(trace_id) else []

    def child_spans(
        self, trace_id: bytes, parent_id: bytes, after: SpanPosition | None, limit: int
    ) -> list[SpanRow]:
        """A page of the spans below one."""
        return self._store.child_spans(trace_id, parent_id, after, limit) if self._has(trace_id) else []

    def subtree(self, trace_id: bytes, span_id: bytes, limit: int) -> SubtreeTotals:
        """Sums over what is below a span."""
        return self._store.subtree(trace_id, span_id, limit) if self._has(trace_id) else SubtreeTotals()

    def span_page(self, trace_id: bytes, after: bytes | None, limit: int) -> list[SpanRow]:
        """A page of spans by their ids."""
        return self._store.span_page(trace_id, after, limit) if self._has(trace_id) else []

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> Future[bool]:
        """Edits tags and metadata."""
        return self._store.edit_trace(trace_id, edit) if self._has(trace_id) else _done(False)

    def assessments(self, trace_id: bytes) -> list[Assessment]:
        """A trace's judgements."""
        return self._store.assessments(trace_id) if self._has(trace_id) else []

    def assessments_of(self, trace_ids: Sequence[bytes]) -> dict[bytes, list[Assessment]]:
        """The judgements of those of some traces that are theirs."""
        search = TraceSearch(among=tuple(trace_ids), limit=max(1, len(trace_ids)))
        return self._store.assessments_of([found.trace.row.trace_id for found in self.search(search)])

    def add_assessment(self, assessment: Assessment) -> Future[bool]:
        """Keeps a judgement."""
        return self._store.add_assessment(assessment) if self._has(assessment.trace_id) else _done(False)

    def update_assessment(
        self, trace_id: bytes, assessment_id: str, content: AssessmentContent, updated_at_ns: int
    ) -> Future[bool]:
        """Replaces what a judgement says."""
        if not self._has(trace_id):
            return _done(False)
        return self._store.update_assessment(trace_id, assessment_id, content, updated_at_ns)

    def delete_assessment(self, trace_id: bytes, assessment_id: str) -> Future[bool]:
        """Deletes a judgement."""
        return self._store.delete_assessment(trace_id, assessment_id) if self._has(trace_id) else _done(False)

    def delete_traces(self, trace_ids: Sequence[bytes]) -> Future[int]:
        """Deletes traces; those of others are passed over."""
        return self._store.delete_traces([each for each in trace_ids if self._has(each)])

    def delete_oldest(self, experiment: str, until_ns: int, limit: int) -> Future[int]:
        """Deletes the oldest of an experiment."""
        if experiment not in self._experiments:
            return _done(0)
        return self._store.delete_oldest(experiment, until_ns, limit)

    def add_experiment(self, facts: ExperimentFacts, at_ns: int) -> Future[bool]:  # noqa: ARG002
        """Makes none: it would be none of them."""
        return _done(False)

    def edit_experiment(self, experiment_id: str, facts: ExperimentFacts) -> Future[bool]:
        """Replaces what is said of one of them, but for its name."""
        names = {row.experiment_id: row.name for row in self.experiments()}
        if names.get(experiment_id) != facts.name:
            return _done(False)
        return self._store.edit_experiment(experiment_id, facts)

    def views(self) -> list[SavedView]:
        """Views of them; those of all experiments may name others in their filters."""
        return [view for view in self._store.views() if view.content.experiment in self._experiments]

    def add_view(self, view: SavedView) -> Future[bool]:
        """Keeps a view of one of them."""
        return self._store.add_view(view) if self._may_show(view.content) else _done(False)

    def update_view(self, view_id: str, content: ViewContent, updated_at_ns: int) -> Future[bool]:
        """Replaces what a view says."""
        if not self._has_view(view_id) or not self._may_show(content):
            return _done(False)
        return self._store.update_view(view_id, content, updated_at_ns)

    def delete_view(self, view_id: str) -> Future[bool]:
        """Deletes a view."""
        return self._store.delete_view(view_id) if self._has_view(view_id) else _done(False)

    def note_trace(self, trace_id: bytes, note: TraceNote) -> Future[bool]:
        """Says something of a trace; nothing of one that is said to belong to others."""
        known, waiting = self._store.trace(trace_id), self._store.waiting_note(trace_id)
        named = {note.experiment}
        if known is not None:
            named.add(known.row.experiment)
        if waiting is not None:
            named.add(waiting.experiment)
        return self._store.note_trace(trace_id, note) if named <= self._experiments else _done(False)

    def waiting_note(self, trace_id: bytes) -> TraceNote | None:
        """What waits for a trace."""
        waiting = self._store.waiting_note(trace_id)
        return waiting if waiting is not None and waiting.experiment in self._experiments else None

    def put_document(self, document: Document) -> Future[bool]:
        """Keeps a document of one of them."""
        known = self._store.document(document.place)
        named = {document.experiment, document.experiment if known is None else known.experiment}
        return self._store.put_document(document) if named <= self._experiments else _done(False)

    def document(self, place: DocumentKey) -> Document | None:
        """One document."""
        found = self._store.document(place)
        return found if found is not None and found.experiment in self._experiments else None

    def document_keys(self, collection: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Keys of documents of theirs among the first `limit`."""
        keys = self._store.document_keys(collection, prefix, limit)
        return [each for each in keys if self.document(DocumentKey(collection, each[0])) is not None]

    def delete_document(self, place: DocumentKey) -> Future[bool]:
        """Deletes a document."""
        return _done(False) if self.document(place) is None else self._store.delete_document(place)

    def _may_show(self, content: ViewContent) -> bool:
        return content.experiment in self._experiments

    def _has_view(self, view_id: str) -> bool:
        return any(view.view_id == view_id for view in self.views())

    def _within(self, search: TraceSearch) -> TraceSearch:
        return replace(search, experiments=self._asked(search.experiments))

    def _asked(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the names that are there, all of them for none; never none, which would mean every one."""
        return (
            tuple(name for name in names or sorted(self._experiments) if name in self._experiments) or _NONE
        )

    def _has(self, trace_id: bytes) -> bool:
        return self.trace(trace_id) is not None


def _done(value: T) -> Future[T]:
    done = Future[T]()
    done.set_result(value)
    return done
