"""New traces of a server or store that has no live tail: its newest ones are asked for again and again."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import NotLetInError
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.json_reading import JsonObject, as_int
from outcrop.terminal.away import Away
from outcrop.terminal.source import SummaryPage, TraceSource, info_of
from outcrop.terminal.told import Told

# A trace comes when its root has ended: in this order the newest are the last that came.
_NEWEST_ENDS = ("end_time DESC",)
_PAGE = 50
# Beyond these it is another store, or one that was away for very long.
_MOST_PAGES = 20


class Newest:
    """The newest traces that fit, which are read once at first and then as far as they are not known.

    Args:
        source: is asked.
        query: what is wanted; its order and its bound are not used.
        told: knows which were given.
    """

    def __init__(self, source: TraceSource, query: TraceQuery, told: Told) -> None:
        """Nothing is asked yet."""
        self._source = source
        self._asked = replace(query, order_by=_NEWEST_ENDS, max_results=_PAGE, page_token=None)
        self._told = told
        self._oldest_ns = 0

    def first(self, last: int) -> list[JsonObject]:
        """The last so many that are there already, oldest first; those before them are not given any more."""
        page = self._source.page(self._asked)
        for trace in page.traces:
            self._told.note(trace)
        # What ended before is not new, even where it comes into sight because others were deleted.
        self._oldest_ns = _end_ns(page.traces[-1]) if page.traces and page.next_page_token else 0
        return page.traces[:last][::-1]

    def unknown(self) -> tuple[list[JsonObject], bool]:
        """What is to be given now, oldest first; whether all was read that may be new."""
        found: list[JsonObject] = []
        page: SummaryPage | None = None
        for _ in range(_MOST_PAGES):
            asked = self._asked if page is None else replace(self._asked, page_token=page.next_page_token)
            page = self._source.page(asked)
            found += [trace for trace in page.traces if _end_ns(trace) >= self._oldest_ns]
            is_at_end = page.next_page_token is None or _end_ns(page.traces[-1]) < self._oldest_ns
            if is_at_end or any(map(self._told.knows, page.traces)):
                return self._told.due(found[::-1]), True
        return self._told.due(found[::-1]), False


def polled(
    newest: Newest, away: Away, *, last: int | None, interval_s: float
) -> Generator[list[JsonObject], None, None]:
    """The newest traces, then each that comes, for ever; an answer may be empty.

    Args:
        newest: reads them.
        away: tells when the server goes and comes.
        last: so many that are there already are given first; None if that was done.
        interval_s: seconds between two questions.

    Raises:
        OutcropError: the first question was not answered, or one is wrong or not allowed.
    """
    if last is not None:
        yield newest.first(last)
    while True:
        time.sleep(interval_s)
        try:
            found, is_whole = newest.unknown()
        except (ConfigurationError, NotLetInError):
            raise
        except OutcropError as error:
            away.went(error)
            continue
        away.came()
        if not is_whole:
            away.lost()
        yield found


def _end_ns(trace: JsonObject) -> int:
    info = info_of(trace)
    return (as_int(info.get("start_time_ns")) or 0) + (as_int(info.get("duration_ns")) or 0)
