"""Lists of traces: a table, or a line of JSON each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from outcrop.capture.json_text import dump_json
from outcrop.delivery.query import TraceQuery
from outcrop.json_reading import JsonObject, as_list
from outcrop.terminal.cells import Column, Paint, column_widths, cut, escaped, joined, line_width, table_line
from outcrop.terminal.source import TraceSource, info_of
from outcrop.terminal.words import UNKNOWN, cost, failure, lasted, moment, short, tokens

Write = Callable[[str], None]

_COLUMNS = (
    Column("ID"),
    Column("START"),
    Column("NAME", least=8),
    Column("STATUS"),
    Column("DURATION", is_right=True),
    Column("TOKENS", is_right=True),
    Column("COST", is_right=True),
    Column("MODEL", least=8),
    Column("ASKED, OR WHAT WENT WRONG", least=8),
)
_STATUS_AT, _ASKED_AT = 3, 8
# Left out one after the other where a terminal is too narrow: model, cost, tokens, start, what was asked,
# duration, status.
_LESS_NEEDED = (7, 6, 5, 1, 8, 4, 3)
# What rows that come later are likely to need, where the first ones decide the widths: status, duration,
# tokens, cost.
_USUAL = {3: "running", 4: "12 min 34 s", 5: "12,345 → 1,234", 6: "≥$0.1234"}
_SHORT_ID = 12
# What a date begins with.
_YEAR = len("2026-")


class Table:
    """Writes rows as they come; the first ones decide how wide columns are."""

    def __init__(self, write: Write, paint: Paint, room: int | None, *, is_live: bool = False) -> None:
        """`room` is the width of a line in cells; None for any, ids then being whole."""
        self._usual = [[_USUAL.get(at, "") for at in range(len(_COLUMNS))]] if is_live else []
        self._write = write
        self._paint = paint
        self._room = room
        self._shown = list(range(len(_COLUMNS)))
        self._widths: list[int] = []

    def add(self, traces: Sequence[JsonObject]) -> None:
        """Writes a row for each trace."""
        rows = [self._cells(info_of(trace)) for trace in traces]
        if not self._widths:
            self._lay_out(rows)
            titles = self._fitted([column.title for column in _COLUMNS])
            self._write(self._line({at: self._paint.dim(title) for at, title in titles.items()}))
        for row in rows:
            shown = self._fitted(row)
            if row[_STATUS_AT] == "ERROR":
                for at in (_STATUS_AT, _ASKED_AT):
                    if at in shown:
                        shown[at] = self._paint.red(shown[at])
            shown[0] = self._paint.dim(shown[0])
            self._write(self._line(shown))

    def _lay_out(self, rows: Sequence[Sequence[str]]) -> None:
        for left_out in (None, *_LESS_NEEDED):
            self._shown = [at for at in self._shown if at != left_out]
            columns = [_COLUMNS[at] for at in self._shown]
            self._widths = column_widths(
                columns, [[row[at] for at in self._shown] for row in (*rows, *self._usual)], self._room
            )
            if self._room is None or line_width(self._widths) <= self._room:
                return

    def _fitted(self, row: Sequence[str]) -> dict[int, str]:
        """The cells that are shown, by their column's place."""
        columns = [_COLUMNS[at] for at in self._shown]
        may_cut = self._room is not None
        cells = table_line(columns, [row[at] for at in self._shown], self._widths, may_cut=may_cut)
        return dict(zip(self._shown, cells, strict=True))

    def _line(self, cells: dict[int, str]) -> str:
        line = joined(list(cells.values()))
        return (line if self._room is None else cut(line, self._room)) + "\n"

    def _cells(self, info: JsonObject) -> list[str]:
        trace_id = str(info.get("trace_id"))
        models = [str(model) for model in as_list(info.get("models"))]
        words = failure(info.get("error")) or info.get("request_preview")
        return [
            trace_id if self._room is None else trace_id[:_SHORT_ID],
            _when(info.get("start_time_ns"), has_year=self._room is None),
            short(info.get("name")),
            _status(info),
            lasted(info.get("duration_ns")),
            tokens(info.get("usage")),
            cost(info.get("cost_usd"), is_partial=info.get("cost_is_partial") is True),
            short(", ".join(models)) if models else UNKNOWN,
            short(words),
        ]


def _when(ns: object, *, has_year: bool) -> str:
    shown = moment(ns)
    return shown if has_year or shown == UNKNOWN else shown[_YEAR:]


def _status(info: JsonObject) -> str:
    """The status, or that it is not known yet."""
    is_running = info.get("state") == "IN_PROGRESS" and info.get("status") != "ERROR"
    return "running" if is_running else short(info.get("status"))


def terminal_room() -> int | None:
    """The width of the terminal; None where standard output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


class Listed(NamedTuple):
    """What was listed.

    Attributes:
        traces: how many.
        next_page_token: if there are more than were asked for.
        words_waiting: how many traces may fit besides: their payloads cannot be searched yet.
    """

    traces: int
    next_page_token: str | None
    words_waiting: int = 0


def list_traces(source: TraceSource, query: TraceQuery, table: Table | None, write: Write) -> Listed:
    """Writes the traces that fit: to the table, or without one as JSON lines."""
    count, token, waiting = 0, None, 0
    for page in source.pages(query):
        count, token = count + len(page.traces), page.next_page_token
        waiting = max(waiting, page.words_waiting)
        if table is not None and page.traces:
            table.add(page.traces)
        elif table is None:
            write_json(page.traces, write)
    return Listed(count, token, waiting)


def write_json(values: Sequence[object], write: Write) -> None:
    """Writes values, a line each; what a terminal would obey stands as JSON's escapes."""
    for value in values:
        write(escaped(dump_json(value)) + "\n")
