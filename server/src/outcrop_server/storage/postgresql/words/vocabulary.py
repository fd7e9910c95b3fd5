"""A day's words and their numbers: looked through for what is sought, and added to by who fills the index.

A word's number is its chunk's, and its line within the chunk. The same word may have several: who fills
remembers but so many, and looks none up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from outcrop_server.storage.common.wanted import MARKS
from outcrop_server.storage.postgresql.adapting import kept
from outcrop_server.storage.postgresql.text_schema import CHUNK_BYTES, LINE_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from outcrop_server.storage.common.wanted import Places
    from outcrop_server.storage.postgresql.connections import Connection

# Of more words of a day with what is looked for in them, the index is not asked.
MOST_WORDS = 4_000
# More chunks are not fetched: nearly every word has what is looked for in it.
_MOST_CHUNKS = 1_000
_MOST_REMEMBERED = 300_000

_WITH = (
    "SELECT part, chunk, words FROM text_word WHERE part = ANY(%s::integer[]) AND strpos(words, %s) > 0 "
    "LIMIT %s"
)
_ALL = "SELECT chunk, words FROM text_word WHERE part = %s ORDER BY chunk"
_LAST = "SELECT chunk, words FROM text_word WHERE part = %s ORDER BY chunk DESC LIMIT 1"
_SET = (
    "INSERT INTO text_word (part, chunk, words) VALUES (%s, %s, %s) "
    "ON CONFLICT (part, chunk) DO UPDATE SET words = excluded.words"
)


class _Line(NamedTuple):
    word: bytes
    number: int


class Vocabulary:
    """The words of days, to be asked by one search.

    Args:
        connection: within a snapshot.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[tuple[int, bytes], list[_Line] | None] = {}

    def load(self, parts: Sequence[int], piece: bytes) -> None:
        """Looks through several days at once; does nothing where that finds very much."""
        missing = [part for part in parts if (part, piece) not in self._found]
        if len(missing) < 2:  # noqa: PLR2004 - one is looked through when it is asked for
            return
        lines = self._lines(missing, piece)
        if lines is not None:
            for part in missing:
                self._found[part, piece] = _bounded(lines.get(part, []))

    def numbers(self, part: int, piece: bytes, places: Places) -> list[int] | None:
        """The numbers of a day's words with a piece in them, of these places; None if they are too many.

        Of a piece with a line end behind it, the numbers of the words that it is all of.
        """
        key = (part, piece)
        if key not in self._found:
            lines = self._lines([part], piece)
            self._found[key] = None if lines is None else _bounded(lines.get(part, []))
        found = self._found[key]
        if found is None:
            return None
        return [line.number for line in found if line.word[:1] not in MARKS or line.word[:1] in places]

    def _lines(self, parts: list[int], piece: bytes) -> dict[int, list[_Line]] | None:
        sought = kept(piece.decode())
        values = (parts, sought, _MOST_CHUNKS + 1)
        rows = self._connection.execute(_WITH, values).fetchall()
        if len(rows) > _MOST_CHUNKS:
            return None
        found: dict[int, list[_Line]] = {}
        for part, chunk, words in rows:
            lines = found.setdefault(part, [])
            if len(lines) <= MOST_WORDS:
                lines.extend(_with(chunk, words.encode(), sought.encode()))
        return found


def _bounded(lines: list[_Line]) -> list[_Line] | None:
    return lines if len(lines) <= MOST_WORDS else None


def _with(chunk: int, text: bytes, piece: bytes) -> Iterator[_Line]:
    """The lines of a chunk with a piece in them, or that it is all of."""
    at = text.find(piece)
    line, counted = -1, 0
    while at >= 0:
        start = text.rindex(b"\n", 0, at) + 1
        end = text.index(b"\n", at)
        line += text.count(b"\n", counted, start)
        counted = start
        word = text[start:end]
        if piece[-1:] != b"\n" or piece[:-1] in {word, word[1:] if word[:1] in MARKS else word}:
            yield _Line(word, (chunk << LINE_BITS) | line)
        at = text.find(piece, end)


class VocabularyWriter:
    """Numbers the words of one day, and adds those that are new.

    Args:
        connection: the one that writes, within a transaction when it is asked.
        part: the day.
    """

    def __init__(self, connection: Connection, part: int) -> None:
        self._connection = connection
        self._part = part
        self._known: dict[bytes, int] = {}
        for chunk, words in connection.execute(_ALL, (part,)):
            if len(self._known) > _MOST_REMEMBERED:
                break
            for line, word in enumerate(words.encode().split(b"\n")[1:-1]):
                self._known[word] = (chunk << LINE_BITS) | line

    def number(self, words: Iterable[bytes]) -> None:
        """Gives new words their numbers."""
        if len(self._known) > _MOST_REMEMBERED:
            # What is met again is numbered again.
            self._known.clear()
        new = sorted({word for word in words if word not in self._known})
        if not new:
            return
        row = self._connection.execute(_LAST, (self._part,)).fetchone()
        chunk, text = (0, b"\n") if row is None else (int(row[0]), row[1].encode())
        lines, changed = text.count(b"\n") - 1, [text]
        size, chunks = len(text), dict[int, bytes]()
        for word in new:
            if size + len(word) + 1 > CHUNK_BYTES or lines >> LINE_BITS:
                chunks[chunk] = b"".join(changed)
                chunk, lines, changed, size = chunk + 1, 0, [b"\n"], 1
            changed += (word, b"\n")
            self._known[word] = (chunk << LINE_BITS) | lines
            lines, size = lines + 1, size + len(word) + 1
        chunks[chunk] = b"".join(changed)
        with self._connection.cursor() as cursor:
            cursor.executemany(
                _SET, [(self._part, number, words.decode()) for number, words in chunks.items()]
            )

    def numbers_of(self, words: Iterable[bytes]) -> list[int]:
        """The numbers of words that have one, in their order."""
        return sorted(self._known[word] for word in words)
