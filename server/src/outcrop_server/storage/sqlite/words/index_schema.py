"""The tables of the index's own file. It holds nothing that the store has not: it can always be made anew.

Traces lie in shards, by ranges of their keys: a search that goes from the newest looks at the newest shards
alone, and a shard whose traces are removed is dropped. Each has a table of FTS5 from terms to traces, without
content, and a vocabulary: its terms, a line each, so that those with what is looked for in them are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3

    from outcrop_server.storage.sqlite.words.index_file import IndexRows

# To be raised when terms or tables become others: then an index that is there is made anew.
FORMAT = 2
# A shard has so many keys, as a power of two.
SHARD_BITS = 14

TABLES = (
    """CREATE TABLE state (
        format INTEGER NOT NULL,
        store TEXT NOT NULL,
        change INTEGER NOT NULL,
        removal INTEGER NOT NULL,
        below INTEGER NOT NULL,
        is_whole INTEGER NOT NULL
    )""",
    """CREATE TABLE document (
        trace_key INTEGER PRIMARY KEY,
        trace_id BLOB,
        payload_id INTEGER NOT NULL,
        span_count INTEGER NOT NULL,
        is_doubtful INTEGER NOT NULL
    )""",
    "CREATE INDEX document_doubtful ON document (trace_key) WHERE is_doubtful",
    "CREATE TABLE shard (shard INTEGER PRIMARY KEY, documents INTEGER NOT NULL, removed INTEGER NOT NULL)",
    """CREATE TABLE vocabulary (
        shard INTEGER NOT NULL,
        chunk INTEGER NOT NULL,
        terms BLOB NOT NULL,
        PRIMARY KEY (shard, chunk)
    ) WITHOUT ROWID""",
)


class State(NamedTuple):
    """How far the index is.

    Attributes:
        change: the store's changes up to this number are in it.
        removal: the store's removals up to this number are in it.
        below: traces with smaller keys may not be in it; 0 where all are.
        is_whole: whether those with smaller keys that are in it are there with all their spans.
    """

    change: int
    removal: int
    below: int
    is_whole: bool


class Document(NamedTuple):
    """What the index holds of a trace.

    Attributes:
        trace_id: of the trace; None once it was removed.
        payload_id: its payloads up to this one are in it.
        span_count: how many spans that is.
        is_doubtful: whether terms of another trace, that had the key before, are there too.
    """

    trace_id: bytes | None
    payload_id: int
    span_count: int
    is_doubtful: bool


NO_DOCUMENT = Document(None, 0, 0, is_doubtful=False)


def shard_of(trace_key: int) -> int:
    """The shard of a trace."""
    return trace_key >> SHARD_BITS


def make(connection: sqlite3.Connection, store: str, state: State) -> State:
    """Makes the tables of an index that holds nothing yet; within a transaction."""
    for statement in TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?, ?)", (FORMAT, store, *state))
    return state


def read_state(index: IndexRows, store: str) -> State | None:
    """How far an index is; None if it is none of this store, or of another form.

    Raises:
        IndexFaultError: it cannot be read.
    """
    if not index.read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'state'"):
        return None
    rows = index.read(
        "SELECT change, removal, below, is_whole FROM state WHERE format = ? AND store = ?", (FORMAT, store)
    )
    return State(rows[0][0], rows[0][1], rows[0][2], bool(rows[0][3])) if rows else None


def table_of(shard: int) -> str:
    """The table from terms to traces of a shard."""
    return f"shard_{shard:d}"


def add_shard(connection: sqlite3.Connection, shard: int) -> None:
    """Makes the tables of a shard, if it has none."""
    made = connection.execute("INSERT OR IGNORE INTO shard VALUES (?, 0, 0)", (shard,)).rowcount
    if made:
        # Terms come ready, with blanks between: of this tokenizer letters beyond ASCII are as they are.
        connection.execute(
            f"CREATE VIRTUAL TABLE {table_of(shard)} USING fts5(terms, content='', columnsize=0, "
            "detail=none, tokenize=\"ascii tokenchars '=~'\")"
        )


def drop_shard(connection: sqlite3.Connection, shard: int) -> None:
    """Drops all that is known of a shard's traces."""
    connection.execute(f"DROP TABLE IF EXISTS {table_of(shard)}")
    connection.execute("DELETE FROM vocabulary WHERE shard = ?", (shard,))
    connection.execute("DELETE FROM shard WHERE shard = ?", (shard,))
    first = shard << SHARD_BITS
    connection.execute(
        "DELETE FROM document WHERE trace_key BETWEEN ? AND ?", (first, first + (1 << SHARD_BITS) - 1)
    )
