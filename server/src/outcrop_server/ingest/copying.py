"""One store's whole content into another, by the storage contract alone: for whoever moves to another engine.

What is there already is compared and left as it is, so that a copy that was broken off goes on, and a second
one brings what came meanwhile. Rows are taken as they are kept, costs included; only what a trace's summary
is made of is read from the payloads again.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from outcrop.pricing.cost import Quote
from outcrop_server.ingest.rows import new_span
from outcrop_server.model.annotations import TraceEdit
from outcrop_server.model.errors import DamagedError
from outcrop_server.model.experiments import ExperimentFacts
from outcrop_server.model.rows import TraceRow
from outcrop_server.model.search import TraceSearch
from outcrop_server.otlp.parse import parse_stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from outcrop_server.model.annotations import Assessment, DocumentKey
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.reading import ReadSpan
    from outcrop_server.model.rows import ExperimentRow, OldTrace, SpanRow, StoredTrace
    from outcrop_server.storage.api import TraceStore

# Traces that are brought to their end together; payloads that go in one append; appends under way.
_PAGE = 100
_BATCH_BYTES = 4 << 20
_AT_ONCE = 4
# Questions that are asked of a store side by side: those of a server take their time.
_ASKERS = 8
# So much of a trace as it is kept is read before it is wanted.
_SMALL_BYTES = 256 << 10
_DOCUMENTS = 20
_SESSIONS = 10_000
_MOST_FAULTS = 20
_MEMBERS = [each.name for each in fields(TraceRow)]


@dataclass
class CopyReport:
    """What became of it.

    Attributes:
        traces: how many were brought.
        spans: how many spans of these were new.
        known_traces: how many were there already, and the same.
        assessments: judgements that were brought.
        tokens: access tokens that were.
        documents: files and runs that were.
        unfinished: traces that got more spans while they were copied.
        faults: what could not be brought, or is not the same there, a sentence each.
        fault_count: how many such things there are; of very many, `faults` has the first.
    """

    traces: int = 0
    spans: int = 0
    known_traces: int = 0
    assessments: int = 0
    tokens: int = 0
    documents: int = 0
    unfinished: int = 0
    faults: list[str] = field(default_factory=list[str])
    fault_count: int = 0

    def fault(self, words: str) -> None:
        """Notes something down."""
        self.fault_count += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(words)


class Copier:
    """Copies.

    Args:
        source: read alone; programs may go on sending to it, and a second copy brings what came meanwhile.
        target: what it lacks is added.
        read_span: reads a span's attributes into a view.
        on_progress: told how many traces are done, and how many there are.
    """

    def __init__(
        self,
        source: TraceStore,
        target: TraceStore,
        read_span: ReadSpan,
        on_progress: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._target = target
        self._read_span = read_span
        self._on_progress = on_progress
        self._report = CopyReport()
        self._askers = ThreadPoolExecutor(_ASKERS)
        self._telling = threading.Lock()

    def run(self) -> CopyReport:
        """Copies everything.

        Raises:
            RequestError: one of them cannot be read or written now. What was copied stays; call it again.
        """
        with self._askers:
            self._run()
        return self._report

    def _run(self) -> None:
        # In the order in which they were made: so each gets the number that it has.
        experiments = sorted(self._source.experiments(), key=lambda row: int(row.experiment_id))
        for row in experiments:
            self._experiment(row)
        self._tokens()
        total = sum(row.trace_count for row in experiments)
        done = itertools.count(_PAGE, _PAGE)
        for row in experiments:
            for page in self._pages(row.name):
                self._traces(page)
                self._on_progress(min(next(done), total), total)
        self._on_progress(total, total)
        self._views()
        self._beside_spans()

    def _experiment(self, row: ExperimentRow) -> None:
        target = self._target
        facts = ExperimentFacts(row.name, row.description, row.archived_at_ns, row.retention)
        names = [*row.former_names, row.name]
        found = self._found(names)
        if found is None:
            # By its first name, and then renamed: spans that name an earlier one find it all the same.
            for name in names:
                known = self._found(names)
                if known is None:
                    target.add_experiment(replace(facts, name=name), row.created_at_ns).result()
                else:
                    target.edit_experiment(known.experiment_id, replace(facts, name=name)).result()
            found = self._found(names)
        elif facts != ExperimentFacts(found.name, found.description, found.archived_at_ns, found.retention):
            target.edit_experiment(found.experiment_id, facts).result()
        if found is not None and found.experiment_id != row.experiment_id:
            self._report.fault(
                f"The experiment '{row.name}' has the number {found.experiment_id} instead of "
                f"{row.experiment_id}: MLflow's clients that know it by its number ask for another one."
            )

    def _found(self, names: list[str]) -> ExperimentRow | None:
        wanted = set(names)
        rows = self._target.experiments()
        return next((row for row in rows if not wanted.isdisjoint({row.name, *row.former_names})), None)

    def _tokens(self) -> None:
        known = {token.token_id: token for token in self._target.access_tokens()}
        for token in self._source.access_tokens():
            there = known.get(token.token_id)
            if there is None:
                fresh = replace(token, revoked_at_ns=None, revoked_by=None, last_used_at_ns=None)
                if not self._target.add_access_token(fresh).result():
                    self._report.fault(f"There is another token called '{token.name}'.")
                    continue
                self._report.tokens += 1
            if token.revoked_at_ns is not None and (there is None or there.revoked_at_ns is None):
                revoked = (token.token_id, token.revoked_at_ns, token.revoked_by or "")
                self._target.revoke_access_token(*revoked).result()
            if token.last_used_at_ns is not None:
                self._target.note_token_use({token.token_id: token.last_used_at_ns}).result()
        signed_in = {each.digest for each in self._target.page_sessions()}
        for session in self._source.page_sessions():
            if session.digest not in signed_in:
                self._target.add_page_session(session, 0, _SESSIONS).result()

    def _pages(self, experiment: str) -> Iterator[list[OldTrace]]:
        after = None
        while page := self._source.oldest(experiment, after, _PAGE):
            yield page
            after = page[-1].position

    def _traces(self, page: list[OldTrace]) -> None:
        """Brings a page of traces, all that belongs to them included."""
        ids = [old.trace_id for old in page]
        here, there = self._rows(self._source, ids), self._rows(self._target, ids)
        # What was deleted since the page was read is not among these.
        like = [each for each in here if each in there and here[each].row == there[each].row]
        judged = self._judgements(self._source, here), self._judgements(self._target, like)
        same = {each for each in like if judged[0][each] == judged[1][each]}
        wanted = [each for each in here if each not in same]
        self._report.known_traces += len(same)
        under_way: deque[Future[int]] = deque()
        small = {old.trace_id for old in page if old.kept_bytes <= _SMALL_BYTES}
        for batch in self._batches([here[each].row for each in wanted], small):
            under_way.append(self._target.append(batch))
            if len(under_way) == _AT_ONCE:
                self._report.spans += under_way.popleft().result()
        for stored in under_way:
            self._report.spans += stored.result()
        self._finish(wanted, judged[0])
        self._report.traces += len(wanted)

    def _batches(self, traces: list[TraceRow], small: set[bytes]) -> Iterator[list[NewSpan]]:
        batch: list[NewSpan] = []
        size = 0
        for spans in self._each(traces, small):
            for span in spans:
                batch.append(span)
                size += len(span.payload)
                if size >= _BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch

    def _each(self, traces: list[TraceRow], small: set[bytes]) -> Iterator[Iterable[NewSpan]]:
        """The spans of each trace; small ones are read ahead, side by side."""
        ahead: deque[Future[list[NewSpan]] | None] = deque()
        coming = iter(traces)
        for trace in traces:
            while len(ahead) < _ASKERS and (one := next(coming, None)) is not None:
                ahead.append(self._askers.submit(list, self._spans(one)) if one.trace_id in small else None)
            read = ahead.popleft()
            yield self._spans(trace) if read is None else read.result()

    def _spans(self, trace: TraceRow) -> Iterator[NewSpan]:
        trace_id = trace.trace_id
        rows: dict[bytes, SpanRow] = {row.span_id: row for row in self._source.spans(trace_id)}
        try:
            for payload in self._source.payloads(trace_id):
                record = parse_stored(payload)
                row = rows.get(record.span_id)
                if row is not None:
                    made = new_span(record, payload, None, self._read_span, _no_price)
                    yield made._replace(row=row, experiment=trace.experiment, is_experiment_named=True)
        except DamagedError as error:
            with self._telling:
                self._report.fault(f"A part of trace {trace_id.hex()} cannot be read: {error}")

    def _finish(self, trace_ids: list[bytes], judgements: dict[bytes, list[Assessment]]) -> None:
        """Brings what was said of some traces, and looks whether they are the same there."""
        here, there = self._rows(self._source, trace_ids), self._rows(self._target, trace_ids)
        both = [each for each in trace_ids if each in here and each in there]
        known = self._judgements(self._target, [each for each in both if judgements[each]])
        # All of it is asked for before any of it is waited for: so it shares commits.
        edits: list[Future[bool]] = []
        added: list[Future[bool]] = []
        for trace_id in both:
            edit = _difference(here[trace_id].row, there[trace_id].row)
            if edit != TraceEdit():
                edits.append(self._target.edit_trace(trace_id, edit))
            before = {each.assessment_id: each for each in known.get(trace_id, ())}
            for assessment in judgements[trace_id]:
                was = before.get(assessment.assessment_id)
                if was is None:
                    added.append(self._target.add_assessment(assessment))
                elif was != assessment:
                    edits.append(
                        self._target.update_assessment(
                            trace_id, assessment.assessment_id, assessment.content, assessment.updated_at_ns
                        )
                    )
        self._report.assessments += sum(done.result() for done in added)
        for done in edits:
            done.result()
        there = self._rows(self._target, both)
        for trace_id in both:
            if trace_id in there:
                self._compare(here[trace_id].row, there[trace_id].row)

    def _compare(self, here: TraceRow, there: TraceRow) -> None:
        if there == here:
            return
        if there.span_count < here.span_count:
            # What cannot be read is told by itself.
            self._report.unfinished += 1
            return
        differing = [name for name in _MEMBERS if getattr(here, name) != getattr(there, name)]
        self._report.fault(f"Trace {here.trace_id.hex()} differs there in {', '.join(differing)}.")

    def _views(self) -> None:
        known = {view.view_id for view in self._target.views()}
        for view in self._source.views():
            if view.view_id not in known and not self._target.add_view(view).result():
                self._report.fault(f"The view '{view.content.name}' could not be kept.")

    def _beside_spans(self) -> None:
        """Brings files, runs, and what is said of traces whose spans have not come."""
        place: DocumentKey | None = None
        while documents := self._source.documents(place, _DOCUMENTS):
            for document in documents:
                if self._target.document(document.place) != document:
                    self._report.documents += self._target.put_document(document).result()
            place = documents[-1].place
        trace_id: bytes | None = None
        while notes := self._source.waiting_notes(trace_id, _PAGE):
            for trace_id, note in notes:
                if self._target.waiting_note(trace_id) != note:
                    self._target.note_trace(trace_id, note).result()

    @staticmethod
    def _rows(store: TraceStore, trace_ids: Iterable[bytes]) -> dict[bytes, StoredTrace]:
        """Traces by their ids, those that are there."""
        ids = tuple(trace_ids)
        found = store.search(TraceSearch(among=ids, limit=len(ids))) if ids else []
        return {each.trace.row.trace_id: each.trace for each in found}

    @staticmethod
    def _judgements(store: TraceStore, trace_ids: Iterable[bytes]) -> dict[bytes, list[Assessment]]:
        """What each of some traces was judged."""
        ids = list(trace_ids)
        found = store.assessments_of(ids)
        return {each: found.get(each, []) for each in ids}


def _difference(here: TraceRow, there: TraceRow) -> TraceEdit:
    """What is to be said of a trace there so that it is as here."""
    stated = None if here.status == "UNSET" else here.status
    return TraceEdit(
        tags=_changes(here.tags, there.tags),
        metadata=_changes(here.metadata, there.metadata),
        session_id=here.session_id if here.session_id != there.session_id else None,
        user_id=here.user_id if here.user_id != there.user_id else None,
        status=None if stated == there.status else stated,
    )


def _changes(here: dict[str, str], there: dict[str, str]) -> dict[str, str | None]:
    gone: dict[str, str | None] = {name: None for name in there if name not in here}
    return gone | {name: value for name, value in here.items() if there.get(name) != value}


def _no_price(*_: object, **__: object) -> Quote:
    """Costs are kept as they were counted."""
    return Quote()
