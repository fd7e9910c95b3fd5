"""Writes steps to the index, each in one transaction with how far it is then."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from outcrop_server.storage.postgresql.arrays import integers
from outcrop_server.storage.postgresql.finishing import HISTORY
from outcrop_server.storage.postgresql.text_schema import FORMAT
from outcrop_server.storage.postgresql.words.vocabulary import VocabularyWriter
from outcrop_server.storage.postgresql.words.waiting import TOP, State

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import Connection
    from outcrop_server.storage.postgresql.words.gathering import Gathered, Step

# Words of so many days are remembered.
_DAYS = 2
# One that is just being deleted, or moved to another day, is passed by and looked at again; who deletes it
# waits for no more than a step takes to be written. So nothing is left of what was deleted.
_LOCK = (
    "SELECT trace_key FROM trace WHERE part = %s AND trace_key = ANY(%s::bigint[]) FOR KEY SHARE SKIP LOCKED"
)
_SET = """
    INSERT INTO text_document (trace_key, part, span_count, frame_number, words)
    VALUES (%s, %s, %s, %s, %s::integer[])
    ON CONFLICT (trace_key, part) DO UPDATE SET span_count = excluded.span_count,
        frame_number = excluded.frame_number,
        words = ARRAY(SELECT DISTINCT unnest(text_document.words || excluded.words) ORDER BY 1)
"""
_SET_STATE = "UPDATE text_state SET change = %s, below = %s"
_REMOVE_OTHERS = """
    DELETE FROM text_document WHERE part = %s AND NOT EXISTS (SELECT 1 FROM trace
        WHERE trace.trace_key = text_document.trace_key AND trace.part = text_document.part)
"""
_REMOVE_UNUSED = (
    "DELETE FROM text_word WHERE part = %s AND NOT EXISTS (SELECT 1 FROM text_document WHERE part = %s)"
)
# What a crash of the database takes of an index is filled again: nobody waits for its disk.
_BEGIN = "BEGIN; SET LOCAL synchronous_commit = off"
_HISTORY = "SELECT mark, last FROM change_history"


class IndexWriter:
    """Writes an index.

    Args:
        connection: that writes, in autocommit mode.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._days: OrderedDict[int, VocabularyWriter] = OrderedDict()

    def begin(self) -> State:
        """How far the index is; one of another form is emptied, one of another history is looked through."""
        self._connection.execute(_BEGIN)
        try:
            state = self._begun()
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.rollback()
            raise
        return state

    def write(self, step: Step) -> tuple[State, bool]:
        """Writes a step; gives how far the index is then, and whether no trace had to be passed by."""
        self._connection.execute(_BEGIN)
        try:
            written = self._write(step)
            self._connection.execute("COMMIT")
        except BaseException:
            self._days.clear()
            if not self._connection.closed:
                self._connection.rollback()
            raise
        return written

    def clear(self) -> None:
        """Forgets everything that is indexed."""
        self._days.clear()
        with self._connection.transaction():
            # Searches go on meanwhile, and hold what they read for some seconds.
            self._connection.execute("SET LOCAL lock_timeout = '20s'")
            self._connection.execute("TRUNCATE text_document, text_word, text_state")

    def _begun(self) -> State:
        row = self._connection.execute(_HISTORY).fetchone()
        mark, last = ("", 0) if row is None else (row[0], int(row[1]))
        found = self._connection.execute("SELECT format, mark, change, below FROM text_state").fetchall()
        if len(found) == 1 and found[0][0] == FORMAT:
            if found[0][1] == mark and last - HISTORY <= found[0][2] <= last:
                return State(int(found[0][2]), int(found[0][3]))
            # It is not known what changed: what is there stays, and every trace is compared.
            self._connection.execute("DELETE FROM text_state")
        else:
            self._connection.execute("SET LOCAL lock_timeout = '20s'")
            self._connection.execute("TRUNCATE text_document, text_word, text_state")
        state = State(last, TOP)
        self._connection.execute(
            "INSERT INTO text_state (format, mark, change, below) VALUES (%s, %s, %s, %s)",
            (FORMAT, mark, *state),
        )
        return state

    def _write(self, step: Step) -> tuple[State, bool]:
        state, is_whole = step.state, True
        by_part: dict[int, list[Gathered]] = {}
        for each in step.added:
            by_part.setdefault(each.home.part, []).append(each)
        for part, added in by_part.items():
            keys = [each.home.trace_key for each in added]
            locked = {key for (key,) in self._connection.execute(_LOCK, (part, keys))}
            self._add(part, [each for each in added if each.home.trace_key in locked])
            passed = [each.change for each in added if each.home.trace_key not in locked]
            # If whoever holds it undoes what it did, no other change tells of it.
            state = state._replace(change=min([state.change, *(change - 1 for change in passed if change)]))
            is_whole = is_whole and not passed
        if not is_whole:
            state = state._replace(below=max(state.below, self._below()))
        elif step.swept is not None:
            self._connection.execute(_REMOVE_OTHERS, (step.swept,))
            self._connection.execute(_REMOVE_UNUSED, (step.swept, step.swept))
            self._days.pop(step.swept, None)
        self._connection.execute(_SET_STATE, state)
        return state, is_whole

    def _below(self) -> int:
        row = self._connection.execute("SELECT below FROM text_state").fetchone()
        return 0 if row is None else int(row[0])

    def _add(self, part: int, added: list[Gathered]) -> None:
        if not added:
            return
        day = self._days.pop(part, None) or VocabularyWriter(self._connection, part)
        self._days[part] = day
        while len(self._days) > _DAYS:
            self._days.popitem(last=False)
        day.number(word for each in added for word in each.words)
        with self._connection.cursor() as cursor:
            cursor.executemany(
                _SET,
                [
                    (
                        each.home.trace_key,
                        part,
                        each.span_count,
                        each.frame_number,
                        integers(day.numbers_of(each.words)),
                    )
                    for each in added
                ],
            )
