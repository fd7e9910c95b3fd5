"""Writes prepared batches (`common.prepared`), and what is said of traces, in the committing thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.model.summary import restored
from outcrop_server.storage.common.prepared import missing_parents
from outcrop_server.storage.common.rollup_deltas import Deltas, trace_part
from outcrop_server.storage.common.trace_terms import terms_of, texts_terms
from outcrop_server.storage.postgresql import judging, notes, rows, stored
from outcrop_server.storage.postgresql.blobs import FrameUses
from outcrop_server.storage.postgresql.experiments import ExperimentNumbers
from outcrop_server.storage.postgresql.finishing import Finishing
from outcrop_server.storage.postgresql.homes import Homes
from outcrop_server.storage.postgresql.new_rows import NewRows
from outcrop_server.storage.postgresql.partitions import Partitions, moved, part_of
from outcrop_server.storage.postgresql.terms import TermNumbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.model.annotations import Assessment, Document, TraceEdit, TraceNote
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import TraceRow
    from outcrop_server.model.summary import TraceSummary
    from outcrop_server.storage.common.prepared import PreparedFrame, PreparedTrace
    from outcrop_server.storage.common.rollup_deltas import Place
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.homes import Home
    from outcrop_server.storage.postgresql.stored import StoredRow
    from outcrop_server.storage.postgresql.touched import Touched

# Of traces whose rows are written anew, the tables that hold their rows beside.
_BESIDE = ("span", "payload")
# Notes whose traces never came are looked for so often.
_SWEEP_S = 3600.0
_MOVE = "UPDATE {table} SET part = %s WHERE part = %s AND trace_key = %s"
# Its words have other numbers in another day: they are learned anew. Behind the lock nobody adds some.
_LEAVE_WORDS = (
    "SELECT 1 FROM trace WHERE part = %s AND trace_key = %s FOR UPDATE",
    "DELETE FROM text_document WHERE part = %s AND trace_key = %s",
)


@dataclass(slots=True)
class Written:
    """How many spans of a batch were new; right when its transaction has ended."""

    count: int = 0


@dataclass(frozen=True, slots=True)
class _Coming:
    """What one batch brings of a trace, and who is told how much of it was new."""

    trace: PreparedTrace
    home: Home
    written: Written


class _Merged(NamedTuple):
    """A trace to which spans came: as it was, as it is now, and what came."""

    home: Home
    before: StoredRow
    after: TraceRow
    new: list[NewSpan]


class Writer:
    """Writes; by one thread. What it remembers of the database is of one connection.

    Args:
        connection: the connection that writes.

    Attributes:
        homes: the traces of the transaction.
        deltas: what it has changed of the rollups so far.
        finishing: what is to be written at its end.
        is_ending: whether its end was asked for.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._experiments = ExperimentNumbers()
        self._terms = TermNumbers()
        self._partitions = Partitions()
        self._coming: dict[bytes, _Coming] = {}
        self._new = NewRows()
        # Judgements that waited for traces which have come now.
        self._noted: list[Assessment] = []
        self.homes = Homes(connection)
        self.deltas = Deltas()
        self.finishing = Finishing(connection)
        self.is_ending = False
        self._swept_s = time.monotonic()

    @property
    def connection(self) -> Connection:
        """For statements of other kinds within the same transaction: what was to be written before, is."""
        self._write_rows()
        return self._connection

    def prepare(self, touched: Touched) -> None:
        """Makes what is to be there before a transaction, each in one of its own: names, numbers, parts."""
        self._partitions.prepare(self._connection, touched.parts)
        now_s = time.monotonic()
        if now_s - self._swept_s > _SWEEP_S:
            self._swept_s = now_s
            notes.delete_old_notes(self._connection)
        self._experiments.prepare(self._connection, touched.experiments, self.finishing.lock)
        self._terms.prepare(self._connection, touched.terms)

    def begin(self, touched: Touched) -> None:
        """Takes the locks of a transaction that has begun."""
        self.is_ending = False
        self.homes = Homes(self._connection)
        self.finishing.begin()
        if touched.kind == "shared":
            self.finishing.take_lock()
        self.homes.lock(touched.made, touched.found)

    def finish(self) -> None:
        """Writes what was gathered, and looks at what all writers share; `put` is to follow."""
        self._write_rows()
        for assessment in self._noted:
            judging.insert_assessment(self, assessment)
        self._noted.clear()
        self.finishing.look(self.deltas)

    def put(self) -> None:
        """Writes what all writers share; last in every transaction, within a pipeline that its end is in."""
        self.homes.finish()
        self.finishing.put(self.deltas)
        self.deltas.clear()

    def roll_back(self) -> None:
        """Drops what the transaction gathered."""
        self._coming.clear()
        self._new = NewRows()
        self._noted.clear()
        self.deltas.clear()
        self.finishing.roll_back()
        # Maybe because another server dropped one.
        self._partitions.forget()

    def write(self, traces: list[PreparedTrace]) -> Written:
        """Takes a batch; it is written with what comes next, or when something asks for it."""
        written = Written()
        if any(trace.trace_id in self._coming for trace in traces):
            self._gather()
            self._write_rows()
        for trace in traces:
            home = self.homes.get(trace.trace_id)
            if home is None:
                raise AssertionError("A batch is written whose traces were not locked.")
            self._coming[trace.trace_id] = _Coming(trace, home, written)
        return written

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> bool:
        """Edits what is said of a trace; False if there is no such trace."""
        self._write_rows()
        home = self.homes.stored(trace_id)
        if home is None:
            return False
        before = stored.find_rows(self._connection, [home])[home.key]
        summary = restored(before.row, before.keys)
        summary.edit(edit)
        terms = self._terms.numbers(self._connection, texts_terms(edit.tags, edit.metadata))
        self._replace(home, before, summary, terms=terms)
        old, now = trace_part(before.row), trace_part(summary.row(trace_id))
        if old != now:
            self.deltas.change_trace((old, before.experiment_id), (now, before.experiment_id))
        return True

    def note_trace(self, trace_id: bytes, note: TraceNote) -> bool:
        """Says something of a trace, now or when it comes."""
        if self.edit_trace(trace_id, note.edit):
            self._noted += note.assessments
            return True
        notes.keep_note(self._connection, trace_id, note)
        home = self.homes.get(trace_id)
        if home is not None:
            home.has_note = True
        return True

    def put_document(self, document: Document) -> bool:
        """Keeps a document."""
        number = self._experiments.number(self._connection, document.experiment)
        return notes.put_document(self.connection, document, number)

    def _write_rows(self) -> None:
        """Writes everything that was taken."""
        self._gather()
        if self._new:
            new, self._new = self._new, NewRows()
            new.write(self._connection)

    def _gather(self) -> None:
        """Makes rows of what has come."""
        if not self._coming:
            return
        coming, self._coming = list(self._coming.values()), {}
        waiting = [each.trace.trace_id for each in coming if each.home.has_note]
        noted = notes.take_notes(self._connection, waiting) if waiting else {}
        known = [each for each in coming if each.home.is_stored]
        for each in coming:
            if not each.home.is_stored:
                each.home.has_note = False
                self._write_new(each, noted.get(each.trace.trace_id))
        if known:
            self._write_more(known)
        # Of those that came together, in the order in which they came.
        self.finishing.in_order([each.home for each in coming])

    def _write_new(self, coming: _Coming, note: TraceNote | None) -> None:
        trace, home = coming.trace, coming.home
        if note is not None:
            trace = self._with_note(trace, note)
        home.part = self._partitions.checked(part_of(trace.row.start_time_ns))
        home.is_stored = True
        experiment_id = self._experiments.number(self._connection, trace.row.experiment)
        size = self._add_frames(home, trace.frames, 0, experiment_id)
        terms = self._terms.numbers(self._connection, trace.terms)
        place = (trace.keys, experiment_id, len(trace.frames), size, home.part, terms, home.key)
        self._new.traces.append([*rows.trace_values(trace.row), *place])
        self._new.missing += [(home.key, parent_id) for parent_id in trace.missing]
        summed = trace_part(trace.row)
        self.deltas.add_trace(summed, experiment_id)
        counted = summed.place(experiment_id)
        for part in trace.frames:
            self.deltas.add_spans(counted, part.frame.spans)
        self.finishing.changed(home)
        self.finishing.used(home.part, 1, trace.row.span_count, size)
        coming.written.count += trace.row.span_count

    def _with_note(self, trace: PreparedTrace, note: TraceNote) -> PreparedTrace:
        summary = restored(trace.row, trace.keys)
        summary.edit(note.edit)
        self._noted += note.assessments
        terms = trace.terms | texts_terms(note.edit.tags, note.edit.metadata)
        return trace._replace(row=summary.row(trace.trace_id), keys=summary.keys(), terms=terms)

    def _add_frames(
        self, home: Home, frames: Iterable[PreparedFrame], number: int, experiment_id: int
    ) -> int:
        """Takes all spans of frames, which are numbered from `number`; returns the frames' bytes."""
        new, size = self._new, 0
        for frame_number, part in enumerate(frames, start=number):
            data = part.frame.data
            size += len(data)
            new.payloads.append((home.key, frame_number, data, home.part))
            place = (frame_number, home.key, home.part)
            new.spans += [values + place for values in part.spans]
            if part.frame.uses:
                new.uses.append(FrameUses(part.frame.uses, home.key, frame_number, experiment_id))
        return size

    def _write_more(self, known: Sequence[_Coming]) -> None:
        connection = self._connection
        homes = [each.home for each in known]
        before = stored.find_rows(connection, homes)
        ids = [span.row.span_id for each in known for part in each.trace.frames for span in part.frame.spans]
        there = stored.find_spans(connection, homes, ids)
        merged: list[_Merged] = []
        for each in known:
            frames = [_without(part, each.home.key, there) for part in each.trace.frames]
            frames = [part for part in frames if part.spans]
            new = [span for part in frames for span in part.frame.spans]
            if new:
                merged.append(self._merge(each, before[each.home.key], frames, new))
        self._roll_up_more(merged)

    def _merge(
        self, coming: _Coming, before: StoredRow, frames: list[PreparedFrame], new: list[NewSpan]
    ) -> _Merged:
        """Adds spans to a trace that was there."""
        home, trace = coming.home, coming.trace
        summary = restored(before.row, before.keys).add_all(new)
        # Not those of spans that were there already: they may have come with another name.
        terms = trace.terms if len(new) == trace.row.span_count else terms_of(new)
        numbers = self._terms.numbers(self._connection, terms)
        after = self._replace(home, before, summary, terms=numbers, frames=frames, span_count=len(new))
        self._new.come += [(home.key, span.row.span_id) for span in new]
        if awaited := missing_parents(new):
            waiting = self._new.awaited.setdefault(home.part, [])
            waiting += [(home.key, parent_id) for parent_id in awaited]
        coming.written.count += len(new)
        return _Merged(home, before, after, new)

    def _replace(
        self,
        home: Home,
        before: StoredRow,
        summary: TraceSummary,
        *,
        terms: Iterable[int],
        frames: Sequence[PreparedFrame] = (),
        span_count: int = 0,
    ) -> TraceRow:
        """Writes a trace's row anew, in the part in which it is to lie now, and what comes to it."""
        row = summary.row(before.row.trace_id)
        self._new.replaced.setdefault(home.part, []).append(home.key)
        part = self._partitions.checked(moved(home.part, before.row.start_time_ns, row.start_time_ns))
        if part != home.part:
            self._move(home, before, part)
        experiment_id = self._experiments.number(self._connection, row.experiment)
        size = self._add_frames(home, frames, before.frame_count, experiment_id)
        numbers = sorted({*before.terms, *terms})
        count, kept = before.frame_count + len(frames), before.frame_bytes + size
        place = (summary.keys(), experiment_id, count, kept, home.part, numbers, home.key)
        self._new.traces.append([*rows.trace_values(row), *place])
        self.finishing.changed(home)
        self.finishing.used(home.part, 0, span_count, size)
        return row

    def _move(self, home: Home, before: StoredRow, part: int) -> None:
        """Takes what a trace has beside its row to another part."""
        for table in _BESIDE:
            self._connection.execute(_MOVE.format(table=table).encode(), (part, home.part, home.key))
        for statement in _LEAVE_WORDS:
            self._connection.execute(statement, (home.part, home.key))
        self.finishing.used(home.part, -1, -before.row.span_count, -before.frame_bytes)
        self.finishing.used(part, 1, before.row.span_count, before.frame_bytes)
        home.part = part

    def _roll_up_more(self, merged: Sequence[_Merged]) -> None:
        """Counts what has come to traces that were there."""
        went: list[tuple[Home, Place, Place]] = []
        for home, before, after, new in merged:
            old, old_id = trace_part(before.row), before.experiment_id
            now, now_id = trace_part(after), self._experiments.number(self._connection, after.experiment)
            self.deltas.change_trace((old, old_id), (now, now_id))
            left, place = old.place(old_id), now.place(now_id)
            self.deltas.add_spans(place, new)
            if place != left:
                went.append((home, left, place))
        if not went:
            return
        # These began earlier than was known, or belong elsewhere: the calls that were there go with them.
        calls = stored.find_calls(self._connection, [home for home, _, _ in went])
        for home, left, place in went:
            self.deltas.add_calls(left, calls.get(home.key, ()), sign=-1)
            self.deltas.add_calls(place, calls.get(home.key, ()))


def _without(part: PreparedFrame, trace_key: int, there: set[tuple[int, bytes]]) -> PreparedFrame:
    """A frame as it comes: with all of its payloads, and those of its spans that are not there yet."""
    frame = part.frame
    new = [place for place, span in enumerate(frame.spans) if (trace_key, span.row.span_id) not in there]
    if len(new) == len(frame.spans):
        return part
    # Spans that were there already have what they lack from the frame that they came in first.
    places = {place: number for number, place in enumerate(new)}
    uses = [use for use in frame.uses if use.span in places]
    spans, offsets = [frame.spans[place] for place in new], [frame.places[place] for place in new]
    return part._replace(
        frame=frame._replace(spans=spans, places=offsets, uses=uses),
        spans=[part.spans[place] for place in new],
    )
