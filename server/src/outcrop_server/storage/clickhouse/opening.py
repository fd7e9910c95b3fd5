"""Makes a database's tables, and brings them to the newest version."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from outcrop_server.model.errors import StoreError
from outcrop_server.storage.clickhouse.client import encoded
from outcrop_server.storage.clickhouse.records import read_records
from outcrop_server.storage.clickhouse.schema import TABLES, VERSION, statements

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client

META = "meta"
_MARK = "mark"
_VERSION = "version"
# Of records that are there before the first commit. Of several servers that open a new database at once, one
# token's row is kept.
_BEFORE_ALL = 0


def make_tables(client: Client, *, cluster: str | None = None, is_durable: bool = True) -> None:
    """Makes what is missing.

    All of it may be done by several servers at once, and again by one that was killed meanwhile.

    Args:
        client: asks the database.
        cluster: the name of its nodes; None for one server.
        is_durable: whether a row is on the disk when its insert is answered.

    Raises:
        StoreError: the database was made by a newer Outcrop, or by another program.
    """
    there = {name for (name,) in client.query("SHOW TABLES")}
    known = read_records(client, META) if "record" in there else {}
    version = int(known.get(_VERSION, VERSION))
    if version > VERSION:
        raise StoreError(
            f"The store has version {version}, this Outcrop knows {VERSION}: a newer one made it. Upgrade "
            "(`pip install -U outcrop`) or give another --store."
        )
    if "record" not in there and not there.isdisjoint(TABLES):
        raise StoreError("The database is of another program: it has tables of ours. Give another --store.")
    if _VERSION in known and _MARK in known:
        # Written behind all tables.
        return
    ((database,),) = client.query("SELECT currentDatabase()")
    for statement in statements(
        database=database, cluster=cluster, has_text_index=client.has_text_index, is_durable=is_durable
    ):
        client.command(statement)
    for key, value in ((_VERSION, str(VERSION)), (_MARK, secrets.token_hex(6))):
        if key not in known:
            row = (META, key, _BEFORE_ALL, 0, value)
            client.insert("record", encoded("record", [row]), f"{META} {key}")


def mark_of(client: Client) -> str:
    """What tells this store's numbers of changes from those of another."""
    return read_records(client, META)[_MARK]
