"""`outcrop traces tail`: new traces as they come.

`new_traces` is the one place that knows how they are found.
"""

from __future__ import annotations

import sys
import time
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import replace

from outcrop.delivery.query import TraceQuery
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.json_reading import JsonObject, as_int
from outcrop.terminal.source import SummaryPage, TraceSource, info_of

# A trace comes when its root has ended: in this order the newest are the last that came.
_NEWEST_ENDS = ("end_time DESC",)
_PAGE = 50
_REMEMBERED = 50_000


def new_traces(
    source: TraceSource, query: TraceQuery, *, last: int, interval_s: float
) -> Generator[list[JsonObject], None, None]:
    """The newest traces that fit, then each that comes, for ever; oldest first, none twice.

    A server that goes away is waited for. An answer may be empty, so that what was written can be shown.

    Args:
        source: is asked every `interval_s` seconds.
        query: what is wanted; its order and its bound are not used.
        last: so many that are there already are given first.
        interval_s: seconds between two questions.

    Raises:
        OutcropError: the first question was not answered, or is wrong.
    """
    asked = replace(query, order_by=_NEWEST_ENDS, max_results=_PAGE)
    page = source.page(asked)
    seen = OrderedDict.fromkeys(_id(trace) for trace in page.traces)
    # What ended before is not new, even where it comes into sight because others were deleted.
    oldest_ns = _end_ns(page.traces[-1]) if page.next_page_token else 0
    yield page.traces[:last][::-1]
    is_away = False
    while True:
        time.sleep(interval_s)
        try:
            found = _unseen(source, asked, seen)
        except ConfigurationError:
            raise
        except OutcropError as error:
            if not is_away:
                sys.stderr.write(f"outcrop traces: {error} Waiting for it.\n")
            is_away = True
            continue
        is_away = False
        yield [trace for trace in reversed(found) if _end_ns(trace) >= oldest_ns]


def _unseen(source: TraceSource, asked: TraceQuery, seen: OrderedDict[str, None]) -> list[JsonObject]:
    """What is new, newest first: further pages are read as long as everything on a page is."""
    found: list[JsonObject] = []
    page: SummaryPage | None = None
    while page is None or page.next_page_token is not None:
        page = source.page(asked if page is None else replace(asked, page_token=page.next_page_token))
        new = [trace for trace in page.traces if _id(trace) not in seen]
        found += new
        seen.update(dict.fromkeys(map(_id, new)))
        if len(new) < len(page.traces):
            break
    while len(seen) > _REMEMBERED:
        seen.popitem(last=False)
    return found


def _id(trace: JsonObject) -> str:
    return str(info_of(trace).get("trace_id"))


def _end_ns(trace: JsonObject) -> int:
    info = info_of(trace)
    return (as_int(info.get("start_time_ns")) or 0) + (as_int(info.get("duration_ns")) or 0)
