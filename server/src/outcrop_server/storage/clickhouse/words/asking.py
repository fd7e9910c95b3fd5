"""What one search knows of texts: by the index, and by looking into payloads where it must."""

from __future__ import annotations

from collections import OrderedDict
from itertools import dropwhile
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from outcrop.filter.fields import WORDS, attribute_key
from outcrop.filter.folding import folded
from outcrop.filter.matching import holds_of
from outcrop.filter.patterns.pattern import compiled
from outcrop_server.storage.clickhouse.lives import Home
from outcrop_server.storage.clickhouse.words.trace_texts import Frame, read_frames, read_texts, text_of
from outcrop_server.storage.common.recent_texts import Version
from outcrop_server.storage.common.wanted import IN_WORDS, is_narrowing, wanted_of, words_wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outcrop.filter.ast import Comparison
    from outcrop_server.model.span_text import ReadText, SpanText
    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.words.waiting import Waiting
    from outcrop_server.storage.clickhouse.words.word_index import WordIndex
    from outcrop_server.storage.common.recent_texts import RecentTexts
    from outcrop_server.storage.common.wanted import Places, Wanted

K = TypeVar("K")
# Traces and frames are read together, since a statement costs more than what it brings: few at first, as the
# first may be enough.
_FIRST, _MOST = 4, 64
# Characters of traces that are read together.
_MOST_CHARACTERS = 8_000_000
# Texts that are kept for further conditions on the same spans; each has a million characters at most.
_KEPT = 8

# Where a span's payload lies: its frame, then where in that.
Place = tuple[int, int, int]


class Clock(Protocol):
    """Of a search."""

    def check(self) -> None:
        """Raises SearchTooLongError once its time is up."""
        ...


class Trace(NamedTuple):
    """A trace that is looked at: what `lives.HOME` and `span_count` are in its row of `trace`."""

    home: Home
    span_count: int


class Texts:
    """Reads texts of payloads for one search.

    Args:
        client: asks the database.
        read_text: reads a payload.
        recent: words of traces that other searches looked at.
        clock: of the search.
    """

    def __init__(self, client: Client, read_text: ReadText, recent: RecentTexts, clock: Clock) -> None:
        self._client = client
        self._read_text = read_text
        self._recent = recent
        self._clock = clock
        self._contents: dict[bytes, list[str]] = {}
        self._expected: dict[bytes, Home] = {}
        self._frames: dict[tuple[bytes, int], Frame | None] = {}
        self._expected_frames: dict[tuple[bytes, int], Home] = {}
        self._texts: OrderedDict[tuple[bytes, int, int], SpanText] = OrderedDict()
        self._at_once = _FIRST

    def expect(self, homes: Sequence[Home]) -> None:
        """Says which traces `say` may be asked of next, in this order: they are read together."""
        self._expected = {home.trace_id: home for home in homes}

    def expect_frames(self, frames: Sequence[tuple[Home, int]]) -> None:
        """Says where lies what `fits` may be asked of next, in this order: frames are read together."""
        self._expected_frames = {(home.trace_id, frame_id): home for home, frame_id in frames}

    def say(self, home: Home, words: str) -> bool:
        """Whether a trace's spans say some words."""
        sought = folded(words)
        return any(sought in content for content in self._contents_of(home))

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

    def _contents_of(self, home: Home) -> list[str]:
        """The words of a trace's spans, ASCII letters small."""
        known = self._contents.get(home.trace_id)
        if known is None:
            known = self._recent.get(_version(home))
        if known is None:
            self._read(home)
            known = self._contents[home.trace_id]
        return known

    def _read(self, home: Home) -> None:
        """Reads a trace, and with it some that are expected behind it."""
        homes = [home]
        for trace_id, each in _behind(self._expected, home.trace_id):
            if len(homes) >= self._at_once:
                break
            if trace_id != home.trace_id and self._recent.get(_version(each)) is None:
                homes.append(each)
        self._at_once = min(self._at_once * 2, _MOST)
        self._contents = {}
        contents: dict[str, None] = {}
        current, size = home, 0
        for each, stored in read_texts(self._client, homes, self._read_text, on_work=self._clock.check):
            if each.trace_id != current.trace_id:
                self._keep(current, contents)
                if size > _MOST_CHARACTERS:
                    return
                current, contents = each, {}
            self._clock.check()
            if stored.text.content is not None and (text := folded(stored.text.content)) not in contents:
                contents[text] = None
                size += len(text)
        self._keep(current, contents)
        # Of one whose spans are gone meanwhile nothing came.
        for each in homes:
            self._contents.setdefault(each.trace_id, [])

    def _keep(self, home: Home, contents: dict[str, None]) -> None:
        self._contents[home.trace_id] = list(contents)
        self._recent.keep(_version(home), self._contents[home.trace_id])

    def _text_of(self, home: Home, place: Place) -> SpanText:
        frame_id, offset, length = place
        key = (home.trace_id, frame_id, offset)
        known = self._texts.get(key)
        if known is None:
            known = text_of(self._frame_of(home, frame_id), (offset, length), self._read_text)
            self._texts[key] = known
            if len(self._texts) > _KEPT:
                self._texts.popitem(last=False)
        return known

    def _frame_of(self, home: Home, frame_id: int) -> Frame | None:
        key = (home.trace_id, frame_id)
        if key not in self._frames:
            wanted = [(home, frame_id)]
            for (trace_id, number), each in _behind(self._expected_frames, key):
                if len(wanted) >= self._at_once:
                    break
                if (trace_id, number) != key:
                    wanted.append((each, number))
            self._at_once = min(self._at_once * 2, _MOST)
            found = read_frames(self._client, wanted)
            self._frames = {
                (each.trace_id, number): found.get((each.trace_id, number)) for each, number in wanted
            }
        return self._frames[key]


class Asking:
    """What one search knows of which traces have which words.

    Args:
        index: the index; None without one.
        waiting: traces that it does not know yet.
    """

    def __init__(self, index: WordIndex | None, waiting: Waiting) -> None:
        self._index = index
        self.waiting = waiting

    def condition(self, comparison: Comparison) -> str:
        """A condition over the row of `trace` that holds wherever a comparison of texts can.

        It holds of no trace that nobody looks at. Empty where the index can tell nothing. Values are in it.
        """
        wanted, places = _wanted(comparison)
        if self._index is None or not is_narrowing(wanted):
            return ""
        return self._index.condition(wanted, places, self.waiting.looked_at)

    def known(self, wanted: Wanted, places: Places, traces: Sequence[Trace]) -> dict[bytes, bool | None]:
        """Of traces whether they have what is wanted; None where payloads have to be looked at."""
        looked_at = self.waiting.looked_at
        found: dict[bytes, bool | None] = {trace.home.trace_id: None for trace in traces}
        if not is_narrowing(wanted):
            return found
        asked = [trace.home for trace in traces if trace.home.trace_id not in looked_at]
        if not asked:
            return found
        # Of one that waits, and is too many to be looked at, what is known is better than nothing.
        having = () if self._index is None else self._index.having(asked, wanted, places)
        if having is not None:
            found.update((home.trace_id, (home.trace_id, home.born) in having) for home in asked)
        return found

    def sure(self, traces: Sequence[Trace]) -> set[bytes]:
        """Those of which the index has everything."""
        looked_at = self.waiting.looked_at
        asked = [trace for trace in traces if trace.home.trace_id not in looked_at]
        if self._index is None or not asked:
            return set()
        spans = self._index.spans_of([trace.home for trace in asked])
        return {
            trace.home.trace_id
            for trace in asked
            if spans.get((trace.home.trace_id, trace.home.born)) == trace.span_count
        }


def _wanted(comparison: Comparison) -> tuple[Wanted, Places]:
    if comparison.field == WORDS:
        return words_wanted(str(comparison.value)), IN_WORDS
    return wanted_of(comparison)


def _version(home: Home) -> Version:
    return Version(home.trace_id, home.version, 0)


def _behind(expected: Mapping[K, Home], key: K) -> Iterator[tuple[K, Home]]:
    """What is expected from something on; nothing where that was not."""
    return dropwhile(lambda item: item[0] != key, expected.items())
