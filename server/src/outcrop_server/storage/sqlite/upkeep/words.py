"""The index of words in upkeep: looked at, shrunk, and told of. It may be lost: no command needs it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from outcrop_server.model.errors import UnavailableError
from outcrop_server.otlp.text import read_text
from outcrop_server.storage.sqlite import changes
from outcrop_server.storage.sqlite.file_lock import FileLock
from outcrop_server.storage.sqlite.upkeep.opening import snapshot
from outcrop_server.storage.sqlite.words.gathering import terms_of_trace
from outcrop_server.storage.sqlite.words.index_file import (
    IndexFaultError,
    IndexRows,
    fill_lock_path,
    give_back,
    index_bytes,
    index_path,
)
from outcrop_server.storage.sqlite.words.index_schema import read_state, shard_of, table_of
from outcrop_server.storage.sqlite.words.waiting import count_unindexed, read_waiting

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_MADE_ANEW = "Remove the file while no server runs, or let one run: it is made anew from the store"
# Traces whose terms are looked for one by one, spread over all of them.
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class WordsStats:
    """The index of words.

    Attributes:
        bytes: what it takes on disk; 0 if there is none.
        waiting: traces that it does not have yet.
    """

    bytes: int = 0
    waiting: int = 0


def read_words_stats(path: Path, store: sqlite3.Connection) -> WordsStats:
    """Reads the numbers; of an index that cannot be read, every trace waits."""
    with _reading(path) as index:
        state = None
        if index is not None:
            try:
                state = read_state(index, changes.last(store).history)
                return WordsStats(index_bytes(index_path(path)), count_unindexed(store, index, state))
            except IndexFaultError:
                state = None
        return WordsStats(index_bytes(index_path(path)), count_unindexed(store, None, state))


def check_words(store: sqlite3.Connection) -> Iterable[str]:
    """Says what is wrong with the index; one that is not there, or is behind, is not wrong."""
    (name,) = (row[2] for row in store.execute("PRAGMA database_list") if row[1] == "main")
    path = Path(str(name))
    if not index_path(path).exists():
        return
    with _reading(path) as index:
        if index is None:
            yield f"{index_path(path).name} cannot be read. {_MADE_ANEW}."
            return
        try:
            yield from _check(store, index)
        except IndexFaultError as error:
            yield f"{index_path(path).name} is damaged ({error}). {_MADE_ANEW}."


def _check(store: sqlite3.Connection, index: IndexRows) -> Iterable[str]:
    for (fault,) in index.read("PRAGMA quick_check(5)"):
        if fault != "ok":
            yield f"{fault}. {_MADE_ANEW}."
            return
    with snapshot(store):
        state = read_state(index, changes.last(store).history)
        if state is None:
            # Of another form or another store: whoever fills makes it anew.
            return
        waiting = read_waiting(store, index, state)
        documents = index.read("SELECT trace_key, trace_id FROM document WHERE trace_id IS NOT NULL")
        checked = [row for row in documents if row[0] >= waiting.below and row[0] not in waiting.changed]
        for key, trace_id in checked[:: max(1, len(checked) // _LOOKED_AT)]:
            yield from _check_trace(store, index, int(key), bytes(trace_id))


def _check_trace(
    store: sqlite3.Connection, index: IndexRows, trace_key: int, trace_id: bytes
) -> Iterable[str]:
    row = store.execute(
        "SELECT trace_id, request_preview, response_preview FROM trace WHERE trace_key = ?", (trace_key,)
    ).fetchone()
    if row is None:
        # Removed, and not let go of yet.
        return
    if bytes(row[0]) != trace_id:
        yield f"trace {row[0].hex()} has the words of {trace_id.hex()}. {_MADE_ANEW}."
        return
    table = table_of(shard_of(trace_key))
    for term in sorted(terms_of_trace(store, trace_key, (row[1], row[2]), read_text)):
        found = index.read(
            f"SELECT 1 FROM {table} WHERE {table} MATCH ? AND rowid = ?",  # noqa: S608 - a number
            (f'"{term.decode()}"', trace_key),
        )
        if not found:
            yield f"trace {trace_id.hex()} is not found by '{term.decode()}'. {_MADE_ANEW}."
            return


def compact_words(path: Path, *, fully: bool = False) -> None:
    """Gives the room of an index back; a server that fills it does so by itself, and is left alone."""
    if not index_path(path).exists():
        return
    lock = FileLock(fill_lock_path(path), timeout_s=0.0)
    try:
        with lock.held(), closing(sqlite3.connect(index_path(path), isolation_level=None)) as connection:
            if fully:
                for (shard,) in connection.execute("SELECT shard FROM shard").fetchall():
                    table = table_of(shard)
                    # One segment each, without what was merged away.
                    connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608 - a number
                connection.execute("VACUUM")
            else:
                give_back(connection, None)
    except (UnavailableError, sqlite3.Error):
        # Filled by a server now, or damaged: then it is made anew.
        return
    finally:
        lock.close()


@contextmanager
def _reading(path: Path) -> Generator[IndexRows | None, None, None]:
    place = index_path(path)
    if not place.exists():
        yield None
        return
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(place.absolute()))}?mode=ro", uri=True, isolation_level=None
        )
    except sqlite3.Error:
        yield None
        return
    with closing(connection):
        yield IndexRows(connection)
