"""What one search knows of texts: by the index, and by looking into payloads where it must."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from outcrop.filter.fields import WORDS, attribute_key
from outcrop.filter.folding import folded
from outcrop.filter.matching import holds_of
from outcrop.filter.patterns.pattern import compiled
from outcrop_server.model.span_text import SpanText
from outcrop_server.storage.common.wanted import IN_WORDS, is_narrowing, wanted_of, words_wanted
from outcrop_server.storage.postgresql.words.trace_texts import Frame, Home, frame_of, read_texts, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from outcrop.filter.ast import Comparison
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.common.clock import Clock
    from outcrop_server.storage.common.recent_texts import RecentTexts
    from outcrop_server.storage.common.wanted import Places, Wanted
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.parts import Parts
    from outcrop_server.storage.postgresql.words.waiting import Waiting
    from outcrop_server.storage.postgresql.words.word_index import WordIndex

K = TypeVar("K")
V = TypeVar("V")
# Traces that are looked at one by one where the index says which; of more, those that come first are.
MOST_CANDIDATES = 5_000
# Texts that are kept for further conditions on the same spans; each has a million characters at most.
_KEPT = 8

# Where a span's payload lies in its frame.
Place = tuple[int, int, int]


class Trace(NamedTuple):
    """A trace that is looked at."""

    home: Home
    span_count: int


class Texts:
    """Reads texts of payloads for one search, and keeps the last ones.

    Args:
        connection: within a snapshot.
        read_text: reads a payload.
        recent: texts of traces that other searches looked at.
        clock: of the search.
    """

    def __init__(
        self, connection: Connection, read_text: ReadText, recent: RecentTexts, clock: Clock
    ) -> None:
        self._connection = connection
        self._read_text = read_text
        self._recent = recent
        self._clock = clock
        self._contents: OrderedDict[int, list[str]] = OrderedDict()
        self._frame: tuple[tuple[int, int], Frame | None] | None = None
        self._texts: OrderedDict[tuple[int, int, int], SpanText] = OrderedDict()

    def say(self, home: Home, words: str, waiting: Waiting) -> bool:
        """Whether a trace's spans say some words."""
        sought = folded(words)
        return any(sought in content for content in self._contents_of(home, waiting))

    def fits(self, comparison: Comparison, home: Home, place: Place) -> bool:
        """Whether a comparison of texts holds of a span."""
        self._clock.check()
        text = self._text_of(home, place)
        key = attribute_key(comparison.field)
        value = text.content if key is None else text.attributes.get(key)
        if comparison.operator.positive.value == "RLIKE" and isinstance(value, str):
            found = compiled(str(comparison.value)).is_in(value, self._clock.check)
        else:
            found = holds_of(comparison, value)
        return found is not comparison.operator.is_negative

    def _contents_of(self, home: Home, waiting: Waiting) -> list[str]:
        """The words of a trace's spans, ASCII letters small."""
        version = waiting.looked_at.get(home.trace_key)
        known = self._contents.get(home.trace_key) if version is None else self._recent.get(version)
        if known is not None:
            return known
        found: dict[str, None] = {}
        for each in read_texts(self._connection, home, self._read_text):
            self._clock.check()
            if each.text.content is not None:
                found[folded(each.text.content)] = None
        contents = list(found)
        if version is None:
            _keep(self._contents, home.trace_key, contents)
        else:
            self._recent.keep(version, contents)
        return contents

    def _text_of(self, home: Home, place: Place) -> SpanText:
        number, offset, length = place
        key = (home.trace_key, number, offset)
        known = self._texts.get(key)
        if known is None:
            frame = self._frame_of(home, number)
            known = text_of(self._connection, frame, (offset, length), self._read_text)
            _keep(self._texts, key, known)
        return known

    def _frame_of(self, home: Home, number: int) -> Frame | None:
        key = (home.trace_key, number)
        if self._frame is None or self._frame[0] != key:
            self._frame = (key, frame_of(self._connection, home, number))
        return self._frame[1]


class Asking:
    """What one search knows of which traces have which words.

    Args:
        index: the index; None without one.
        parts: the days that may have one, the newest first.
        waiting: traces that it does not know yet.
    """

    def __init__(self, index: WordIndex | None, parts: Sequence[int], waiting: Waiting) -> None:
        self._index = index
        self._parts = parts
        self.waiting = waiting

    def candidates(self, comparison: Comparison, parts: Parts) -> set[Home] | None:
        """The only traces for which a comparison can hold, or that nobody looks at; None for many."""
        wanted, places = _wanted(comparison)
        if self._index is None or not is_narrowing(wanted):
            return None
        asked = [part for part in self._parts if parts.has(part)]
        self._index.load(wanted, asked)
        found = {Home(key, part) for key, part in self.waiting.homes.items()}
        for place, part in enumerate(asked):
            # Of what is in many of the newest, a page is found without an index.
            if place == 0 and self._index.is_in_many(part, wanted, places):
                return None
            keys = self._index.up_to(part, wanted, places, MOST_CANDIDATES + 1)
            if keys is None:
                return None
            found.update(Home(key, part) for key in keys)
            if len(found) > MOST_CANDIDATES:
                return None
        return found

    def known(self, wanted: Wanted, places: Places, traces: Sequence[Trace]) -> dict[int, bool | None]:
        """Of traces whether they have what is wanted; None where payloads have to be looked at."""
        looked_at = self.waiting.looked_at
        found: dict[int, bool | None] = {
            trace.home.trace_key: None for trace in traces if trace.home.trace_key in looked_at
        }
        if not is_narrowing(wanted):
            return {trace.home.trace_key: None for trace in traces}
        by_part: dict[int, list[int]] = {}
        for trace in traces:
            if trace.home.trace_key not in found:
                by_part.setdefault(trace.home.part, []).append(trace.home.trace_key)
        for part, keys in by_part.items():
            # Of one that waits, and is too many to be looked at, what is known is better than nothing.
            having = (
                frozenset[int]() if self._index is None else self._index.having(part, keys, wanted, places)
            )
            found.update((key, None if having is None else key in having) for key in keys)
        return found

    def sure(self, traces: Sequence[Trace]) -> set[int]:
        """Those of which the index has everything."""
        by_part: dict[int, list[int]] = {}
        for trace in traces:
            by_part.setdefault(trace.home.part, []).append(trace.home.trace_key)
        spans: dict[int, int] = {}
        for part, keys in by_part.items():
            spans.update({} if self._index is None else self._index.spans_of(part, keys))
        looked_at = self.waiting.looked_at
        return {
            trace.home.trace_key
            for trace in traces
            if trace.home.trace_key not in looked_at and spans.get(trace.home.trace_key) == trace.span_count
        }


def _wanted(comparison: Comparison) -> tuple[Wanted, Places]:
    if comparison.field == WORDS:
        return words_wanted(str(comparison.value)), IN_WORDS
    return wanted_of(comparison)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > _KEPT:
        kept.popitem(last=False)
