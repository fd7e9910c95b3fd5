"""Looks at traces for what SQL cannot tell of them: first by the row, then by the index, then by payloads."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.clickhouse import lives
from outcrop_server.storage.clickhouse.lives import NOT_VOID, Home
from outcrop_server.storage.clickhouse.words.asking import Trace
from outcrop_server.storage.clickhouse.words.trace_texts import lie_at
from outcrop_server.storage.common.checks import InSpan, OfPayload, Said, far_parts, holds
from outcrop_server.storage.common.sql import Sql
from outcrop_server.storage.common.wanted import IN_WORDS, wanted_of, words_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from outcrop_server.storage.clickhouse.client import Row
    from outcrop_server.storage.clickhouse.looking import Looking
    from outcrop_server.storage.common.checks import Check

    _SpanRows = dict[bytes, list[Row]]
    _Known = dict[tuple[Said | InSpan, bytes], bool]

# Traces that the index and their spans are asked of at once.
_AT_ONCE = 64
_PLACE = "span.trace_id, span.number, span.frame_id, span.payload_offset, span.payload_length"
_PLACE_WIDTH = 5
# What `Fitting` needs of each trace, before the columns of its check.
HOME = ", ".join(f"trace.{name.strip()}" for name in (*lives.HOME.split(","), "span_count"))
_WIDTH = HOME.count(",") + 1


class Fitting:
    """Leaves those traces of which a check holds.

    Args:
        looking: what looks.
        check: what is left of a plan.
        width: how many columns it has.
    """

    def __init__(self, looking: Looking, check: Check, width: int) -> None:
        self._looking = looking
        self._check = check
        self._end = _WIDTH + width
        self._far = far_parts(check)

    def of(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that fit, in their order, without what is before their own columns.

        Args:
            rows: those of `HOME`, then of the check, then others.
        """
        group: list[Row] = []
        for row in rows:
            group.append(row)
            if len(group) == _AT_ONCE:
                yield from self._of_group(group)
                group = []
        yield from self._of_group(group)

    def _of_group(self, group: list[Row]) -> Iterator[Row]:
        self._looking.clock.check()
        found = [self._holds(row, lambda _: None) for row in group]
        open_rows = [row for row, value in zip(group, found, strict=True) if value is None]
        known = self._by_index(open_rows)
        told = {row[0]: self._holds(row, _told(known, row[0])) for row in open_rows}
        left = [row for row in open_rows if told[row[0]] is None]
        if self._looking.texts is not None:
            self._looking.texts.expect([_home(row) for row in left])
        spans: dict[InSpan, _SpanRows] = {}
        for row, value in zip(group, found, strict=True):
            answer = told[row[0]] if value is None else value
            if answer is None:
                answer = self._holds(row, self._resolve(row, known, left, spans))
            if answer:
                yield row[self._end :]

    def _holds(self, row: Row, resolve: Callable[[Any], bool | None]) -> bool | None:
        return holds(self._check, row[_WIDTH : self._end], resolve, self._looking.clock.check)

    def _by_index(self, rows: Sequence[Row]) -> _Known:
        """What the index tells of each part, by the ids of traces."""
        asking = self._looking.asking
        found: _Known = {}
        if asking is None or not rows:
            return found
        traces = [Trace(_home(row), row[_WIDTH - 1]) for row in rows]
        for part in self._far:
            if isinstance(part, Said):
                wanted = words_wanted(part.words)
                told = asking.known(wanted, IN_WORDS, traces)
                maybe = [trace for trace in traces if told[trace.home.trace_id]]
                if maybe and wanted[0][0].is_exact:
                    found.update(((part, trace_id), True) for trace_id in asking.sure(maybe))
                found.update(((part, trace_id), False) for trace_id, has in told.items() if has is False)
                continue
            for comparison in part.needed:
                told = asking.known(*wanted_of(comparison), traces)
                found.update(((part, trace_id), False) for trace_id, has in told.items() if has is False)
        return found

    def _resolve(
        self,
        row: Row,
        known: Mapping[tuple[Said | InSpan, bytes], bool],
        rows: Sequence[Row],
        spans: dict[InSpan, _SpanRows],
    ) -> Callable[[Said | InSpan | OfPayload], bool | None]:
        """Looks into the payloads of a trace."""
        home, texts = _home(row), self._looking.texts

        def resolve(part: Said | InSpan | OfPayload) -> bool | None:
            if isinstance(part, OfPayload):
                raise TypeError("What lies in a payload is asked of one span.")
            answer = known.get((part, home.trace_id))
            if answer is not None:
                return answer
            if isinstance(part, Said):
                return texts is not None and texts.say(home, part.words)
            if part not in spans:
                left = [each for each in rows if known.get((part, each[0])) is None]
                spans[part] = self._spans(part, [_home(each) for each in left])
            return any(self._span_holds(part, home, span) for span in spans[part].get(home.trace_id, ()))

        return resolve

    def _span_holds(self, part: InSpan, home: Home, span: Row) -> bool:
        place, texts = (span[2], span[3], span[4]), self._looking.texts

        def resolve(far: Said | InSpan | OfPayload) -> bool | None:
            if not isinstance(far, OfPayload) or texts is None:
                raise TypeError("A span has no spans, and is read where texts are asked for.")
            return texts.fits(far.comparison, home, place)

        return bool(holds(part.check, span[_PLACE_WIDTH:], resolve, self._looking.clock.check))

    def _spans(self, part: InSpan, homes: Sequence[Home]) -> _SpanRows:
        """The spans of some traces that can be the one that is looked for."""
        columns = "".join(f", {column.text}" for column in part.columns)
        values = tuple(value for column in part.columns for value in column.values)
        narrow = f" AND ({part.rows.text})" if part.rows.text else ""
        statement = Sql(
            f"SELECT {_PLACE}{columns} FROM span WHERE {lie_at(homes)} AND {NOT_VOID}{narrow} "
            "ORDER BY trace_id, frame_id, payload_offset",
            (*values, *part.rows.values),
        )
        lives_of = {home.trace_id: home for home in homes}
        found: _SpanRows = {home.trace_id: [] for home in homes}
        for span in self._looking.query(statement):
            home = lives_of[span[0]]
            if home.born <= span[1] <= home.version:
                found[home.trace_id].append(span)
        if self._looking.texts is not None:
            self._looking.texts.expect_frames(_frames(homes, found))
        return found


def _home(row: Row) -> Home:
    return Home(*row[: _WIDTH - 1])


def _frames(homes: Iterable[Home], spans: Mapping[bytes, Sequence[Row]]) -> list[tuple[Home, int]]:
    """The frames of some spans, each once, in the order of their traces."""
    return list(dict.fromkeys((home, span[2]) for home in homes for span in spans[home.trace_id]))


def _told(known: _Known, trace_id: bytes) -> Callable[[Said | InSpan | OfPayload], bool | None]:
    """What the index told of a trace."""
    return lambda part: None if isinstance(part, OfPayload) else known.get((part, trace_id))
