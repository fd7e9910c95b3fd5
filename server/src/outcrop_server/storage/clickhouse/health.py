"""What can be known of a database's room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from outcrop_server.storage.clickhouse.client import Client

_SIZES = """
    SELECT if(table LIKE 'words%', 'words', 'database') AS kind, sum(bytes_on_disk)
    FROM system.parts WHERE active AND database = currentDatabase() GROUP BY kind
"""


def read_sizes(client: Client) -> dict[str, int]:
    """What the tables take on disk: bytes of `words`, and of `database`, the log of commits among it."""
    return {kind: int(size) for kind, size in client.query(_SIZES, settings={"max_execution_time": 5})}
