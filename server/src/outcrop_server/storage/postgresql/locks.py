"""Locks that servers over one database hold against each other, by number.

Who takes several takes them in this order: traces by their ids (rows of `trace_home`), binaries by their
digests, then `FINISHING`. What all writers touch (sums, sessions, counts, numbers of changes, choices) is
written under that last one alone: so nobody waits for somebody who waits for him, and numbers become visible
in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

# Of the end of a transaction that writes.
FINISHING = 1
# Of making and dropping partitions.
PARTING = 2
# Of filling the index of words: held by a session, for as long as it fills.
FILLING = 3

# Of removing what is old: held by a session, for as long as one does.
KEEPING = 4

# Two stores in two schemas of one database have a table of this name each, and so locks of their own.
_KEY = "SELECT (%s::bigint << 32) | 'trace_home'::regclass::oid::bigint"


def key_of(connection: psycopg.Connection[Any], lock: int) -> int:
    """The number of a lock for `pg_advisory_lock` and its like; stays as long as the store does."""
    found = connection.execute(_KEY, (lock,)).fetchone()
    if found is None:
        raise AssertionError("A row was asked for that depends on none.")
    return int(found[0])
