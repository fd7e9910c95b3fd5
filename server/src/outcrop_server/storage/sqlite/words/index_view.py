"""The index at one moment: which traces have terms with what is looked for."""

from __future__ import annotations

# ruff: noqa: S608 - put together from constants and numbers
from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.common.text_terms import is_pair
from outcrop_server.storage.common.wanted import MARKS
from outcrop_server.storage.sqlite.words.index_file import IndexFaultError, IndexRows
from outcrop_server.storage.sqlite.words.index_schema import shard_of, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from outcrop_server.storage.common.text_terms import Needle
    from outcrop_server.storage.common.wanted import Places, Wanted

# Terms with what is looked for in them: of more, a shard's traces are looked at one by one.
_MOST_TERMS = 4_000
_TERMS_AT_ONCE = 200
# Alternatives that are asked for together with others: of more, FTS5 takes longer than we do apart.
_TERMS_TOGETHER = 12
_FEW = 20
# Terms that are asked of single traces, before all traces near them are, and these before all of a shard.
_MOST_ASKED = 40
_WINDOW_BITS = 9
_MOST_WINDOWS = 4
# What is in so many of a window's traces is in many.
_MANY = (1 << _WINDOW_BITS) // 4

# Keys of traces, from one to another.
Keys = tuple[int, int]
_EVERY_KEY = (0, 2**63 - 1)
# No limit, to SQLite.
_ALL = -1


class _Question(NamedTuple):
    """What a shard is asked.

    Attributes:
        expression: what FTS5 is asked at once: so it need not give out what is in nearly every trace.
        others: needles that are in too many terms for that, one of each to be there.
        term_count: how many terms are asked for.
        is_possible: whether the shard has such terms at all.
    """

    expression: str = ""
    others: tuple[tuple[Needle, ...], ...] = ()
    term_count: int = 0
    is_possible: bool = True


class IndexView:
    """An index, to be used by one search.

    Args:
        index: of one moment.
        on_damage: told if it cannot be read.
    """

    def __init__(self, index: IndexRows, on_damage: Callable[[IndexFaultError], None]) -> None:
        self._index = index
        self._on_damage = on_damage
        self._asked: dict[tuple[int, Wanted, Places], int] = {}
        self._found: dict[tuple[int, Wanted, Places], frozenset[int] | None] = {}
        self._windows: dict[tuple[int, Wanted, Places], dict[int, frozenset[int] | None]] = {}
        self._questions: dict[tuple[int, Wanted, Places], _Question] = {}
        self._terms: dict[tuple[int, bytes], list[bytes] | None] = {}
        self._shards: frozenset[int] | None = None
        self._doubtful: frozenset[int] | None = None
        self._vocabulary: tuple[int, bytes] = (-1, b"")

    def shards(self) -> list[int]:
        """The shards that there are, the newest first."""
        if self._shards is None:
            self._shards = self._numbers("SELECT shard FROM shard")
        return sorted(self._shards, reverse=True)

    def is_doubtful(self, trace_key: int) -> bool:
        """Whether a trace is found by terms that another one had that was removed."""
        if self._doubtful is None:
            self._doubtful = self._numbers("SELECT trace_key FROM document WHERE is_doubtful")
        return trace_key in self._doubtful

    def has(self, trace_key: int, wanted: Wanted, places: Places) -> bool | None:
        """Whether a trace has what is wanted, as the index knows it; None if it does not tell.

        False is sure. True is so of a single needle: of several, some may not have been asked for.
        """
        shard = shard_of(trace_key)
        key = (shard, wanted, places)
        if key not in self._found:
            try:
                asked = self._asked.get(key, 0) + 1 + self._question(shard, wanted, places).term_count
                self._asked[key] = asked
                if asked <= _MOST_ASKED:
                    return self._is_there(trace_key, wanted, places)
                window, known = trace_key >> _WINDOW_BITS, self._windows.setdefault(key, {})
                if window in known or len(known) < _MOST_WINDOWS:
                    near = self._window(window, wanted, places)
                    return None if near is None else trace_key in near
            except IndexFaultError as error:
                self._on_damage(error)
                self._found[key] = None
        # Of many, all of the shard at once.
        found = self.matching(shard, wanted, places)
        return None if found is None else trace_key in found

    def is_in_many(self, wanted: Wanted, places: Places) -> bool:
        """Whether so many of the newest traces have what is wanted that it is found soon without an index."""
        try:
            ((newest,),) = self._index.read("SELECT coalesce(max(trace_key), 0) FROM document")
            # The last one that is full.
            window = (newest >> _WINDOW_BITS) - 1
            found = self._window(window, wanted, places) if window >= 0 else None
        except IndexFaultError as error:
            self._on_damage(error)
            return False
        return found is not None and len(found) > _MANY

    def matching(self, shard: int, wanted: Wanted, places: Places) -> frozenset[int] | None:
        """The traces of a shard that have what is wanted, and maybe a few more where several needles are.

        None if too many terms would have to be asked.
        """
        key = (shard, wanted, places)
        if key not in self._found:
            try:
                self._found[key] = self._matching(shard, wanted, places)
            except IndexFaultError as error:
                # Searches do without what is damaged.
                self._on_damage(error)
                self._found[key] = None
        return self._found[key]

    def _numbers(self, statement: str) -> frozenset[int]:
        try:
            return frozenset(number for (number,) in self._index.read(statement))
        except IndexFaultError as error:
            self._on_damage(error)
            return frozenset()

    def _window(self, window: int, wanted: Wanted, places: Places) -> frozenset[int] | None:
        """The traces whose keys are near each other that have what is wanted."""
        first = window << _WINDOW_BITS
        shard = shard_of(first)
        known = self._windows.setdefault((shard, wanted, places), {})
        if window not in known:
            keys = (first, first + (1 << _WINDOW_BITS) - 1)
            known[window] = self._matching(shard, wanted, places, keys=keys)
        return known[window]

    def _matching(
        self, shard: int, wanted: Wanted, places: Places, most: int = _ALL, keys: Keys = _EVERY_KEY
    ) -> frozenset[int] | None:
        question = self._question(shard, wanted, places)
        if shard not in self.shards() or not question.is_possible:
            return frozenset()
        found: frozenset[int] | None = None
        if question.expression:
            limit = _ALL if question.others else most
            found = self._traces(shard, question.expression, keys, limit)
        for choices in question.others:
            if found is not None and len(found) <= _FEW:
                # They are looked at in less time than these needles are.
                break
            traces = (self._with_needle(shard, needle, places, keys) for needle in choices)
            either = frozenset[int]().union(*traces)
            found = either if found is None else found & either
        return found

    def up_to(self, shard: int, wanted: Wanted, places: Places, most: int) -> frozenset[int] | None:
        """As `matching`, or as many as `most` of them if there are so many and they are quickly had."""
        key = (shard, wanted, places)
        if key not in self._found:
            try:
                found = self._matching(shard, wanted, places, most)
            except IndexFaultError as error:
                self._on_damage(error)
                return None
            if found is not None and len(found) == most:
                # There may be more.
                return found
            self._found[key] = found
        return self._found[key]

    def _question(self, shard: int, wanted: Wanted, places: Places) -> _Question:
        key = (shard, wanted, places)
        if key not in self._questions:
            self._questions[key] = self._put(shard, wanted, places)
        return self._questions[key]

    def _put(self, shard: int, wanted: Wanted, places: Places) -> _Question:
        expressions: list[str] = []
        others: list[tuple[Needle, ...]] = []
        count = 0
        most = _TERMS_AT_ONCE if len(wanted) == 1 else _TERMS_TOGETHER
        for choices in wanted:
            known = [self._known_pieces(shard, needle, places) for needle in choices]
            if not all(known):
                # Of one of them the index tells nothing: so of all together.
                continue
            possible = [pieces for pieces in known if all(pieces)]
            if not possible:
                return _Question(is_possible=False)
            terms = sum(len(piece) for pieces in possible for piece in pieces)
            count += terms
            if terms > most:
                others.append(choices)
            else:
                expressions.append(" OR ".join(f"({_every(map(_either, pieces))})" for pieces in possible))
        return _Question(_every(expressions), tuple(others), count)

    def _known_pieces(self, shard: int, needle: Needle, places: Places) -> list[list[bytes]]:
        """The terms with each piece of a needle, but for pieces that are in too many."""
        found = (self._with_piece(shard, piece, places) for piece in needle.pieces)
        return [terms for terms in found if terms is not None]

    def _with_needle(self, shard: int, needle: Needle, places: Places, keys: Keys) -> frozenset[int]:
        found: frozenset[int] | None = None
        for terms in self._known_pieces(shard, needle, places):
            traces = self._of_terms(shard, terms, keys)
            found = traces if found is None else found & traces
            if not found:
                break
        return frozenset() if found is None else found

    def _is_there(self, trace_key: int, wanted: Wanted, places: Places) -> bool | None:
        shard = shard_of(trace_key)
        question = self._question(shard, wanted, places)
        if shard not in self.shards() or not question.is_possible:
            return False
        known: bool | None = None
        if question.expression:
            if not self._is_in(shard, question.expression, trace_key):
                return False
            known = True
        for choices in question.others:
            if not any(self._has_needle(shard, trace_key, needle, places) for needle in choices):
                return False
            known = True
        return known

    def _has_needle(self, shard: int, trace_key: int, needle: Needle, places: Places) -> bool:
        pieces = self._known_pieces(shard, needle, places)
        return all(terms and self._is_in(shard, _either(terms), trace_key) for terms in pieces)

    def _is_in(self, shard: int, expression: str, trace_key: int) -> bool:
        table = table_of(shard)
        statement = f"SELECT 1 FROM {table} WHERE {table} MATCH ? AND rowid = ?"
        return bool(self._index.read(statement, (expression, trace_key)))

    def _with_piece(self, shard: int, piece: bytes, places: Places) -> list[bytes] | None:
        """The terms of a shard with a piece in them, of these places; None if they are too many."""
        if is_pair(piece):
            return [piece, *(mark + piece for mark in sorted(places))]
        key = (shard, piece)
        if key not in self._terms:
            self._terms[key] = _lines_with(self._words_of(shard), piece)
        found = self._terms[key]
        if found is None:
            return None
        return [term for term in found if term[:1] not in MARKS or term[:1] in places]

    def _words_of(self, shard: int) -> bytes:
        if self._vocabulary[0] != shard:
            rows = self._index.read("SELECT terms FROM vocabulary WHERE shard = ? ORDER BY chunk", (shard,))
            self._vocabulary = (shard, b"".join(terms for (terms,) in rows))
        return self._vocabulary[1]

    def _of_terms(self, shard: int, terms: list[bytes], keys: Keys) -> frozenset[int]:
        parts = (terms[at : at + _TERMS_AT_ONCE] for at in range(0, len(terms), _TERMS_AT_ONCE))
        return frozenset[int]().union(*(self._traces(shard, _either(part), keys) for part in parts))

    def _traces(self, shard: int, expression: str, keys: Keys, most: int = _ALL) -> frozenset[int]:
        table = table_of(shard)
        statement = f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?"
        rows = self._index.read(statement, (expression, *keys, most))
        return frozenset(key for (key,) in rows)


def _every(expressions: Iterable[str]) -> str:
    return " AND ".join(f"({each})" for each in expressions)


def _either(terms: list[bytes]) -> str:
    return " OR ".join(f'"{term.decode()}"' for term in terms)


def _lines_with(text: bytes, piece: bytes) -> list[bytes] | None:
    """The lines of a text with a piece in them, each once."""
    found: set[bytes] = set()
    at = text.find(piece)
    while at >= 0:
        end = text.index(b"\n", at)
        found.add(text[text.rindex(b"\n", 0, at) + 1 : end])
        if len(found) > _MOST_TERMS:
            return None
        at = text.find(piece, end)
    return list(found)
