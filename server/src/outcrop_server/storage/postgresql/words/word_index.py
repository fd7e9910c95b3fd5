"""The index at one moment: which traces have words with what is looked for in them."""

# ruff: noqa: S608 - put together from constants only; values always go in as parameters.

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from psycopg import errors

from outcrop_server.storage.common.sql import Sql, joined
from outcrop_server.storage.common.text_terms import Needle, is_term
from outcrop_server.storage.common.wanted import Places, Wanted
from outcrop_server.storage.postgresql.arrays import integers
from outcrop_server.storage.postgresql.schema import ELSEWHEN
from outcrop_server.storage.postgresql.words.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Generator

    from outcrop_server.storage.postgresql.connections import Connection

# Words that the database looks for in each trace's own list: of more, lists are fetched and looked at here.
_MOST_IN_LISTS = 24
# Groups of a day's traces whose lists are fetched, before GIN gives the day's traces at once.
_MOST_FETCHED = 8
# A day's traces that are kept for further questions.
_MOST_OF_DAY = 200_000
# What is in so many of so many of the newest traces is in many.
_NEWEST, _MANY = 64, 16
# Alternatives of more words take GIN long: where others leave few traces, these are looked at all the same.
_MOST_TOGETHER = 200
_FEW = 300
_WORD = 3

_SPANS = "SELECT trace_key, span_count FROM text_document WHERE part = %s AND trace_key = ANY(%s::bigint[])"
_WORDS = "SELECT trace_key, words FROM text_document WHERE part = %s AND trace_key = ANY(%s::bigint[])"
_NEWEST_WORDS = "SELECT words FROM text_document WHERE part = %s ORDER BY trace_key DESC LIMIT %s"

# Numbers of words of which one is to be there; all of these; one of those.
_Piece = frozenset[int]
_Choices = tuple[tuple[_Piece, ...], ...]
# A day, what it is asked for, and where that is to stand.
_Asked = tuple[int, Wanted, Places]


class IndexFaultError(Exception):
    """The index cannot be read; not to be taken for a fault of the store."""


class _Question(NamedTuple):
    """What a day is asked.

    Attributes:
        wanted: all of these are to be there; nothing where the index can tell nothing.
        is_possible: whether the day has such words at all.
    """

    wanted: tuple[_Choices, ...] = ()
    is_possible: bool = True

    @property
    def word_count(self) -> int:
        """How many words are looked for."""
        return sum(map(_count, self.wanted))

    def cheap(self) -> _Question | None:
        """The part of it that takes GIN little time; None where that is all of it, or nothing."""
        cheap = tuple(choices for choices in self.wanted if _count(choices) <= _MOST_TOGETHER)
        return self._replace(wanted=cheap) if cheap and len(cheap) < len(self.wanted) else None

    def sql(self) -> Sql:
        """As a condition over the row of `text_document`."""
        return joined("AND", [_choices_sql(choices) for choices in self.wanted])

    def holds(self, words: Collection[int]) -> bool:
        """Whether it holds of a trace with these words."""
        return all(
            any(all(not piece.isdisjoint(words) for piece in pieces) for pieces in choices)
            for choices in self.wanted
        )


class WordIndex:
    """An index, to be used by one search.

    Args:
        connection: within a snapshot.
        parts: the days that may have one.
    """

    def __init__(self, connection: Connection, parts: Sequence[int]) -> None:
        self._connection = connection
        self._parts = frozenset(parts)
        self._vocabulary = Vocabulary(connection)
        self._questions: dict[_Asked, _Question] = {}
        self._days: dict[_Asked, frozenset[int] | None] = {}
        # How many groups of a day's traces were looked at.
        self._fetched: dict[_Asked, int] = {}

    def load(self, wanted: Wanted, parts: Sequence[int]) -> None:
        """Looks through the vocabularies of several days at once."""
        asked = [part for part in parts if part in self._parts]
        with _told():
            for piece in {piece for choices in wanted for needle in choices for piece in _sought(needle)}:
                self._vocabulary.load(asked, piece)

    def is_in_many(self, part: int, wanted: Wanted, places: Places) -> bool:
        """Whether so many of a day's newest traces have it that it is found soon without an index."""
        with _told():
            question = self._question(part, wanted, places)
            if not question.wanted:
                return False
            rows = self._connection.execute(_NEWEST_WORDS, (part, _NEWEST))
            return sum(question.holds(words) for (words,) in rows) >= _MANY

    def up_to(self, part: int, wanted: Wanted, places: Places, most: int) -> frozenset[int] | None:
        """As many as `most` of a day's traces that have what is wanted, or few others beside them.

        None where it cannot tell.
        """
        with _told():
            question = self._question(part, wanted, places)
            if not question.is_possible:
                return frozenset()
            if not question.wanted:
                return None
            cheap = question.cheap()
            if cheap is not None:
                found = self._traces(part, cheap.sql(), _FEW + 1)
                if len(found) <= _FEW:
                    return found
            return self._traces(part, question.sql(), most)

    def having(
        self, part: int, keys: Collection[int], wanted: Wanted, places: Places
    ) -> frozenset[int] | None:
        """Which of some traces of a day have what is wanted; None where it cannot tell."""
        with _told():
            question = self._question(part, wanted, places)
            if not question.is_possible:
                return frozenset()
            if not question.wanted:
                return None
            if question.word_count <= _MOST_IN_LISTS:
                among = Sql("trace_key = ANY(%s::bigint[])", (list(keys),))
                return self._traces(part, joined("AND", [among, question.sql()]), len(keys))
            key = (part, wanted, places)
            self._fetched[key] = self._fetched.get(key, 0) + 1
            day = self._day(key, question) if self._fetched[key] > _MOST_FETCHED else None
            if day is not None:
                return day.intersection(keys)
            rows = self._connection.execute(_WORDS, (part, list(keys)))
            return frozenset(trace_key for trace_key, words in rows if question.holds(words))

    def spans_of(self, part: int, keys: Collection[int]) -> dict[int, int]:
        """How many spans of some traces of a day are in the index."""
        with _told():
            return dict(self._connection.execute(_SPANS, (part, list(keys))).fetchall())

    def _day(self, key: _Asked, question: _Question) -> frozenset[int] | None:
        if key not in self._days:
            found = self._traces(key[0], question.sql(), _MOST_OF_DAY + 1)
            self._days[key] = found if len(found) <= _MOST_OF_DAY else None
        return self._days[key]

    def _traces(self, part: int, test: Sql, most: int) -> frozenset[int]:
        statement = f"SELECT trace_key FROM text_document WHERE part = %s AND {test.text} LIMIT %s"
        rows = self._connection.execute(statement.encode(), (part, *test.values, most))
        return frozenset(key for (key,) in rows)

    def _question(self, part: int, wanted: Wanted, places: Places) -> _Question:
        key = (part, wanted, places)
        if key not in self._questions:
            self._questions[key] = self._put(part, wanted, places)
        return self._questions[key]

    def _put(self, part: int, wanted: Wanted, places: Places) -> _Question:
        if part not in self._parts:
            return _Question(is_possible=False)
        asked: list[_Choices] = []
        for choices in wanted:
            known = [self._known_pieces(part, needle, places) for needle in choices]
            if not all(known):
                # Of one of them the index tells nothing: so of all together.
                continue
            possible = [pieces for pieces in known if all(pieces)]
            if not possible:
                return _Question(is_possible=False)
            if len(possible) == 1:
                # Each piece by itself: so those of few words can be asked for alone.
                asked += [((frozenset(numbers),),) for numbers in possible[0]]
            else:
                asked.append(tuple(tuple(map(frozenset, pieces)) for pieces in possible))
        return _Question(tuple(asked))

    def _known_pieces(self, part: int, needle: Needle, places: Places) -> list[list[int]]:
        """The words with each piece of a needle, but for pieces that are in too many."""
        found = (self._vocabulary.numbers(part, piece, places) for piece in _sought(needle))
        return [numbers for numbers in found if numbers is not None]


def parts_in_use(connection: Connection) -> list[int]:
    """The days that may have an index, the newest first."""
    # Asked here, not in the partitions themselves: a look into each would take longer than the search.
    rows = connection.execute("SELECT part FROM part_use ORDER BY part DESC").fetchall()
    return [*(part for (part,) in rows if part != ELSEWHEN), ELSEWHEN]


def _sought(needle: Needle) -> list[bytes]:
    """The pieces of a needle as the vocabulary is asked for them; one letter beside words tells nothing."""
    has_words = any(len(piece) >= _WORD for piece in needle.pieces)
    return [
        piece + b"\n" if is_term(piece, needle) else piece
        for piece in needle.pieces
        if len(piece) > 1 or not has_words or is_term(piece, needle)
    ]


@contextmanager
def _told() -> Generator[None, None, None]:
    """What is damaged of the index is no fault of the store: the traces are all there."""
    try:
        yield
    except (errors.DataCorrupted, errors.IndexCorrupted) as error:
        raise IndexFaultError(str(error)) from error


def _count(choices: _Choices) -> int:
    return sum(len(piece) for pieces in choices for piece in pieces)


def _choices_sql(choices: _Choices) -> Sql:
    return joined("OR", [joined("AND", [_either(piece) for piece in pieces]) for pieces in choices])


def _either(piece: _Piece) -> Sql:
    return Sql("words && %s::integer[]", (integers(sorted(piece)),))
