"""What a commit writes: rows of tables, gathered in memory, and as one text for the log."""

# ruff: noqa: S608 - put together from constants and numbers only.

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.schema import TABLES, added_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from outcrop_server.storage.clickhouse.client import Client

    Row = tuple[Any, ...]

# Nobody counts their rows before the commit is done: so they are written first, and are not in the log.
EARLY = ("span", "frame", "blob")
# Behind all others, so that a trace that moves is never seen nowhere.
GONE = "trace gone"
ROLLUP = "rollup_in"
_LEVEL = 3
_AT_ONCE = 4


class Effects:
    """Rows by table; `EARLY` ones lie apart."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {}

    def __bool__(self) -> bool:
        return any(self._rows.values())

    def add(self, table: str, *rows: Row) -> None:
        """Adds rows of a table, their values in its order of columns."""
        self._rows.setdefault(table, []).extend(rows)

    def write_early(self, client: Client, number: int) -> None:
        """Writes what goes before the end of the commit."""
        blocks = [(name, encoded(name, rows)) for name in EARLY if (rows := self._rows.get(name))]
        if blocks:
            _insert(client, number, blocks)

    def body(self, last_change: int) -> bytes:
        """What goes behind it, for the log, with the number of the last change."""
        blocks = [
            (name, encoded(_table(name), rows))
            for name, rows in self._rows.items()
            if rows and name not in EARLY
        ]
        head = orjson.dumps([last_change, [[name, len(block)] for name, block in blocks]])
        whole = b"".join([head, b"\n", *(block for _, block in blocks)])
        return zstandard.ZstdCompressor(level=_LEVEL).compress(whole)


def blocks_of(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The blocks of a commit's body, with what `Effects.add` calls their table."""
    whole = zstandard.ZstdDecompressor().decompress(body)
    head, _, blocks = whole.partition(b"\n")
    at = 0
    for name, size in orjson.loads(head)[1]:
        yield name, blocks[at : at + size]
        at += size


def last_change_of(body: bytes) -> int:
    """The number of a commit's last change."""
    whole = zstandard.ZstdDecompressor().decompress(body)
    return int(orjson.loads(whole.partition(b"\n")[0])[0])


def apply(client: Client, number: int, body: bytes, *, is_of_another_start: bool = False) -> None:
    """Makes seen what a commit that is done says; may be done again, by anybody.

    Args:
        client: asks the database.
        number: of the commit.
        body: from its end.
        is_of_another_start: whether the database was started anew since the commit was claimed, and may have
            lost its memory of what was inserted.
    """
    blocks = dict(blocks_of(body))
    gone = blocks.pop(GONE, None)
    rollup = blocks.pop(ROLLUP, None)
    if rollup is not None:
        if is_of_another_start:
            _add_what_lacks(client, number, rollup)
        else:
            blocks[ROLLUP] = rollup
    _insert(client, number, list(blocks.items()))
    if gone is not None:
        client.insert(_table(GONE), gone, f"{GONE}{number}")


def _insert(client: Client, number: int, blocks: list[tuple[str, bytes]]) -> None:
    """Inserts blocks beside each other: each waits for the disk."""
    if len(blocks) == 1:
        ((name, block),) = blocks
        client.insert(name, block, f"{name}{number}")
        return
    if not blocks:
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(client.insert, name, block, f"{name}{number}") for name, block in blocks]:
            done.result()


def _table(name: str) -> str:
    return "trace" if name == GONE else name


def _add_what_lacks(client: Client, number: int, block: bytes) -> None:
    """Adds up what is not yet: the one thing of a commit that must not be done twice.

    The database has been started since, so nothing is under way any more: the rows themselves tell by their
    newest commit whether this one is in them. Nothing later was applied before. Of two that do this at once
    both find the same, and one insert of theirs is kept.
    """
    staged = f"rollup_again_{number}_{secrets.token_hex(4)}"
    client.command(f"CREATE TABLE {staged} AS rollup_in ENGINE = Memory")
    try:
        client.insert(staged, block)
        rows = client.query(_LACKING.format(staged=staged, number=number))
    finally:
        client.command(f"DROP TABLE IF EXISTS {staged}")
    if rows:
        client.insert("rollup", encoded("rollup", rows), f"again{number}")


_KEY = "level_s, kind, experiment_id, bucket_s, model, operation, span_type"
_LACKING = (
    f"SELECT {', '.join(TABLES['rollup'].names)} FROM ({added_up('{staged}')}) "
    f"WHERE ({_KEY}) NOT IN (SELECT {_KEY} FROM rollup WHERE newest >= {{number}}) ORDER BY {_KEY}"
)
