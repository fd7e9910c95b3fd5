"""Who was first: with the next number of a commit, and with its end. Two ways to have one writer win.

On one server the log decides by itself. A table that is replicated does not: a replica that lags may keep its
own row under another's token (ClickHouse issue 41048). There ClickHouse's Keeper decides, which is made for
that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from outcrop_server.storage.clickhouse.client import encoded

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client

# When the database was started, in seconds: told along with what is asked anyway.
STARTED = "toUnixTimestamp(now()) - uptime()"
Kind = Literal["claim", "done", "void", "applied", "ready"]


class End(NamedTuple):
    """How a commit ended, and by whom."""

    kind: str
    writer: int


# Of a commit of which nobody knows how it ended: it does not count.
_UNKNOWN = End("void", 0)


class Turns(Protocol):
    """Decides between writers; what it decided is in the log. Everything may be asked again.

    Attributes:
        seen_start_s: when the database had been started, as its last answer saw; None if it gave none.
    """

    seen_start_s: int | None

    def claim(self, number: int, writer: int, body: bytes) -> bool:
        """Asks for a number; whether it is this writer's."""
        ...

    def end(self, number: int, kind: Kind, writer: int, body: bytes) -> End:
        """Asks for a commit's end; which end it has, by whomever."""
        ...


def put_row(
    client: Client, number: int, kind: Kind, writer: int, *, body: bytes = b"", change: int = 0
) -> None:
    """Adds a row of the log; of several with one token the first is kept."""
    token = {"claim": "c", "applied": "a", "ready": f"r{writer} "}.get(kind, "e")
    row = (number, kind, writer, time.time_ns(), change, body)
    client.insert("log", encoded("log", [row]), f"{token}{number}")


class LogTurns:
    """Of one server: of several inserts with one token it keeps the first, and whoever reads sees whose.

    Args:
        client: asks the database.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.seen_start_s: int | None = None

    def claim(self, number: int, writer: int, body: bytes) -> bool:
        """Asks for a number."""
        put_row(self._client, number, "claim", writer, body=body)
        rows = self._client.query(
            f"SELECT writer, {STARTED} FROM log WHERE number = {{n:UInt64}} AND kind = 'claim'",  # noqa: S608 - a constant
            {"n": number},
        )
        self.seen_start_s = int(rows[0][1]) if rows else None
        # Two are there where the database lost its memory of tokens: then it is nobody's.
        return {found for found, _ in rows} == {writer}

    def end(self, number: int, kind: Kind, writer: int, body: bytes) -> End:
        """Asks for a commit's end."""
        put_row(self._client, number, kind, writer, body=body)
        rows = self._client.query(
            f"SELECT kind, writer, {STARTED} FROM log "  # noqa: S608 - a constant
            "WHERE number = {n:UInt64} AND kind IN ('done', 'void')",
            {"n": number},
        )
        self.seen_start_s = int(rows[0][2]) if rows else None
        ends = {End(str(found), int(by)) for found, by, _ in rows}
        return ends.pop() if len(ends) == 1 else _UNKNOWN


class KeeperTurns:
    """Of a cluster: Keeper takes each key once, and the log says afterwards what it took.

    Args:
        client: asks the database.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.seen_start_s: int | None = None

    def claim(self, number: int, writer: int, body: bytes) -> bool:
        """Asks for a number."""
        if self._first(f"c{number}", "claim", writer).writer != writer:
            return False
        put_row(self._client, number, "claim", writer, body=body)
        return True

    def end(self, number: int, kind: Kind, writer: int, body: bytes) -> End:
        """Asks for a commit's end; what it says must lie in the log before."""
        if kind == "done":
            put_row(self._client, number, "ready", writer, body=body)
        end = self._first(f"e{number}", kind, writer)
        if end.kind == "done" and end.writer != writer:
            rows = self._client.query(
                "SELECT body FROM log WHERE number = {n:UInt64} AND kind = 'ready' AND writer = {w:UInt64}",
                {"n": number, "w": end.writer},
                raw=True,
            )
            body = rows[0][0]
        put_row(self._client, number, "done" if end.kind == "done" else "void", end.writer, body=body)
        return end

    def _first(self, key: str, kind: Kind, writer: int) -> End:
        self._client.insert_once("turn", encoded("turn", [(key, kind, writer)]))
        ((found, by, started_s),) = self._client.query(
            f"SELECT kind, writer, {STARTED} FROM turn WHERE key = {{key:String}}",  # noqa: S608 - a constant
            {"key": key},
        )
        self.seen_start_s = int(started_s)
        return End(str(found), int(by))
