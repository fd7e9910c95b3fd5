"""Erases what deleted traces left beside their own rows: judgements, sessions, the log's copies of all.

The log goes by itself in time; the others would stay. This is for who may not wait.
"""

# ruff: noqa: S608 - put together from constants, numbers and hex only.

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.clickhouse.removing import altered, begin_delete, wait_for

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client

# Of one statement, whose text the database keeps until it is done.
_AT_ONCE = 1000
_APPLIED = "SELECT max(number) FROM log WHERE kind = 'applied'"
# What is marked as gone keeps what it said: a table, and the two columns by which its rows are known.
_MARKED = (("assessment", "trace_id", "place"), ("session", "experiment_id", "session_id"))


class Erasing:
    """Erases.

    Args:
        client: asks the database.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def erase(self) -> None:
        """Does it, however little there is.

        Raises:
            UnavailableError: it could not be done now; what is left is erased the next time.
        """
        ((applied,),) = self._client.query(_APPLIED)
        for table, *columns in _MARKED:
            self._rows(table, ", ".join(columns), int(applied))
        self._log(int(applied))

    def _rows(self, table: str, columns: str, applied: int) -> None:
        # Not with FINAL: of some tables that leaves out what is marked.
        gone = (
            f"SELECT {columns} FROM {table} WHERE version <= {applied} GROUP BY {columns} "
            f"HAVING argMax(gone, version) = 1 LIMIT {_AT_ONCE}"
        )
        while found := self._client.query(gone, raw=True):
            keys = ", ".join(f"({', '.join(map(_literal, key))})" for key in found)
            own = f"({columns}) IN ({keys}) AND version <= {applied}"
            # Those that say so last: else the others would be there again.
            for is_gone in (0, 1):
                begin_delete(self._client, table, f"{own} AND gone = {is_gone}")
                wait_for(self._client, [table])

    def _log(self, applied: int) -> None:
        """Empties what the log says of commits that are done and seen: nobody reads that again."""
        own = f"kind IN ('done', 'ready') AND number <= {applied} AND body <> ''"
        if not self._client.query(f"SELECT 1 FROM log WHERE {own} LIMIT 1"):
            return
        self._client.command(f"{altered(self._client, 'log')} UPDATE body = '' WHERE {own}")
        wait_for(self._client, ["log"])


def _literal(value: int | bytes) -> str:
    return f"unhex('{value.hex()}')" if isinstance(value, bytes) else str(value)
