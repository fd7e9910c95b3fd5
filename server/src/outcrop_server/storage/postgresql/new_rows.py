"""Rows that were gathered, and how they get into the tables: by COPY, many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from outcrop_server.storage.postgresql import rows
from outcrop_server.storage.postgresql.arrays import byteas, integers
from outcrop_server.storage.postgresql.blobs import FrameUses, write_uses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from outcrop_server.storage.postgresql.connections import Connection

_DELETE_TRACES = "DELETE FROM trace WHERE part = %s AND trace_key = ANY(%s::bigint[])"
_COME = """
    DELETE FROM missing_parent USING unnest(%s::bigint[], %s::bytea[]) AS come (trace_key, parent_id)
    WHERE missing_parent.trace_key = come.trace_key AND missing_parent.parent_id = come.parent_id
"""
_MISS = """
    INSERT INTO missing_parent (trace_key, parent_id) SELECT * FROM unnest(%s::bigint[], %s::bytea[])
    ON CONFLICT DO NOTHING
"""
_MISS_UNLESS_THERE = """
    INSERT INTO missing_parent (trace_key, parent_id)
    SELECT * FROM unnest(%s::bigint[], %s::bytea[]) AS awaited (trace_key, parent_id)
    WHERE NOT EXISTS (
        SELECT 1 FROM span WHERE span.part = %s AND span.trace_key = awaited.trace_key
            AND span.span_id = awaited.parent_id)
    ON CONFLICT DO NOTHING
"""


class NewRows:
    """Rows of one transaction that wait to be written together.

    Attributes:
        traces: values in the order of `rows.TRACES`.
        replaced: keys by part, of traces whose old rows go.
        spans: values in the order of `rows.SPANS`.
        payloads: values in the order of `rows.PAYLOADS`.
        missing: keys of traces that are new, with parents that have not come.
        come: keys of traces that were there, with spans that have come now.
        awaited: by part, keys of traces that were there with parents of spans that have come now.
        uses: the binaries that frames lack.
    """

    __slots__ = ("awaited", "come", "missing", "payloads", "replaced", "spans", "traces", "uses")

    def __init__(self) -> None:
        self.traces: list[list[Any]] = []
        self.replaced: dict[int, list[int]] = {}
        self.spans: list[tuple[Any, ...]] = []
        self.payloads: list[tuple[Any, ...]] = []
        self.missing: list[tuple[int, bytes]] = []
        self.come: list[tuple[int, bytes]] = []
        self.awaited: dict[int, list[tuple[int, bytes]]] = {}
        self.uses: list[FrameUses] = []

    def __bool__(self) -> bool:
        return bool(self.traces)

    def write(self, connection: Connection) -> None:
        """Writes them."""
        for part, keys in self.replaced.items():
            connection.execute(_DELETE_TRACES, (part, integers(keys)))
        _copy(connection, rows.TRACES, self.traces)
        _copy(connection, rows.PAYLOADS, self.payloads)
        _copy(connection, rows.SPANS, self.spans)
        if self.missing:
            connection.execute(_MISS, _columns(self.missing))
        if self.come:
            connection.execute(_COME, _columns(self.come))
        for part, awaited in self.awaited.items():
            connection.execute(_MISS_UNLESS_THERE, (*_columns(awaited), part))
        if self.uses:
            write_uses(connection, self.uses)


def _copy(connection: Connection, copied: rows.Copied, values: Iterable[Any]) -> None:
    if not values:
        return
    with connection.cursor() as cursor, cursor.copy(copied.statement) as copy:
        copy.set_types(copied.types)
        write_row = copy.write_row
        for row in values:
            write_row(row)


def _columns(pairs: list[tuple[int, bytes]]) -> tuple[str, str]:
    return integers(key for key, _ in pairs), byteas(span_id for _, span_id in pairs)
