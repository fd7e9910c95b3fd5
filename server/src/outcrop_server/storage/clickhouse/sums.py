"""What a commit changes of rollups and sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from outcrop_server.storage.clickhouse.effects import ROLLUP
from outcrop_server.storage.clickhouse.lives import find_calls
from outcrop_server.storage.clickhouse.memory import SERIES
from outcrop_server.storage.clickhouse.records import text_list
from outcrop_server.storage.common.call_columns import IS_CALL
from outcrop_server.storage.common.rollup_deltas import CallPart, Deltas, trace_part
from outcrop_server.storage.common.rollup_rows import of_every_call, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop_server.storage.clickhouse.lives import Life
    from outcrop_server.storage.clickhouse.writer import Writer
    from outcrop_server.storage.common.rollup_deltas import Entry, Place
    from outcrop_server.storage.common.series import Series

_CALL = ", ".join(f"span.{name}" for name in CallPart._fields)
_SUMS = (
    "trace_count, error_count, input_tokens, output_tokens, cache_read_input_tokens, "
    "cache_write_input_tokens, cost_nano_usd, unpriced_calls"
)
_SESSIONS = (
    f"SELECT session_id, experiment_id, {_SUMS}, first_start_ns, last_start_ns FROM session FINAL "  # noqa: S608 - made of constants
    "WHERE session_id IN {ids} AND NOT gone"
)
_MOST = 2**127 - 1


class Sums:
    """Adds up what a commit does to its traces.

    Args:
        writer: decides it.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._deltas = Deltas()

    def write(self, touched: Sequence[Life]) -> None:
        """Turns what has changed into rows."""
        leaving: list[tuple[Life, Place, Place | None]] = []
        for life in touched:
            self._add(life, leaving)
        self._move_calls(leaving)
        self._write_rollup()
        self._write_sessions(touched)

    def _add(self, life: Life, leaving: list[tuple[Life, Place, Place | None]]) -> None:
        deltas, number_of = self._deltas, self._writer.experiment_number
        old = None if life.before is None else (trace_part(life.before), number_of(life.before.experiment))
        new = None if life.row is None else (trace_part(life.row), number_of(life.row.experiment))
        if old is not None and new is not None:
            if old != new:
                deltas.change_trace(old, new)
        elif old is not None:
            deltas.add_trace(*old, sign=-1)
        elif new is not None:
            deltas.add_trace(*new)
        place = None if new is None else new[0].place(new[1])
        if place is not None:
            deltas.add_spans(place, life.new)
        if old is not None and place != (left := old[0].place(old[1])):
            leaving.append((life, left, place))

    def _move_calls(self, leaving: Sequence[tuple[Life, Place, Place | None]]) -> None:
        """Takes the calls that were there away from where they count, and adds them where they do now."""
        homes = [life.home for life, _, _ in leaving if life.home is not None]
        calls: dict[bytes, list[CallPart]] = {}
        for trace_id, *values in find_calls(self._writer.client, homes, _CALL, IS_CALL):
            calls.setdefault(trace_id, []).append(CallPart(*values))
        for life, left, place in leaving:
            found = calls.get(life.trace_id, [])
            self._deltas.add_calls(left, found, sign=-1)
            if place is not None:
                self._deltas.add_calls(place, found)

    def _write_rollup(self) -> None:
        writer = self._writer
        if not self._deltas:
            return
        rows: dict[tuple[int, Series], Entry] = {}
        for key, entry in (*self._deltas.entries.items(), *of_every_call(self._deltas).items()):
            minute, own = key[0], key[1:]
            series = writer.memory.counted_under(own, self._name)
            known = rows.get((minute, series))
            rows[minute, series] = entry if known is None else together(known, entry)
        for (minute, (experiment_id, kind, *names)), entry in rows.items():
            latency = {number: count for number, count in entry.latency.items() if count}
            first_chunk = {number: count for number, count in entry.first_chunk.items() if count}
            row = (experiment_id, kind, minute * 60, *names, writer.number, *entry.sums, latency, first_chunk)
            writer.effects.add(ROLLUP, row)

    def _name(self, series: Series) -> None:
        """Keeps a series that counts by itself from now on."""
        self._writer.records.put(SERIES, orjson.dumps(series).decode(), "")

    def _write_sessions(self, touched: Sequence[Life]) -> None:
        deltas, writer = self._deltas, self._writer
        if not deltas.sessions:
            return
        ids = sorted({session_id for session_id, _ in deltas.sessions})
        rows = writer.client.query(_SESSIONS.format(ids=text_list(ids)))
        found = {(session_id, experiment_id): values for session_id, experiment_id, *values in rows}
        lost = [key for key, delta in deltas.sessions.items() if delta.has_lost]
        ends = self._ends(lost, touched) if lost else {}
        for key, delta in deltas.sessions.items():
            *sums, first_ns, last_ns = found.get(key, (*[0] * 8, 2**63 - 1, -(2**63)))
            sums = [min(one + other, _MOST) for one, other in zip(sums, delta.sums, strict=True)]
            first_ns, last_ns = min(first_ns, delta.first_ns), max(last_ns, delta.last_ns)
            if delta.has_lost:
                first_ns, last_ns = ends.get(key, (0, 0))
            session_id, experiment_id = key
            is_gone = sums[0] <= 0
            writer.effects.add(
                "session", (experiment_id, session_id, writer.number, is_gone, *sums, first_ns, last_ns)
            )

    def _ends(
        self, lost: Sequence[tuple[str, int]], touched: Sequence[Life]
    ) -> dict[tuple[str, int], tuple[int, int]]:
        """The starts of the first and last traces of sessions that a trace has left."""
        writer = self._writer
        own = ", ".join(f"unhex('{life.trace_id.hex()}')" for life in touched)
        ids = text_list(sorted({session_id for session_id, _ in lost}))
        found = writer.client.query(
            "SELECT session_id, experiment_id, min(start_time_ns), max(start_time_ns) FROM trace FINAL "  # noqa: S608 - hex
            f"WHERE session_id IN {ids} AND trace_id NOT IN ({own}) "
            "GROUP BY session_id, experiment_id"
        )
        ends = {(session_id, number): (first, last) for session_id, number, first, last in found}
        for life in touched:
            row = life.row
            if row is None or row.session_id is None:
                continue
            key = (row.session_id, writer.experiment_number(row.experiment))
            first, last = ends.get(key, (row.start_time_ns, row.start_time_ns))
            ends[key] = (min(first, row.start_time_ns), max(last, row.start_time_ns))
        return ends
