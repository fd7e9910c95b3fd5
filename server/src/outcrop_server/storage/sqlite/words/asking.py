"""A search's questions of texts, which SQLite asks by functions: by the index, and of payloads where it must.

Reading payloads takes long: a search that has done it for some seconds ends with an error that says so.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from outcrop.filter.fields import WORDS, attribute_key
from outcrop.filter.folding import folded
from outcrop.filter.matching import holds_of
from outcrop.filter.patterns.pattern import compiled
from outcrop_server.model.errors import DamagedError, SearchTooLongError
from outcrop_server.model.span_text import SpanText
from outcrop_server.storage.common.wanted import (
    IN_WORDS,
    comparison_of,
    is_narrowing,
    wanted_of,
    words_wanted,
)
from outcrop_server.storage.sqlite.upkeep.opening import snapshot
from outcrop_server.storage.sqlite.words.index_view import IndexView
from outcrop_server.storage.sqlite.words.trace_texts import Frame, read_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from outcrop.filter.ast import Comparison
    from outcrop_server.model.span_text import ReadText
    from outcrop_server.storage.common.recent_texts import RecentTexts
    from outcrop_server.storage.common.wanted import Places, Wanted
    from outcrop_server.storage.sqlite.connections import ReaderPool
    from outcrop_server.storage.sqlite.words.waiting import Waiting

K = TypeVar("K")
V = TypeVar("V")
_log = logging.getLogger(__name__)
# Traces that are looked at one by one where the index says which; of more, those that come first are.
MOST_CANDIDATES = 5_000
_STEPS = 100_000
# Texts that are kept for further conditions on the same spans; each has a million characters at most.
_KEPT = 8


class Sources(NamedTuple):
    """Where texts come from: connections to the store, what reads a payload, and what is kept of others."""

    readers: ReaderPool
    read_text: ReadText
    recent: RecentTexts


class Asking:
    """What one search knows of texts.

    Args:
        view: the index; None without one.
        waiting: traces that it does not know yet.
        sources: where texts come from.
        seconds: after which it ends.
    """

    def __init__(
        self,
        view: IndexView | None,
        waiting: Waiting,
        sources: Sources,
        seconds: float,
    ) -> None:
        self._readers, self._read_text, self._recent = sources
        self._view = view
        self._waiting = waiting
        self._seconds = seconds
        self._ends_at = time.monotonic() + seconds
        self._contents: OrderedDict[int, list[str]] = OrderedDict()
        self._frame: Frame | None = None
        self._texts: OrderedDict[tuple[int, int], SpanText] = OrderedDict()
        self._fault: Exception | None = None
        self.is_over = False

    @property
    def passes_some(self) -> bool:
        """Whether some traces are passed over."""
        return not self._waiting.is_whole

    @contextmanager
    def within(self, connection: sqlite3.Connection) -> Generator[None, None, None]:
        """Statements of this connection may ask.

        Raises:
            SearchTooLongError: it took too long.
        """
        functions: dict[str, tuple[int, Callable[..., int | None]]] = {
            "outcrop_words": (2, self._words),
            "outcrop_may": (2, self._may),
            "outcrop_span": (4, self._span),
            "outcrop_rlike": (2, self._rlike),
        }
        for name, (count, function) in functions.items():
            connection.create_function(name, count, self._guarded(function))
        connection.set_progress_handler(self._step, _STEPS)
        try:
            yield
        except sqlite3.OperationalError:
            if self._fault is not None:
                raise self._fault from None
            if self.is_over:
                raise self._too_long() from None
            raise
        finally:
            connection.set_progress_handler(None, 0)

    def candidates(self, comparison: Comparison) -> list[int] | None:
        """Keys of the only traces for which a comparison can hold, or that nobody looks at; None for many."""
        wanted, places = (
            (words_wanted(str(comparison.value)), IN_WORDS)
            if comparison.field == WORDS
            else wanted_of(comparison)
        )
        if self._view is None or not is_narrowing(wanted) or self._view.is_in_many(wanted, places):
            return None
        found: set[int] = set(self._waiting.looked_at)
        for shard in self._view.shards():
            matching = self._view.up_to(shard, wanted, places, MOST_CANDIDATES + 1)
            if matching is None:
                return None
            found |= matching
            if len(found) > MOST_CANDIDATES:
                return None
        return list(found)

    def _words(self, words: str, trace_key: int) -> int:
        """Whether a trace's spans say some words; what else they are looked for in is asked elsewhere."""
        wanted = words_wanted(words)
        known = self._known(trace_key, wanted, frozenset())
        if known is False:
            return 0
        if known and wanted[0][0].is_exact and self._is_sure(trace_key):
            return 1
        sought = folded(words)
        return int(any(sought in content for content in self._contents_of(trace_key)))

    def _may(self, question: str, trace_key: int) -> int:
        """Whether a trace may have a span of which a comparison holds."""
        wanted, places = wanted_of(comparison_of(question))
        return int(self._known(trace_key, wanted, places) is not False)

    def _span(self, question: str, payload_id: int, offset: int, length: int) -> int:
        """Whether a comparison, without its negation, holds of a span."""
        self._check()
        comparison = comparison_of(question)
        text = self._text_of(payload_id, offset, length)
        key = attribute_key(comparison.field)
        value = text.content if key is None else text.attributes.get(key)
        if comparison.operator.positive.value == "RLIKE" and isinstance(value, str):
            return int(compiled(str(comparison.value)).is_in(value, self._check))
        return int(holds_of(comparison, value))

    def _rlike(self, pattern: str, text: str | None) -> int | None:
        return None if text is None else int(compiled(pattern).is_in(text, self._check))

    def _known(self, trace_key: int, wanted: Wanted, places: Places) -> bool | None:
        """What the index says; None where payloads have to be looked at."""
        if trace_key in self._waiting.looked_at or not is_narrowing(wanted):
            return None
        # Of one that waits, and is too many to be looked at, what is known is better than nothing.
        return False if self._view is None else self._view.has(trace_key, wanted, places)

    def _is_sure(self, trace_key: int) -> bool:
        waits = trace_key in self._waiting.changed or trace_key < self._waiting.below
        return not waits and self._view is not None and not self._view.is_doubtful(trace_key)

    def _contents_of(self, trace_key: int) -> list[str]:
        """The words of a trace's spans, ASCII letters small."""
        version = self._waiting.looked_at.get(trace_key)
        known = self._contents.get(trace_key) if version is None else self._recent.get(version)
        if known is not None:
            return known
        found: dict[str, None] = {}
        with self._readers.reading() as store, snapshot(store):
            for each in read_texts(store, trace_key, self._read_text):
                self._check()
                if each.text.content is not None:
                    found[folded(each.text.content)] = None
        contents = list(found)
        if version is None:
            _keep(self._contents, trace_key, contents)
        else:
            self._recent.keep(version, contents)
        return contents

    def _text_of(self, payload_id: int, offset: int, length: int) -> SpanText:
        known = self._texts.get((payload_id, offset))
        if known is None:
            known = self._read(payload_id, offset, length)
            _keep(self._texts, (payload_id, offset), known)
        return known

    def _read(self, payload_id: int, offset: int, length: int) -> SpanText:
        try:
            with self._readers.reading() as store, snapshot(store):
                if self._frame is None or self._frame.payload_id != payload_id:
                    self._frame = Frame(store, payload_id)
                payload = self._frame.payload(store, offset, length)
        except LookupError:
            # Removed since.
            return SpanText()
        except DamagedError as error:
            _log.warning("A span of payload %d cannot be searched: %s", payload_id, error)
            return SpanText()
        return self._read_text(payload)

    def _check(self) -> None:
        if time.monotonic() > self._ends_at:
            self.is_over = True
            raise self._too_long()

    def _step(self) -> int:
        """Called by SQLite now and then; whether it is to stop."""
        self.is_over = self.is_over or time.monotonic() > self._ends_at
        return int(self.is_over)

    def _too_long(self) -> SearchTooLongError:
        return SearchTooLongError(
            f"This search looked into payloads for {self._seconds:g} s and was not done. Narrow it: by time "
            "(`time > -1h`), by experiment, or by a longer word that must be there."
        )

    def _guarded(self, function: Callable[..., int | None]) -> Callable[..., int | None]:
        """SQLite keeps no error of a function: it is kept here."""

        def guarded(*values: object) -> int | None:
            try:
                return function(*values)
            except Exception as error:
                self._fault = error
                raise

        return guarded


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    if len(kept) > _KEPT:
        kept.popitem(last=False)
