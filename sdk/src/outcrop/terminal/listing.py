"""Lists of traces: a table, or a line of JSON each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence

from outcrop.capture.json_text import dump_json
from outcrop.delivery.query import TraceQuery
from outcrop.json_reading import JsonObject, as_list
from outcrop.terminal.cells import Column, Paint, column_widths, joined, line_width, table_line
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
# Left out one after the other where a terminal is too narrow: model, cost, tokens.
_LESS_NEEDED = (7, 6, 5)
_SHORT_ID = 12
# What a date begins with.
_YEAR = len("2026-")


class Table:
    """Writes rows as they come; the first ones decide how wide columns are."""

    def __init__(self, write: Write, paint: Paint, room: int | None) -> None:
        """`room` is the width of a line in cells; None for any, ids then being whole."""
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
            self._write(self._paint.dim(joined(list(titles.values()))) + "\n")
        for row in rows:
            shown = self._fitted(row)
            if row[_STATUS_AT] == "ERROR":
                for at in (_STATUS_AT, _ASKED_AT):
                    shown[at] = self._paint.red(shown[at])
            shown[0] = self._paint.dim(shown[0])
            self._write(joined(list(shown.values())) + "\n")

    def _lay_out(self, rows: Sequence[Sequence[str]]) -> None:
        for left_out in (None, *_LESS_NEEDED):
            self._shown = [at for at in self._shown if at != left_out]
            columns = [_COLUMNS[at] for at in self._shown]
            self._widths = column_widths(
                columns, [[row[at] for at in self._shown] for row in rows], self._room
            )
            if self._room is None or line_width(self._widths) <= self._room:
                return

    def _fitted(self, row: Sequence[str]) -> dict[int, str]:
        """The cells that are shown, by their column's place."""
        columns = [_COLUMNS[at] for at in self._shown]
        cells = table_line(columns, [row[at] for at in self._shown], self._widths)
        return dict(zip(self._shown, cells, strict=True))

    def _cells(self, info: JsonObject) -> list[str]:
        trace_id = str(info.get("trace_id"))
        models = [str(model) for model in as_list(info.get("models"))]
        words = failure(info.get("error")) or info.get("request_preview")
        return [
            trace_id if self._room is None else trace_id[:_SHORT_ID],
            moment(info.get("start_time_ns"))[0 if self._room is None else _YEAR :],
            short(info.get("name")),
            short(info.get("status")),
            lasted(info.get("duration_ns")),
            tokens(info.get("usage")),
            cost(info.get("cost_usd"), is_partial=info.get("cost_is_partial") is True),
            short(", ".join(models)) if models else UNKNOWN,
            short(words),
        ]


def terminal_room() -> int | None:
    """The width of the terminal; None where standard output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def list_traces(source: TraceSource, query: TraceQuery, table: Table | None, write: Write) -> str | None:
    """Writes the traces that fit: to the table, or without one as JSON lines.

    Returns:
        The token of the next page, if there are more than were asked for.
    """
    token: str | None = None
    for page in source.pages(query):
        token = page.next_page_token
        if table is not None and page.traces:
            table.add(page.traces)
        elif table is None:
            write_json(page.traces, write)
    return token


def write_json(values: Sequence[object], write: Write) -> None:
    """Writes values, a line each."""
    for value in values:
        write(dump_json(value) + "\n")
