"""The index: which traces have words with what is looked for in them.

A row of `words` holds of a trace's life: of which one, `born` says. Rows that newer ones replace hold some of
its words, so that they need not be left out; what rows of former lives hold is told apart by `born`.
"""

# ruff: noqa: S608 - put together from constants, numbers, hex, and terms, which are letters and digits.

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from outcrop_server.model.errors import DamagedError
from outcrop_server.storage.clickhouse.client import hex_list
from outcrop_server.storage.clickhouse.words.trace_texts import lie_at
from outcrop_server.storage.common.text_terms import Needle, is_term
from outcrop_server.storage.common.wanted import MARKS

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Mapping, Sequence

    from outcrop_server.storage.clickhouse.client import Client
    from outcrop_server.storage.clickhouse.lives import Home
    from outcrop_server.storage.common.wanted import Places, Wanted

# Of more words with what is looked for in them, the index is not asked.
MOST_WORDS = 2_000
# Traces that have it are all fetched at the first question if they are no more than this; of more, groups are
# asked for; after so many groups all are fetched, if they are no more than that.
_FEW, _GROUPS, _MANY = 20_000, 6, 400_000
_WORD = 3
_NOTHING = "false"

# A trace's life: its id, and when it began.
Life = tuple[bytes, int]


class IndexFaultError(Exception):
    """The index cannot be read; not to be taken for a fault of the store."""


class WordIndex:
    """The index, to be used by one search.

    Args:
        client: asks the database.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._vocabulary: dict[bytes, list[str] | None] = {}
        self._questions: dict[tuple[Wanted, Places], str] = {}
        self._all: dict[str, Mapping[Life, int] | None] = {}
        # How many spans the index has of lives that were met.
        self._spans: dict[Life, int] = {}
        # How many groups of traces a question was put for.
        self._groups: dict[str, int] = {}

    def condition(self, wanted: Wanted, places: Places, looked_at: Collection[bytes]) -> str:
        """Over the row of `trace`: it has what is wanted, or is one of some; empty where it cannot tell."""
        with _told():
            question = self._question(wanted, places)
        if not question:
            return ""
        either = [f"trace_id IN {hex_list(looked_at, 16)}"] if looked_at else []
        if question != _NOTHING:
            either.append(f"(trace_id, born) IN (SELECT trace_id, born FROM words WHERE {question})")
        return f"({' OR '.join(either)})" if either else _NOTHING

    def having(self, homes: Sequence[Home], wanted: Wanted, places: Places) -> Collection[Life] | None:
        """Which of some traces have what is wanted, or more; None where it cannot tell."""
        with _told():
            question = self._question(wanted, places)
            if not question or question == _NOTHING:
                return () if question else None
            known = self._known(question)
            if known is not None:
                return known
            return self._lives(f"{lie_at(homes)} AND {question}")

    def spans_of(self, homes: Sequence[Home]) -> dict[Life, int]:
        """How many spans of some traces are in the index."""
        unknown = [home for home in homes if (home.trace_id, home.born) not in self._spans]
        if unknown:
            with _told():
                self._lives(lie_at(unknown))
        lives = [(home.trace_id, home.born) for home in homes]
        return {life: self._spans[life] for life in lives if life in self._spans}

    def _known(self, question: str) -> Mapping[Life, int] | None:
        """All that have something; None while they seem to be too many."""
        if question not in self._all:
            self._all[question] = self._lives(question, _FEW)
        if self._all[question] is None:
            self._groups[question] = self._groups.get(question, 0) + 1
            if self._groups[question] == _GROUPS:
                self._all[question] = self._lives(question, _MANY)
        return self._all[question]

    def _lives(self, question: str, most: int | None = None) -> Mapping[Life, int] | None:
        """Lives of which a question holds, with how many spans the index has of each; None for too many."""
        if question == _NOTHING:
            return {}
        limit = "" if most is None else f" LIMIT {most + 1}"
        rows = self._client.query(
            f"SELECT DISTINCT trace_id, born, span_count FROM words WHERE {question}{limit}"
        )
        if most is not None and len(rows) > most:
            return None
        found: dict[Life, int] = {}
        for trace_id, born, count in rows:
            # What holds of a row that was replaced holds of the one in its place.
            life = (trace_id, born)
            found[life] = max(count, found.get(life, 0))
        self._spans.update(found)
        return found

    def _question(self, wanted: Wanted, places: Places) -> str:
        key = (wanted, places)
        if key not in self._questions:
            self._questions[key] = self._put(wanted, places)
        return self._questions[key]

    def _put(self, wanted: Wanted, places: Places) -> str:
        """What is asked of the row of `words`; empty where it can tell nothing, false where none has it."""
        asked: list[str] = []
        for choices in wanted:
            known = [self._pieces(needle, places) for needle in choices]
            if not all(known):
                # Of one of them the index tells nothing: so of all together.
                continue
            possible = [" AND ".join(pieces) for pieces in known if _NOTHING not in pieces]
            if not possible:
                return _NOTHING
            asked.append(possible[0] if len(possible) == 1 else f"(({') OR ('.join(possible)}))")
        return " AND ".join(asked)

    def _pieces(self, needle: Needle, places: Places) -> list[str]:
        """What is asked for each piece of a needle, but for pieces that are in too many words."""
        return [sql for piece in _sought(needle) if (sql := self._piece(piece, needle, places))]

    def _piece(self, piece: bytes, needle: Needle, places: Places) -> str:
        if is_term(piece, needle):
            return _either([f"{mark.decode()}{piece.decode()}" for mark in (b"", *sorted(places))])
        others = sorted(mark.decode() for mark in MARKS - places)
        if not self._client.has_text_index:
            elsewhere = "".join(f" AND NOT startsWith(term, '{mark}')" for mark in others)
            return f"arrayExists(term -> position(term, {_text(piece)}) > 0{elsewhere}, terms)"
        words = self._words_with(piece)
        if words is None:
            return ""
        found = [word for word in words if word[:1] not in others]
        return _either(found) if found else _NOTHING

    def _words_with(self, piece: bytes) -> list[str] | None:
        """The words of the index with a piece in them, in all places; None if they are too many."""
        if piece not in self._vocabulary:
            rows = self._client.query(
                "SELECT DISTINCT token FROM mergeTreeTextIndex(currentDatabase(), words, by_word) "
                f"WHERE position(token, {_text(piece)}) > 0 LIMIT {MOST_WORDS + 1}"
            )
            self._vocabulary[piece] = [word for (word,) in rows] if len(rows) <= MOST_WORDS else None
        return self._vocabulary[piece]


def _sought(needle: Needle) -> list[bytes]:
    """The pieces of a needle that are looked for; one letter beside words tells nothing."""
    has_words = any(len(piece) >= _WORD for piece in needle.pieces)
    return [piece for piece in needle.pieces if len(piece) > 1 or not has_words or is_term(piece, needle)]


@contextmanager
def _told() -> Generator[None, None, None]:
    """What is damaged of the index is no fault of the store: the traces are all there."""
    try:
        yield
    except DamagedError as error:
        raise IndexFaultError(str(error)) from error


def _either(words: Sequence[str]) -> str:
    return f"hasAny(terms, [{', '.join(map(_quoted, words))}])"


def _quoted(word: str) -> str:
    # Terms hold neither; what somebody else wrote into the table might.
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _text(piece: bytes) -> str:
    return _quoted(piece.decode())
