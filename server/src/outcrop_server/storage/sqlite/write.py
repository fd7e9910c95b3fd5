"""Writes prepared batches (`common.prepared`), in the committing thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from outcrop_server.model.summary import restored
from outcrop_server.storage.common import columns
from outcrop_server.storage.common.prepared import missing_parents
from outcrop_server.storage.common.rollup_deltas import Deltas, trace_part
from outcrop_server.storage.common.trace_terms import terms_of, texts_terms
from outcrop_server.storage.sqlite import judging, notes, tree
from outcrop_server.storage.sqlite import statements as sql
from outcrop_server.storage.sqlite.blobs import write_uses
from outcrop_server.storage.sqlite.experiments import find_experiment
from outcrop_server.storage.sqlite.rollup_rows import calls_of
from outcrop_server.storage.sqlite.rollup_write import RollupWriter
from outcrop_server.storage.sqlite.terms import TermWriter

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.model.annotations import Assessment, Document, TraceEdit, TraceNote
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import TraceRow
    from outcrop_server.model.summary import TraceSummary
    from outcrop_server.storage.common.blobs import BlobUse
    from outcrop_server.storage.common.prepared import PreparedFrame, PreparedTrace


class _NewRows:
    """Rows of traces that are not stored yet: values one behind the other, to be written together."""

    __slots__ = ("missing", "payloads", "spans", "trace_ids", "traces", "uses")

    def __init__(self) -> None:
        self.trace_ids: set[bytes] = set()
        self.traces: list[Any] = []
        self.payloads: list[Any] = []
        self.spans: list[Any] = []
        self.missing: list[Any] = []
        self.uses: list[tuple[list[BlobUse], int, int, str]] = []


class Writer:
    """Writes prepared batches; to be called within a transaction, by one thread.

    Args:
        connection: the connection that writes.

    Attributes:
        deltas: what the transaction has changed of the rollups so far; `finish` writes them.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._experiments: dict[str, int] = {}
        self._terms = TermWriter(connection)
        self._rollups = RollupWriter(connection)
        self._new = _NewRows()
        self._last_keys: tuple[int, int] | None = None
        # Judgements that waited for traces which have come now.
        self._noted: list[Assessment] = []
        self.deltas = Deltas()

    @property
    def connection(self) -> sqlite3.Connection:
        """For statements of other kinds within the same transaction: what was to be written before, is."""
        self._write_rows()
        return self._connection

    def forget(self) -> None:
        """Drops what it remembers of the database; needed after a rollback."""
        self._experiments.clear()
        self._terms.forget()
        self._rollups.forget()
        self._new = _NewRows()
        self._last_keys = None
        self._noted.clear()
        self.deltas.clear()

    def finish(self) -> None:
        """Writes what was gathered; to be called last in every transaction."""
        self._write_rows()
        for assessment in self._noted:
            judging.insert_assessment(self._connection, assessment)
        self._noted.clear()
        # Between two transactions another process may have written.
        self._last_keys = None
        if self.deltas:
            self._rollups.write(self.deltas)
            self.deltas.clear()

    def write(self, traces: list[PreparedTrace]) -> int:
        """Writes a batch; returns how many spans were new."""
        trace_ids = [trace.trace_id for trace in traces]
        if not self._new.trace_ids.isdisjoint(trace_ids):
            self._write_rows()
        known = {found for (found,) in sql.KNOWN_TRACES.run(self._connection, trace_ids)}
        noted = notes.take_notes(self._connection, [each for each in trace_ids if each not in known])
        if noted:
            traces = [self._with_note(trace, noted.get(trace.trace_id)) for trace in traces]
        return sum(
            self._write_more(trace) if trace.trace_id in known else self._write_new(trace) for trace in traces
        )

    def note_trace(self, trace_id: bytes, note: TraceNote) -> bool:
        """Says something of a trace, now or when it comes."""
        if self.edit_trace(trace_id, note.edit):
            self._noted += note.assessments
        else:
            notes.keep_note(self._connection, trace_id, note)
        return True

    def put_document(self, document: Document) -> bool:
        """Keeps a document."""
        return notes.put_document(self.connection, document, self._experiment_id(document.experiment))

    def _with_note(self, trace: PreparedTrace, note: TraceNote | None) -> PreparedTrace:
        if note is None:
            return trace
        summary = restored(trace.row, trace.keys)
        summary.edit(note.edit)
        self._noted += note.assessments
        terms = trace.terms | texts_terms(note.edit.tags, note.edit.metadata)
        return trace._replace(row=summary.row(trace.trace_id), keys=summary.keys(), terms=terms)

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> bool:
        """Edits what is said of a trace; False if there is no such trace."""
        self._write_rows()
        found = self._connection.execute(sql.FIND_TRACE, (trace_id,)).fetchone()
        if found is None:
            return False
        *values, keys, trace_key, experiment = found
        before = columns.to_trace(tuple(values), experiment)
        summary = restored(before, keys)
        summary.edit(edit)
        self._update(summary, trace_id, trace_key)
        old, now = trace_part(before), trace_part(summary.row(trace_id))
        if old != now:
            number = self._experiment_id(experiment)
            self.deltas.change_trace((old, number), (now, number))
        self._terms.add(trace_key, texts_terms(edit.tags, edit.metadata))
        return True

    def _update(self, summary: TraceSummary, trace_id: bytes, trace_key: int) -> None:
        values = self._values(summary.row(trace_id), summary.keys())
        self._connection.execute(sql.UPDATE_TRACE, (*values, trace_key))

    def _write_new(self, trace: PreparedTrace) -> int:
        new = self._new
        trace_key = self._next_trace_key()
        experiment = trace.row.experiment
        new.trace_ids.add(trace.trace_id)
        new.traces += self._values(trace.row, trace.keys)
        new.traces.append(trace_key)
        for part in trace.frames:
            payload_id = self._next_payload_id()
            new.payloads += (payload_id, part.frame.data)
            place = (payload_id, trace_key)
            for values in part.spans:
                new.spans += values
                new.spans += place
            if part.frame.uses:
                new.uses.append((part.frame.uses, payload_id, trace_key, experiment))
        for parent_id in trace.missing:
            new.missing += (trace_key, parent_id)
        self._terms.add(trace_key, trace.terms)
        summed, experiment_id = trace_part(trace.row), self._experiment_id(experiment)
        self.deltas.add_trace(summed, experiment_id)
        counted = summed.place(experiment_id)
        for part in trace.frames:
            self.deltas.add_spans(counted, part.frame.spans)
        return trace.row.span_count

    def _write_rows(self) -> None:
        """Writes the rows that were gathered."""
        self._terms.finish()
        new, connection = self._new, self._connection
        if not new.traces:
            return
        sql.INSERT_TRACES.run(connection, new.traces)
        sql.INSERT_PAYLOADS.run(connection, new.payloads)
        sql.INSERT_SPANS.run(connection, new.spans)
        tree.INSERT_MISSING.run(connection, new.missing)
        for uses, payload_id, trace_key, experiment in new.uses:
            self._write_uses(uses, payload_id, trace_key, experiment)
        self._new = _NewRows()

    def _next_trace_key(self) -> int:
        trace_key, payload_id = self._last()
        self._last_keys = (trace_key + 1, payload_id)
        return trace_key + 1

    def _next_payload_id(self) -> int:
        trace_key, payload_id = self._last()
        self._last_keys = (trace_key, payload_id + 1)
        return payload_id + 1

    def _last(self) -> tuple[int, int]:
        """The greatest keys of traces and payloads, those that wait included."""
        if self._last_keys is None:
            (trace_key,) = self._connection.execute(sql.LAST_TRACE_KEY).fetchone()
            (payload_id,) = self._connection.execute(sql.LAST_PAYLOAD_ID).fetchone()
            self._last_keys = (int(trace_key), int(payload_id))
        return self._last_keys

    def _write_more(self, trace: PreparedTrace) -> int:
        found = self._connection.execute(sql.FIND_TRACE, (trace.trace_id,)).fetchone()
        *values, keys, trace_key, experiment = found
        new = [span for part in trace.frames for span in self._insert_missing(part, trace_key, experiment)]
        if not new:
            return 0
        come = ((trace_key, span.row.span_id) for span in new)
        self._connection.executemany(tree.DELETE_MISSING, come)
        awaited = ((trace_key, parent_id) for parent_id in missing_parents(new))
        self._connection.executemany(tree.INSERT_IF_MISSING, awaited)
        before = columns.to_trace(tuple(values), experiment)
        summary = restored(before, keys).add_all(new)
        self._update(summary, trace.trace_id, trace_key)
        # Not those of spans that were there already: they may have come with another name.
        self._terms.add(trace_key, trace.terms if len(new) == trace.row.span_count else terms_of(new))
        self._roll_up_more(before, summary.row(trace.trace_id), new, trace_key)
        return len(new)

    def _roll_up_more(self, before: TraceRow, after: TraceRow, new: list[NewSpan], trace_key: int) -> None:
        old, old_id = trace_part(before), self._experiment_id(before.experiment)
        now, now_id = trace_part(after), self._experiment_id(after.experiment)
        self.deltas.change_trace((old, old_id), (now, now_id))
        left, place = old.place(old_id), now.place(now_id)
        self.deltas.add_spans(left, new)
        if place != left:
            # The trace began earlier than was known, or belongs elsewhere: all its calls go with it.
            calls = calls_of(self._connection, trace_key)
            self.deltas.add_calls(left, calls, sign=-1)
            self.deltas.add_calls(place, calls)

    def _insert_missing(self, part: PreparedFrame, trace_key: int, experiment: str) -> list[NewSpan]:
        """Inserts the spans that are not there yet; returns these."""
        frame = part.frame
        payload_id = self._next_payload_id()
        sql.INSERT_PAYLOADS.run(self._connection, [payload_id, frame.data])
        new = [
            number
            for number, values in enumerate(part.spans)
            if self._connection.execute(sql.INSERT_SPAN_IF_NEW, (*values, payload_id, trace_key)).rowcount
        ]
        if not new:
            self._connection.execute(sql.DELETE_PAYLOAD, (payload_id,))
        elif frame.uses:
            # Spans that were there already have what they lack from the frame that they came in first.
            numbers = set(new)
            uses = [use for use in frame.uses if use.span in numbers]
            self._write_uses(uses, payload_id, trace_key, experiment)
        return [frame.spans[number] for number in new]

    def _write_uses(self, uses: list[BlobUse], payload_id: int, trace_key: int, experiment: str) -> None:
        write_uses(
            self._connection,
            uses,
            payload_id=payload_id,
            trace_key=trace_key,
            experiment_id=self._experiment_id(experiment),
        )

    def _values(self, row: TraceRow, keys: str) -> tuple[Any, ...]:
        return (*columns.from_trace(row), keys, self._experiment_id(row.experiment))

    def _experiment_id(self, name: str) -> int:
        known = self._experiments.get(name)
        if known is None:
            known = find_experiment(self._connection, name)
        if known is None:
            self._connection.execute(sql.INSERT_EXPERIMENT, (name, time.time_ns()))
            known = find_experiment(self._connection, name) or 0
        self._experiments[name] = known
        return known
