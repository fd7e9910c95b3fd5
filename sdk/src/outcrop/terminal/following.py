"""`outcrop traces tail`: new traces as they come, by the server's live tail, or by asking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import islice

from outcrop.delivery.query import TraceQuery
from outcrop.delivery.server_api import NotLetInError, NotThereError
from outcrop.exceptions import ConfigurationError, OutcropError
from outcrop.filter.errors import FilterError
from outcrop.json_reading import JsonObject, as_object, as_text, parse_json
from outcrop.terminal.away import Away
from outcrop.terminal.events import Event
from outcrop.terminal.polling import Newest, polled
from outcrop.terminal.source import TraceSource
from outcrop.terminal.told import Told

_LONGEST_WAIT_S = 15.0
# What servers of before the live tail answer: no such path, or no such trace as `tail`.
_NO_TAIL = (NotThereError, ConfigurationError)


def new_traces(
    source: TraceSource,
    query: TraceQuery,
    *,
    last: int,
    interval_s: float,
    say: Callable[[str], None],
    is_whole: bool = False,
    told: Told | None = None,
) -> Generator[list[JsonObject], None, None]:
    """The newest traces that fit, then each that comes, for ever; oldest first.

    A server that goes away is waited for: nothing that came meanwhile is missed or given twice, and where the
    server cannot say what came, that is said. An answer may be empty, so that what was written can be shown.

    Args:
        source: where they are.
        query: what is wanted; its order and its bound are not used.
        last: so many that are there already are given first.
        interval_s: seconds between two questions, and before a server that went away is asked again.
        say: takes what the user should know.
        is_whole: whether metadata and judgements are wanted too, which a live tail does not tell.
        told: what was given already; nothing by default.

    Raises:
        OutcropError: the first question was not answered, or one is wrong or not allowed.
    """
    known = Told() if told is None else told
    away, newest = Away(say), Newest(source, query, known)
    live = _Live(source, query, newest, known, away, is_whole=is_whole)
    yield from _followed(live, away, last, interval_s)
    # It has none.
    yield from polled(newest, away, last=last, interval_s=interval_s)


def _followed(
    live: _Live, away: Away, last: int, interval_s: float
) -> Generator[list[JsonObject], None, None]:
    """What a live tail brings, for ever; ends where the server has none."""
    wait_s = interval_s
    while True:
        try:
            for traces in live.traces(last):
                wait_s = interval_s
                yield traces
        except (FilterError, NotLetInError):
            raise
        except _NO_TAIL:
            if live.has_begun:
                raise
            return
        except OutcropError as error:
            if not live.has_begun:
                raise
            away.went(error)
        else:
            if live.has_told:
                # It ends what is old, so that a token that was revoked ends too; that is nothing to wait for.
                continue
        time.sleep(wait_s)
        wait_s = max(min(wait_s * 2, _LONGEST_WAIT_S), interval_s)


class _Live:
    """A live tail that is taken up again where it ended.

    Attributes:
        has_begun: whether it ever was there.
        has_told: whether anything came since it was taken up the last time.
    """

    def __init__(
        self,
        source: TraceSource,
        query: TraceQuery,
        newest: Newest,
        told: Told,
        away: Away,
        *,
        is_whole: bool,
    ) -> None:
        self._is_whole = is_whole
        self._source = source
        self._query = query
        self._newest = newest
        self._told = told
        self._away = away
        self._last_event_id: str | None = None
        self.has_begun = False
        self.has_told = False

    def traces(self, last: int) -> Generator[list[JsonObject], None, None]:
        """What comes, until the server ends it or it breaks off."""
        self.has_told = False
        with self._source.follow(self._query, self._last_event_id) as events:
            for event in events:
                yield self._taken(event, last)
                # Not before what it brought was given: after a break it comes again.
                self._last_event_id = event.event_id or self._last_event_id
                self.has_told = self.has_told or event.kind != "ready"

    def _taken(self, event: Event, last: int) -> list[JsonObject]:
        if event.kind == "ready":
            self._away.came()
            if self.has_begun:
                return []
            # Only now, so that nothing falls between the list and what is told from here on.
            found = self._newest.first(last)
            self.has_begun = True
            return found
        if event.kind == "reset":
            self._away.lost()
            return self._newest.unknown()[0]
        if event.kind == "trace":
            return self._told.due(self._whole(as_object(parse_json(event.data))))
        return self._told.due([])

    def _whole(self, info: JsonObject) -> list[JsonObject]:
        """A trace as a search has it; none if it was deleted meanwhile."""
        if not self._is_whole:
            return [{"info": info}]
        trace_id = as_text(info.get("trace_id")) or ""
        asked = replace(self._query, filter_string=f"trace_id = '{trace_id}'", experiments=(), max_results=1)
        return list(islice(self._source.page(asked).traces, 1))
