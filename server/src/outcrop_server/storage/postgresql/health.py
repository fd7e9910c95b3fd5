"""What can be known of a database's room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from outcrop_server.storage.postgresql import text_schema

if TYPE_CHECKING:
    from outcrop_server.storage.postgresql.connections import ReaderPool

_SIZES = """
    SELECT CASE WHEN root.relname = ANY(%s::text[]) THEN 'words' ELSE 'database' END AS kind,
        sum(pg_total_relation_size(pg_class.oid))::bigint
    FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
    JOIN pg_class AS root ON root.oid = coalesce(inhparent, pg_class.oid)
    WHERE pg_class.relnamespace = current_schema()::regnamespace AND pg_class.relkind = 'r'
    GROUP BY 1
"""


def read_sizes(readers: ReaderPool) -> dict[str, int]:
    """What the tables take on disk: bytes of `database` and `words`."""
    with readers.reading() as connection:
        connection.execute("SET statement_timeout = '5s'")
        try:
            rows = connection.execute(_SIZES, (list(text_schema.PARTITIONED),)).fetchall()
        finally:
            connection.execute("SET statement_timeout = 0")
    return {kind: int(size) for kind, size in rows}
