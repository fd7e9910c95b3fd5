"""Decides what a commit writes, in the committing thread, alone among all servers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from outcrop_server.model.summary import restored
from outcrop_server.storage.clickhouse import notes, rows
from outcrop_server.storage.clickhouse.days import day_of
from outcrop_server.storage.clickhouse.effects import GONE, Effects
from outcrop_server.storage.clickhouse.judging import Judgements
from outcrop_server.storage.clickhouse.lives import Life, find_lives, find_spans
from outcrop_server.storage.clickhouse.memory import DAYS, EXPERIMENT, REBORN, Experiment, Memory
from outcrop_server.storage.clickhouse.new_spans import NewSpans
from outcrop_server.storage.clickhouse.records import Records
from outcrop_server.storage.clickhouse.schema import PLACES
from outcrop_server.storage.clickhouse.sums import Sums
from outcrop_server.storage.common.prepared import missing_parents
from outcrop_server.storage.common.trace_terms import terms_of, texts_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from outcrop_server.model.annotations import TraceEdit, TraceNote
    from outcrop_server.model.new_span import NewSpan
    from outcrop_server.model.rows import TraceRow
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.lives import Home
    from outcrop_server.storage.common.prepared import PreparedTrace

# About what a span takes beside its payload.
SPAN_BYTES = 500


@dataclass(slots=True)
class Written:
    """How many spans of a batch were new; right when its commit has been decided."""

    count: int = 0


class Writer:
    """One commit, as it is decided; what it writes is in `effects` behind `finish`.

    Args:
        client: asks the database.
        memory: of experiments and series, renewed for this commit.
        number: of the commit.

    Attributes:
        client: for questions.
        number: of the commit.
        effects: what it writes.
        records: small things, as they are with what the commit changes.
        judgements: likewise.
    """

    def __init__(self, client: Client, memory: Memory, number: int) -> None:
        self.client = client
        self.memory = memory
        self.number = number
        self.effects = Effects()
        self.records = Records(client, self.effects, number)
        self.judgements = Judgements(self)
        self._places = 0
        self._lives: dict[bytes, Life] = {}
        self._coming: list[tuple[PreparedTrace, Written]] = []
        self._new_spans = NewSpans(self)
        # Touched traces, in the order in which they were.
        self._touched: dict[bytes, None] = {}

    @property
    def last_change(self) -> int:
        """The number of its last change."""
        return self.number * PLACES + self._places

    def place(self) -> int:
        """A number behind all that were given before, by whichever commit."""
        self._places += 1
        return self.number * PLACES + self._places

    def experiment_name(self, number: int) -> str:
        """The name of an experiment."""
        return self.memory.experiments[number].name

    def experiment_number(self, name: str) -> int:
        """The number of an experiment, which is made if nobody named it before."""
        known = self.memory.number_of(name)
        if known is None:
            known = self.memory.next_number()
            self.put_experiment(Experiment(known, name, time.time_ns()))
        return known

    def put_experiment(self, experiment: Experiment) -> None:
        """Keeps an experiment as it is now."""
        self.memory.take(experiment)
        self.records.put(EXPERIMENT, str(experiment.experiment_id), experiment.text())

    def load(self, trace_ids: Iterable[bytes]) -> None:
        """Looks at traces together, which costs less than one by one."""
        unknown = [trace_id for trace_id in dict.fromkeys(trace_ids) if trace_id not in self._lives]
        if unknown:
            self._lives.update(find_lives(self.client, unknown, self.experiment_name))

    def life(self, trace_id: bytes) -> Life:
        """A trace as it is now, with what the commit has done so far."""
        self._gather()
        self.load([trace_id])
        return self._lives[trace_id]

    def absent(self) -> list[bytes]:
        """Those of the traces that were looked at which are not there."""
        return [life.trace_id for life in self._lives.values() if life.row is None]

    def touch(self, life: Life) -> None:
        """Says that a trace has changed."""
        life.is_touched = True
        self._touched[life.trace_id] = None

    def take(self, traces: list[PreparedTrace], written: Written) -> Written:
        """Takes a batch; it is looked at with what else comes, or when something asks for it."""
        self._coming += [(trace, written) for trace in traces]
        return written

    def edit_trace(self, trace_id: bytes, edit: TraceEdit) -> bool:
        """Edits what is said of a trace; False if there is no such trace."""
        life = self.life(trace_id)
        if life.row is None:
            return False
        self._edit(life, edit)
        self.touch(life)
        return True

    def note_trace(self, trace_id: bytes, note: TraceNote) -> bool:
        """Says something of a trace, now or when it comes."""
        if self.edit_trace(trace_id, note.edit):
            self.judgements.expect(note.assessments)
        else:
            notes.keep_note(self, trace_id, note)
        return True

    def delete_traces(self, trace_ids: Sequence[bytes]) -> int:
        """Deletes traces; returns how many there were."""
        self._gather()
        self.load(trace_ids)
        notes.forget(self, trace_ids)
        lives = [self._lives[trace_id] for trace_id in dict.fromkeys(trace_ids)]
        going = [life for life in lives if life.row is not None]
        for life in going:
            life.row, life.is_gone = None, True
            self.touch(life)
        self.judgements.forget([life.trace_id for life in going])
        return len(going)

    def finish(self) -> None:
        """Turns what was done to traces into rows."""
        self._gather()
        self.judgements.settle()
        touched = [self._lives[trace_id] for trace_id in self._touched]
        Sums(self).write(touched)
        for life in touched:
            if life.is_gone:
                self._bury(life)
            elif life.row is not None:
                self._put_row(life, life.row)
                self.effects.add("change", (self.place(), life.trace_id))
        self._new_spans.finish()
        self.records.finish()
        self.judgements.finish()

    def _gather(self) -> None:
        """Looks at the batches that have come."""
        if not self._coming:
            return
        coming, self._coming = self._coming, []
        self.load(trace.trace_id for trace, _ in coming)
        ids = {trace.trace_id for trace, _ in coming}
        absent = [each for each in ids if self._lives[each].row is None]
        noted = notes.take_notes(self, absent) if absent else {}
        known = [home for each in ids if (home := self._lives[each].home) and self._lives[each].before]
        asked: set[bytes] = set()
        for trace, _ in coming:
            if self._lives[trace.trace_id].before:
                asked.update(
                    trace.missing, *([s.row.span_id for s in part.frame.spans] for part in trace.frames)
                )
        there = find_spans(self.client, known, asked)
        there |= {(life.trace_id, span.row.span_id) for life in self._lives.values() for span in life.new}
        for trace, written in coming:
            life = self._lives[trace.trace_id]
            written.count += self._add(life, trace, there)
            note = noted.pop(trace.trace_id, None)
            if note is not None and life.row is not None:
                self._edit(life, note.edit)
                self.judgements.expect(note.assessments)

    def _add(self, life: Life, trace: PreparedTrace, there: set[tuple[bytes, bytes]]) -> int:
        """Adds the spans of a batch to their trace, but for those that are there already."""
        trace_id = trace.trace_id
        fresh = [
            [
                number
                for number, span in enumerate(part.frame.spans)
                if (trace_id, span.row.span_id) not in there
            ]
            for part in trace.frames
        ]
        new: list[NewSpan] = [
            part.frame.spans[number]
            for part, numbers in zip(trace.frames, fresh, strict=True)
            for number in numbers
        ]
        if not new:
            return 0
        is_all = len(new) == trace.row.span_count
        is_first = life.row is None
        if life.row is None:
            # Of a trace that is not there no span is: what was summed up before is right.
            life.row, life.keys = trace.row, trace.keys
        else:
            summary = restored(life.row, life.keys).add_all(new)
            life.row, life.keys = summary.row(trace_id), summary.keys()
        life.terms |= {rows.term_text(term) for term in (trace.terms if is_all else terms_of(new))}
        life.kept_bytes += len(new) * SPAN_BYTES
        awaited = trace.missing if is_all else missing_parents(new)
        there |= {(trace_id, span.row.span_id) for span in new}
        life.new += new
        self.touch(life)
        self._new_spans.add(life, trace, fresh, is_first=is_first)
        self._new_spans.await_parents(life, awaited, there)
        return len(new)

    def _edit(self, life: Life, edit: TraceEdit) -> None:
        row = life.row
        if row is None:
            return
        summary = restored(row, life.keys)
        summary.edit(edit)
        life.row, life.keys = summary.row(life.trace_id), summary.keys()
        life.terms |= {rows.term_text(term) for term in texts_terms(edit.tags, edit.metadata)}

    def anchor(self, life: Life) -> tuple[int, int, int]:
        """Where a trace's spans and frames lie: day, experiment, start."""
        if life.home is not None and not life.home.gone:
            home = life.home
            return home.anchor_day, home.anchor_experiment, home.anchor_ns
        row = life.row
        if row is None:
            raise AssertionError("A trace without a row has no place.")
        return self._new_spans.anchor(life, row)

    def _put_row(self, life: Life, row: TraceRow) -> None:
        number, home = self.number, life.home
        is_new = home is None or bool(home.gone)
        born = number if home is None or home.gone else home.born
        experiment_id = self.experiment_number(row.experiment)
        anchor = self.anchor(life)
        start_ns = row.start_time_ns
        stays = (
            not is_new
            and home is not None
            and (home.experiment_id, home.start_time_ns)
            == (
                experiment_id,
                start_ns,
            )
        )
        day = home.day if stays and home is not None else day_of(start_ns)
        is_reborn = home is not None and bool(home.gone or home.is_reborn)
        self._say(day, anchor[0], is_reborn=is_reborn)
        place = (day, experiment_id, start_ns, life.trace_id, number, 0, born, is_reborn, *anchor)
        self.effects.add(
            "trace", (*place, *rows.trace_values(row), life.keys, sorted(life.terms), life.kept_bytes)
        )
        self.effects.add(
            "trace_home", (life.trace_id, number, 0, born, is_reborn, day, experiment_id, start_ns, *anchor)
        )
        if not is_new and not stays and home is not None:
            self._leave(home)

    def _say(self, day: int, anchor_day: int, *, is_reborn: bool) -> None:
        """Tells readers where to look, if they are not told yet."""
        memory = self.memory
        if (day, anchor_day) not in memory.days:
            memory.days.add((day, anchor_day))
            self.records.put(DAYS, f"{day} {anchor_day}", "")
        if is_reborn and not memory.has_reborn:
            memory.has_reborn = True
            self.records.put(REBORN, "", "")

    def _leave(self, home: Home) -> None:
        """Takes a row away from where it lay."""
        key = (home.day, home.experiment_id, home.start_time_ns, home.trace_id, self.number, 1, home.born, 0)
        self.effects.add(GONE, (*key, home.anchor_day, home.anchor_experiment, home.anchor_ns, *_NOTHING))

    def _bury(self, life: Life) -> None:
        """Takes a trace away with all that lies beside it."""
        home = life.home
        if home is None:
            return
        self._leave(home)
        anchor = (home.anchor_day, home.anchor_experiment, home.anchor_ns)
        place = (home.day, home.experiment_id, home.start_time_ns)
        self.effects.add("trace_home", (life.trace_id, self.number, 1, home.born, 1, *place, *anchor))
        self.effects.add(
            "doomed", (home.anchor_day, life.trace_id, self.number, self.number, 0, life.kept_bytes)
        )
        self._new_spans.forget(life)


# The values of a row that says that there is none.
_NOTHING: tuple[Any, ...] = (
    *("", "", 0, 0, None, None, (), None, None, None, None, None, 0, None, None, (), None, None, {}, None),
    *(0, None, {}, 0, 0, 0, "", (), 0),
)
