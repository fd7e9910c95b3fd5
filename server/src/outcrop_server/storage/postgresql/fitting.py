"""Looks at traces for what SQL cannot tell of them: first by the row, then by the index, then by payloads."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from outcrop_server.storage.common.checks import InSpan, OfPayload, Said, far_parts, holds
from outcrop_server.storage.common.wanted import IN_WORDS, wanted_of, words_wanted
from outcrop_server.storage.postgresql.words.asking import Trace
from outcrop_server.storage.postgresql.words.trace_texts import Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from outcrop_server.storage.common.checks import Check
    from outcrop_server.storage.common.clock import Clock
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.words.asking import Asking, Texts

# Traces that the index and their spans are asked of at once.
_AT_ONCE = 64
_PLACE = "span.trace_key, span.frame_number, span.payload_offset, span.payload_length"
# What `Fitting` needs of each trace, before the columns of its check.
HOME = "trace.trace_key, trace.part, trace.span_count"
_WIDTH = 3

Row = tuple[Any, ...]
_SpanRows = dict[int, list[Row]]


class Looking(NamedTuple):
    """What looks at traces.

    Attributes:
        connection: within a snapshot.
        clock: of the search.
        asking: what is known of texts; None where none are asked for.
        texts: reads them.
    """

    connection: Connection
    clock: Clock
    asking: Asking | None
    texts: Texts | None


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
        spans: dict[InSpan, _SpanRows] = {}
        for row, value in zip(group, found, strict=True):
            answer = value
            if answer is None:
                answer = self._holds(row, _told(known, row[0]))
            if answer is None:
                answer = self._holds(row, self._resolve(row, known, open_rows, spans))
            if answer:
                yield row[self._end :]

    def _holds(self, row: Row, resolve: Callable[[Any], bool | None]) -> bool | None:
        return holds(self._check, row[_WIDTH : self._end], resolve, self._looking.clock.check)

    def _by_index(self, rows: Sequence[Row]) -> dict[tuple[Said | InSpan, int], bool]:
        """What the index tells of each part, by the keys of traces."""
        asking = self._looking.asking
        found: dict[tuple[Said | InSpan, int], bool] = {}
        if asking is None or not rows:
            return found
        traces = [Trace(Home(row[0], row[1]), row[2]) for row in rows]
        for part in self._far:
            if isinstance(part, Said):
                wanted = words_wanted(part.words)
                told = asking.known(wanted, IN_WORDS, traces)
                maybe = [trace for trace in traces if told[trace.home.trace_key]]
                if maybe and wanted[0][0].is_exact:
                    found.update(((part, key), True) for key in asking.sure(maybe))
                found.update(((part, key), False) for key, value in told.items() if value is False)
                continue
            for comparison in part.needed:
                told = asking.known(*wanted_of(comparison), traces)
                found.update(((part, key), False) for key, value in told.items() if value is False)
        return found

    def _resolve(
        self,
        row: Row,
        known: Mapping[tuple[Said | InSpan, int], bool],
        rows: Sequence[Row],
        spans: dict[InSpan, _SpanRows],
    ) -> Callable[[Said | InSpan | OfPayload], bool | None]:
        """Looks into the payloads of a trace."""
        home = Home(row[0], row[1])

        def resolve(part: Said | InSpan | OfPayload) -> bool | None:
            if isinstance(part, OfPayload):
                raise TypeError("What lies in a payload is asked of one span.")
            answer = known.get((part, row[0]))
            if answer is not None:
                return answer
            if isinstance(part, Said):
                asking, texts = self._looking.asking, self._looking.texts
                return (
                    asking is not None and texts is not None and texts.say(home, part.words, asking.waiting)
                )
            if part not in spans:
                left = [each for each in rows if known.get((part, each[0])) is None]
                spans[part] = self._spans(part, left)
            return any(self._span_holds(part, home, span) for span in spans[part].get(row[0], ()))

        return resolve

    def _span_holds(self, part: InSpan, home: Home, span: Row) -> bool:
        place, texts = (span[1], span[2], span[3]), self._looking.texts

        def resolve(far: Said | InSpan | OfPayload) -> bool | None:
            if not isinstance(far, OfPayload) or texts is None:
                raise TypeError("A span has no spans, and is read where texts are asked for.")
            return texts.fits(far.comparison, home, place)

        return bool(holds(part.check, span[4:], resolve, self._looking.clock.check))

    def _spans(self, part: InSpan, rows: Sequence[Row]) -> _SpanRows:
        """The spans of some traces that can be the one that is looked for."""
        columns = "".join(f", {column.text}" for column in part.columns)
        values = tuple(value for column in part.columns for value in column.values)
        narrow = f" AND ({part.rows.text})" if part.rows.text else ""
        statement = (
            f"SELECT {_PLACE}{columns} FROM span WHERE span.part = %s AND span.trace_key = ANY(%s::bigint[])"
            f"{narrow} ORDER BY span.trace_key, span.frame_number, span.payload_offset"
        )
        by_part: dict[int, list[int]] = {}
        for row in rows:
            by_part.setdefault(row[1], []).append(row[0])
        found: _SpanRows = {}
        for number, keys in by_part.items():
            given = (*values, number, keys, *part.rows.values)
            for span in self._looking.connection.execute(statement.encode(), given):
                found.setdefault(span[0], []).append(span)
        return found


def _told(
    known: Mapping[tuple[Said | InSpan, int], bool], trace_key: int
) -> Callable[[Said | InSpan | OfPayload], bool | None]:
    """What the index told of a trace."""
    return lambda part: None if isinstance(part, OfPayload) else known.get((part, trace_key))
