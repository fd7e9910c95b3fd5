"""What the index is to learn: which traces changed, or lack something, and the words of their new spans.

It only reads; `index_writer` writes what it brings.
"""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.common.trace_words import TraceWords
from outcrop_server.storage.postgresql.finishing import HISTORY
from outcrop_server.storage.postgresql.words.trace_texts import Home, read_texts
from outcrop_server.storage.postgresql.words.waiting import State

if TYPE_CHECKING:
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.postgresql.connections import Connection

# A step reads no more than this and then writes it: so many traces, words, seconds.
_TRACES = 256
_WORDS = 200_000
_SECONDS = 0.15
# Traces that the index has already, looked at in a step.
_COMPARED = 2_000

_COLUMNS = (
    "trace.trace_key, trace.part, trace.span_count, trace.request_preview, trace.response_preview, "
    "coalesce(known.frame_number, -1), coalesce(known.span_count, 0)"
)
_KNOWN = "LEFT JOIN text_document AS known ON known.trace_key = trace.trace_key AND known.part = trace.part"
_CHANGES = "SELECT change, trace_key, part FROM trace_change WHERE change > %s ORDER BY change LIMIT %s"
_CHANGED = f"""
    SELECT {_COLUMNS} FROM trace {_KNOWN.replace("trace.part", "%s")}
    WHERE trace.part = %s AND trace.trace_key = ANY(%s::bigint[])
"""
_LAST = "SELECT coalesce(max(last), 0) FROM change_history"
_OF_PART = f"""
    SELECT {_COLUMNS} FROM trace {_KNOWN.replace("trace.part", "%s")}
    WHERE trace.part = %s AND trace.trace_key < %s ORDER BY trace.trace_key DESC LIMIT %s
"""
_NEXT_PART = """
    SELECT part FROM trace WHERE part < %s AND part > 0 ORDER BY start_time_ns DESC, trace_id DESC LIMIT 1
"""
_TOP_KEY = 2**63 - 1


class _Row(NamedTuple):
    change: int
    trace_key: int
    part: int
    span_count: int
    request_preview: str | None
    response_preview: str | None
    known_frame: int
    known_spans: int

    @property
    def is_done(self) -> bool:
        """Whether the index has all of it."""
        return self.known_spans == self.span_count


class Gathered(NamedTuple):
    """What is to be added of a trace: its words, and what the index holds of it then."""

    change: int
    home: Home
    words: set[bytes]
    frame_number: int
    span_count: int


class Sweep(NamedTuple):
    """How far a look at all traces is: below this part, or in it and below this key."""

    part: int
    trace_key: int


@dataclass
class Step:
    """What a step brings.

    Attributes:
        state: how far the index is with it.
        sweep: how far the look at all traces is; None where it is done.
        added: what is new, by trace.
        swept: a day that was looked at to its end.
        is_last: whether nothing is left to do.
        is_lost: whether it is not known any more what changed.
    """

    state: State
    sweep: Sweep | None
    added: list[Gathered] = field(default_factory=list[Gathered])
    swept: int | None = None
    is_last: bool = False
    is_lost: bool = False


def gather(connection: Connection, state: State, sweep: Sweep | None, read_text: ReadText) -> Step:
    """The next step.

    Args:
        connection: within a snapshot.
        state: how far the index is.
        sweep: how far the look at all traces is.
        read_text: reads a payload.
    """
    step = Step(state, sweep)
    gatherer = _Gatherer(connection, read_text)
    row = connection.execute(_LAST).fetchone()
    last = 0 if row is None else int(row[0])
    if not last - HISTORY <= state.change <= last:
        step.is_lost = True
        return step
    changes: list[tuple[int, int, int]] = connection.execute(_CHANGES, (state.change, _TRACES)).fetchall()
    if changes:
        step.state = state._replace(change=_take(connection, gatherer, changes))
        step.added = gatherer.added
        return step
    if sweep is None:
        step.is_last = True
        return step
    _sweep(connection, gatherer, step, sweep)
    return step


def _take(connection: Connection, gatherer: _Gatherer, changes: list[tuple[int, int, int]]) -> int:
    """Takes what changed as far as there is room; gives up to which change that is."""
    by_part: dict[int, list[int]] = {}
    for _, key, part in changes:
        by_part.setdefault(part, []).append(key)
    rows: dict[int, tuple[Any, ...]] = {}
    for part, keys in by_part.items():
        rows.update((row[0], row) for row in connection.execute(_CHANGED, (part, part, keys)))
    reached = changes[0][0] - 1
    for change, key, _ in changes:
        found = rows.get(key)
        row = None if found is None else _Row(change, *found)
        if row is not None and not (row.is_done or gatherer.add(row)):
            return reached
        reached = change
    return reached


def _sweep(connection: Connection, gatherer: _Gatherer, step: Step, sweep: Sweep) -> None:
    """Goes on downward through all traces, from the newest day."""
    if sweep.trace_key == 0:
        row = connection.execute(_NEXT_PART, (sweep.part,)).fetchone()
        if row is None and sweep.part == 0:
            step.sweep = None
            step.state = step.state._replace(below=0)
            return
        # What is of no day comes last.
        sweep = Sweep(0 if row is None else int(row[0]), _TOP_KEY)
    rows = connection.execute(_OF_PART, (sweep.part, *sweep, _COMPARED)).fetchall()
    reached = 0 if len(rows) < _COMPARED else int(rows[-1][0])
    for row in (_Row(0, *values) for values in rows):
        if not (row.is_done or gatherer.add(row)):
            reached = row.trace_key + 1
            break
    step.added = gatherer.added
    step.sweep = Sweep(sweep.part, reached)
    if reached == 0:
        step.swept = sweep.part
        step.state = step.state._replace(below=min(step.state.below, sweep.part))


class _Gatherer:
    def __init__(self, connection: Connection, read_text: ReadText) -> None:
        self._connection = connection
        self._read_text = read_text
        self._ends_at = time.monotonic() + _SECONDS
        self._words = 0
        self.added: list[Gathered] = []

    def add(self, row: _Row) -> bool:
        """Reads what is new of a trace; False if there was no room for all of it."""
        if self._is_full() and self.added:
            return False
        # More than there is was never written by us: what is there is replaced.
        is_new = row.known_spans > row.span_count
        reached, count = (-1, 0) if is_new else (row.known_frame, row.known_spans)
        is_whole, first = True, reached
        words = TraceWords()
        words.add_columns(row.request_preview, row.response_preview)
        home = Home(row.trace_key, row.part)
        for found in read_texts(self._connection, home, self._read_text, reached):
            if found.frame_number != reached:
                if reached > first and (self._words + len(words) > _WORDS or self._is_late()):
                    # The rest in the next step: what is taken are whole frames.
                    is_whole = False
                    break
                reached = found.frame_number
            words.add(found.text, found.name, found.error_type, found.error_message)
            count += 1
        gathered = Gathered(row.change, home, words.all(), reached, count)
        self._words += len(gathered.words)
        self.added.append(gathered)
        return is_whole

    def _is_late(self) -> bool:
        return time.monotonic() > self._ends_at

    def _is_full(self) -> bool:
        return len(self.added) >= _TRACES or self._words >= _WORDS or self._is_late()
